// What users and destinations may have of a way out.
#include "proxy/outbound/users.h"
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

using namespace std::string_literals;
using sp::testing::GateOptions;

constexpr std::string_view gate_at = "127.0.0.1:3128";
constexpr std::string_view anna = "Proxy-Authorization: Basic YW5uYTp4\r\n";
constexpr std::string_view ben = "Proxy-Authorization: Basic YmVuOng=\r\n";
constexpr std::string_view connect_line = "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n";
constexpr std::string_view get_line = "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n";

// Everybody is who he says that he is.
class Anybody final : public Users {
 public:
  runtime::Task<Answer> verify(std::string_view, std::string_view, runtime::CancelToken&) override {
    co_return Answer::right;
  }
};

std::string way_out(std::string_view more) {
  return joined({"outbound:\n  - listen: [ \"proxy://127.0.0.1:3128\" ]\n", more,
                 "    rules: [ { allow: [ example.com, 1.2.3.4 ], ports: [ 80, 443 ] } ]\n"});
}
std::string with_users(std::string_view more) { return way_out(joined({"    users: users\n", more})); }

class OutboundShares : public ::testing::Test {
 protected:
  static GateOptions options() {
    GateOptions options;
    options.users = std::make_shared<Anybody>();
    return options;
  }
  static Scripted client_of(Gate& gate, std::string_view from = "127.0.0.1:50000") {
    gate.resolver.set("example.com", {"1.2.3.4"});
    return gate.client(from, gate_at);
  }
  // A tunnel, with both its ends.
  struct Ends {
    Scripted client, server;
    void close() {
      client.close();
      server.close();
    }
  };
  static Ends open_tunnel(Gate& gate, std::string_view who = {}) {
    ScriptedServer& servers = gate.server("1.2.3.4:443");
    Scripted client = client_of(gate);
    client.send(joined({connect_line, who, "\r\n"}));
    Scripted server = servers.accept();
    EXPECT_TRUE(client.take_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    return {std::move(client), std::move(server)};
  }
  static void expect_refusal(Gate& gate, std::string_view request, std::string_view retry_after, Code code) {
    Scripted client = client_of(gate);
    client.send(joined({request, "\r\n"}));
    const std::string head = client.take_until("\r\n\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 429 Too Many Requests")) << head;
    EXPECT_NE(head.find(joined({"Retry-After: ", retry_after, "\r\n"})), std::string::npos) << head;
    client.close();
    EXPECT_EQ(name(gate.observed.last().code), name(code));
  }
};

TEST_F(OutboundShares, a_user_has_so_many_tunnels_at_a_time) {
  Gate gate(with_users("    per_user: { tunnels: 1 }\n"), options());
  Ends first = open_tunnel(gate, anna);
  expect_refusal(gate, joined({connect_line, anna}), "30", Code::user_tunnels);
  Ends other = open_tunnel(gate, ben);
  first.close();
  Ends second = open_tunnel(gate, anna);
  second.close();
  other.close();
}

TEST_F(OutboundShares, they_are_counted_on_through_a_reload) {
  Gate gate(with_users("    per_user: { tunnels: 1 }\n"), options());
  Ends first = open_tunnel(gate, anna);
  ASSERT_TRUE(gate.reload(with_users("    per_user: { tunnels: 1 }\n    via: on\n")));
  expect_refusal(gate, joined({connect_line, anna}), "30", Code::user_tunnels);
  first.close();
}

TEST_F(OutboundShares, requests_and_tunnels_begin_at_a_rate) {
  Gate gate(with_users("    per_user: { rate: 1/m }\n"), options());
  Ends first = open_tunnel(gate, anna);
  first.close();
  expect_refusal(gate, joined({get_line, anna}), "60", Code::user_rate);
  gate.loop.advance(60s);
  Ends second = open_tunnel(gate, anna);
  second.close();
}

TEST_F(OutboundShares, where_nobody_is_asked_who_he_is_the_address_counts) {
  Gate gate(way_out("    clients: [ 127.0.0.0/8, \"2001:db8::/32\" ]\n    per_user: { tunnels: 1 }\n"));
  Ends first = open_tunnel(gate);
  expect_refusal(gate, connect_line, "30", Code::user_tunnels);
  gate.server("1.2.3.4:443");
  Scripted other = client_of(gate, "127.0.0.2:50000");
  other.send(joined({connect_line, "\r\n"}));
  Scripted server = gate.server("1.2.3.4:443").accept();
  EXPECT_TRUE(other.take_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
  first.close();
  other.close();
  server.close();
}

TEST_F(OutboundShares, destinations_have_theirs_however_they_are_written) {
  Gate gate(way_out("    per_destination: { tunnels: 1, rate: 3/m }\n"));
  Ends first = open_tunnel(gate);
  expect_refusal(gate, "CONNECT EXAMPLE.com.:443 HTTP/1.1\r\nHost: EXAMPLE.com.:443\r\n", "30",
                 Code::destination_tunnels);
  first.close();
  open_tunnel(gate).close();
  open_tunnel(gate).close();
  expect_refusal(gate, get_line, "20", Code::destination_rate);
}

TEST_F(OutboundShares, a_tunnel_is_cut_when_the_octets_of_the_day_are_used_up) {
  Gate gate(with_users("    per_user: { bytes: 100KiB }\n"), options());
  Ends ends = open_tunnel(gate, anna);
  const std::string piece(40'000, 'x');
  for (int i = 0; i < 2; ++i) {
    ends.client.send(piece);
    EXPECT_EQ(ends.server.take(piece.size()), piece);
  }
  for (int i = 0; i < 2; ++i) ends.server.send_some(piece);
  ends.client.expect_reset();
  ends.server.expect_reset();
  EXPECT_EQ(name(gate.observed.last().code), "user_bytes");
  expect_refusal(gate, joined({connect_line, anna}), "86400", Code::user_bytes);
  gate.loop.advance(24h);
  open_tunnel(gate, anna).close();
}

TEST_F(OutboundShares, so_is_a_response) {
  Gate gate(way_out("    per_destination: { bytes: 100KiB }\n"));
  ScriptedServer& servers = gate.server("1.2.3.4:80");
  Scripted client = client_of(gate);
  client.send(joined({get_line, "\r\n"}));
  Scripted server = servers.accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  client.take_until("\r\n\r\n");
  const std::string piece(40'000, 'x');
  for (int i = 0; i < 10 && gate.observed.exchanges.empty(); ++i) {
    server.send_some(piece);
    if (gate.observed.exchanges.empty()) client.take_all();
  }
  client.expect_reset();
  server.close();
  EXPECT_EQ(name(gate.observed.last().code), "destination_bytes");
  EXPECT_LT(gate.observed.last().response_octets, 200'000u);
  expect_refusal(gate, get_line, "86400", Code::destination_bytes);
}

TEST_F(OutboundShares, short_ones_are_told_when_they_end) {
  Gate gate(way_out("    per_user: { bytes: 2B }\n"));
  ScriptedServer& servers = gate.server("1.2.3.4:80");
  Scripted client = client_of(gate);
  client.send(joined({get_line, "\r\n"}));
  Scripted server = servers.accept();
  server.take_until("\r\n\r\n");
  server.send(hi);
  EXPECT_TRUE(client.take_until("\r\n\r\nhi").starts_with("HTTP/1.1 200 "));
  client.close();
  expect_refusal(gate, get_line, "86400", Code::user_bytes);
}

TEST_F(OutboundShares, socks_clients_are_told_that_it_is_not_allowed) {
  Gate gate(way_out("    per_user: { tunnels: 1 }\n"));
  Ends first = open_tunnel(gate);
  Scripted client = client_of(gate);
  client.send("\x05\x01\x00"s);
  client.expect("\x05\x00"s);
  client.send("\x05\x01\x00\x01\x01\x02\x03\x04\x01\xbb"s);
  client.expect("\x05\x02\x00\x01\0\0\0\0\0\0"s);
  client.close();
  EXPECT_EQ(name(gate.observed.last().code), "user_tunnels");
  first.close();
}

}  // namespace
}  // namespace sp::proxy
