// Entries that pass octets on: where a connection goes, who is told of the client, and how it ends.
#include "codec/proxy_protocol/reader.h"
#include "codec/proxy_protocol/writer.h"
#include "codec/tls_hello/rows_for_tests.h"
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

namespace hello = codec::tls_hello::rows;
namespace pp = codec::proxy_protocol;
using namespace std::string_literals;

constexpr std::string_view client_at = "203.0.113.1:50000";
constexpr std::string_view gate_at = "192.0.2.80:993";

std::string relay(std::string_view rest, std::string_view more = {}) {
  return joined({"inbound:\n  - listen: [ \"tcp://:993\" ]\n    ", rest, "\n", more});
}

std::string hello_for(std::string_view name, const std::vector<std::string>& protocols = {}) {
  std::string extensions = name.empty() ? "" : hello::server_name(name);
  if (!protocols.empty()) extensions += hello::alpn(protocols);
  return hello::record(hello::hello(extensions));
}

// What version 2 says of the connection of a client that nothing else is known of.
std::string v2_header(std::string_view source = client_at, std::string_view destination = gate_at) {
  const auto end = [](std::string_view text) {
    const auto colon = text.rfind(':');
    return Endpoint{.address = *IpAddress::parse(text.substr(0, colon)),
                    .port = static_cast<std::uint16_t>(std::atoi(std::string(text.substr(colon + 1)).c_str())),
                    .unix_path = {}};
  };
  pp::Header header{.source = end(source), .destination = end(destination)};
  header.transport = pp::transport_between(header.source, header.destination);
  std::array<char, 256> room{};
  return {room.data(), *pp::write_header(header, {}, room)};
}
std::string v1_header(std::string_view source, std::string_view destination) {
  return joined({"PROXY TCP4 ", source, " ", destination, " 4711 993\r\n"});
}

class Relays : public ::testing::Test {
 protected:
  void expect_failure(Gate& gate, Code code) {
    ASSERT_FALSE(gate.observed.exchanges.empty());
    EXPECT_EQ(name(gate.observed.last().code), name(code));
  }
  void expect_refused(Gate& gate, Code code) {
    ASSERT_FALSE(gate.observed.connections.empty());
    EXPECT_EQ(name(gate.observed.connections.back().code), name(code));
  }
};

TEST_F(Relays, pass_on_what_comes_and_a_server_may_speak_first) {
  Gate gate(relay("to: tcp://10.0.0.1:8000"));
  Scripted client = gate.client(client_at, gate_at);
  Scripted server = gate.server().accept();
  server.send("* OK ready\r\n");
  client.expect("* OK ready\r\n");
  client.send("a LOGOUT\r\n");
  server.expect("a LOGOUT\r\n");
  client.finish();
  server.expect_end();
  server.send("* BYE\r\n");
  client.expect("* BYE\r\n");
  server.close();
  client.expect_end();
  client.close();
  EXPECT_EQ(gate.observed.last().request_octets, 10u);
  EXPECT_EQ(gate.observed.last().response_octets, 19u);
  EXPECT_EQ(gate.observed.last().route, "to");
  EXPECT_EQ(gate.observed.last().server, "10.0.0.1:8000");
  EXPECT_EQ(name(gate.observed.last().code), "ok");
}

TEST_F(Relays, keep_the_port_where_the_target_has_none) {
  Gate gate(relay("to: tcp://10.0.0.1"));
  ScriptedServer& server = gate.server("10.0.0.1:993");
  Scripted client = gate.client(client_at, gate_at);
  EXPECT_TRUE(server.accept().open());
}

TEST_F(Relays, are_at_rest_while_nothing_passes) {
  Gate gate(relay("to: tcp://10.0.0.1:8000"));
  Scripted client = gate.client(client_at, gate_at);
  Scripted server = gate.server().accept();
  EXPECT_EQ(gate.worker().tunnels().resting(), 1u);
  gate.loop.advance(59min);
  client.send("DONE\r\n");
  server.expect("DONE\r\n");
  gate.loop.advance(59min);
  EXPECT_EQ(gate.worker().tunnels().resting(), 1u);
  gate.loop.advance(2min);
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Relays, do_not_wait_long_for_the_other_half) {
  Gate gate(relay("to: tcp://10.0.0.1:8000\n    timeouts: { half_closed: 10s }"));
  Scripted client = gate.client(client_at, gate_at);
  Scripted server = gate.server().accept();
  client.finish();
  server.expect_end();
  gate.loop.advance(9s);
  EXPECT_EQ(gate.sessions(), 1u);
  server.send("x");
  client.expect("x");
  gate.loop.advance(9s);
  EXPECT_EQ(gate.sessions(), 1u);
  gate.loop.advance(2s);
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Relays, try_another_server_where_one_refuses) {
  Gate gate(relay(
      "to: two",
      "upstreams:\n  two: { servers: [ \"tcp://10.0.0.9:1\", \"tcp://10.0.0.1:8000\" ], balance: round_robin }\n"));
  for (int i = 0; i < 2; ++i) {
    gate.server();
    Scripted client = gate.client(client_at, gate_at);
    EXPECT_TRUE(gate.server().accept().open());
  }
}

TEST_F(Relays, end_where_no_server_can_be_reached) {
  Gate gate(relay("to: tcp://10.0.0.9:1"));
  Scripted client = gate.client(client_at, gate_at);
  client.expect_end();
  expect_failure(gate, Code::connection_refused);
}

TEST_F(Relays, are_closed_to_those_who_may_not) {
  Gate gate(relay("to: tcp://10.0.0.1:8000\n    allow: [ 198.51.100.0/24 ]"));
  gate.server();
  gate.client(client_at, gate_at).expect_end();
  expect_failure(gate, Code::denied);
  EXPECT_TRUE((gate.client("198.51.100.7:1", gate_at), gate.server().accept().open()));
}

TEST_F(Relays, count_the_connections_of_an_address) {
  Gate gate(relay("to: tcp://10.0.0.1:8000\n    limits: { connections_per_address: 1 }"));
  gate.server();
  Scripted first = gate.client(client_at, gate_at);
  gate.client("203.0.113.1:50001", gate_at).expect_end();
  expect_refused(gate, Code::too_many_from_address);
  Scripted other = gate.client("203.0.113.2:1", gate_at);
  first.close();
  gate.server().accept().close();
  gate.server().accept().close();
  gate.client("203.0.113.1:50002", gate_at);
  EXPECT_TRUE(gate.server().accept().open());
}

// A connection counts where it came in, wherever that stands in the next configuration.
TEST_F(Relays, count_connections_by_entry_across_a_reload) {
  const auto entry = [](std::string_view name, std::string_view port) {
    return joined({"  - { name: ", name, ", listen: [ \"tcp://:", port,
                   "\" ], to: \"tcp://10.0.0.1:8000\", limits: { connections_per_address: 1 } }\n"});
  };
  Gate gate("inbound:\n" + entry("imaps", "993") + entry("imap", "143"));
  Scripted first = gate.client(client_at, gate_at);
  ASSERT_TRUE(gate.server().accept().open());
  ASSERT_TRUE(gate.reload("inbound:\n" + entry("imap", "143") + entry("imaps", "993")));
  Scripted second = gate.client("203.0.113.1:50001", "192.0.2.80:143");
  EXPECT_TRUE(gate.server().accept().open());
  gate.client("203.0.113.1:50002", gate_at).expect_end();
  expect_refused(gate, Code::too_many_from_address);
}

// ---- by name and protocol

class ByName : public Relays {
 protected:
  Gate gate{
      relay("sni: { mail.example.com: \"tcp://10.0.0.1:1\", \"*.apps.example.com\": \"tcp://10.0.0.1:2\" }\n"
            "    alpn: { acme-tls/1: \"tcp://10.0.0.1:3\" }")};
  // Says it in pieces of this size, and who gets it.
  void expect_at(std::string_view octets, std::size_t size, std::string_view server_at) {
    ScriptedServer& server = gate.server(server_at);
    Scripted client = gate.client(client_at, gate_at);
    for (std::size_t i = 0; i < octets.size(); i += size) client.send(octets.substr(i, size));
    server.accept().expect(octets);
  }
};

TEST_F(ByName, the_server_gets_the_hello_as_it_came) {
  for (const std::size_t size : {1u, 7u, 100'000u}) {
    expect_at(hello_for("mail.example.com"), size, "10.0.0.1:1");
    expect_at(hello_for("MAIL.example.com."), size, "10.0.0.1:1");
    expect_at(hello_for("x.apps.example.com"), size, "10.0.0.1:2");
    expect_at(hello_for("mail.example.com", {"h2", "acme-tls/1"}), size, "10.0.0.1:3");
  }
}

TEST_F(ByName, octets_behind_the_hello_are_not_lost) {
  expect_at(hello_for("mail.example.com") + "early", 100'000, "10.0.0.1:1");
}

TEST_F(ByName, nobody_gets_what_is_for_nobody) {
  for (const std::string& octets : {hello_for("other.example.com"), hello_for(""), std::string("EHLO me\r\n")}) {
    Scripted client = gate.client(client_at, gate_at);
    client.send(octets);
    client.expect_end();
    expect_failure(gate, Code::no_target);
  }
}

TEST_F(ByName, what_is_no_hello_is_refused) {
  const std::vector<std::pair<std::string, Code>> rows{
      {"\x16\x03\x01\x02\x00\x01\x00\x00\x05hello..."s, Code::client_hello_malformed},
      {"\x16\x03\x01\x40\x00\x01\xff\xff\xff"s, Code::client_hello_too_long},
  };
  for (const auto& [octets, code] : rows) {
    Scripted client = gate.client(client_at, gate_at);
    client.send(octets);
    client.expect_end();
    expect_failure(gate, code);
  }
}

TEST_F(ByName, who_says_nothing_is_not_waited_for) {
  Scripted client = gate.client(client_at, gate_at);
  gate.loop.advance(11s);
  client.expect_end();
  expect_failure(gate, Code::head_timeout);
}

// ---- the PROXY protocol, to servers

TEST_F(Relays, tell_the_server_first_of_all) {
  for (const std::string_view version : {"v1", "v2"}) {
    Gate gate(relay(joined({"to: tcp://10.0.0.1:8000\n    send_proxy: ", version})));
    gate.server();
    Scripted client = gate.client("203.0.113.1:4711", gate_at);
    Scripted server = gate.server().accept();
    server.expect(version == "v1" ? v1_header("203.0.113.1", "192.0.2.80") : v2_header("203.0.113.1:4711"));
    server.expect_nothing();
    client.send("hello");
    server.expect("hello");
  }
}

TEST_F(Relays, say_values_of_the_configuration_and_the_name) {
  Gate gate(
      relay("sni: { \"*\": \"tcp://10.0.0.1:8000\" }\n"
            "    send_proxy: { version: v2, crc32c: on, unique_id: on, tlvs: { 0xE1: \"from ${client.address}\" } }"));
  gate.server();
  Scripted client = gate.client(client_at, gate_at);
  client.send(hello_for("mail.example.com"));
  Scripted server = gate.server().accept();
  const std::string octets = server.take_all();
  pp::Header header;
  const auto size = pp::HeaderReader().read(octets, header);
  ASSERT_TRUE(size && *size > 0);
  EXPECT_EQ(header.tlvs.value(pp::tlv_authority), "mail.example.com");
  EXPECT_EQ(header.tlvs.value(0xe1), "from 203.0.113.1");
  EXPECT_FALSE(header.tlvs.value(pp::tlv_unique_id).empty());
  EXPECT_TRUE(header.tlvs.find(pp::tlv_crc32c).has_value());
  EXPECT_EQ(octets.substr(*size), hello_for("mail.example.com"));
}

TEST_F(Relays, say_when_a_server_disagrees_about_the_header) {
  struct Row {
    std::string_view rest, said;
    Code code;
  };
  for (const Row& row :
       {Row{"send_proxy: v2", "220 mx\r\n500 5.5.1 Invalid command.\r\n", Code::proxy_not_expected},
        Row{"send_proxy: v2", "", Code::proxy_peer_unlisted}, Row{"name: imap", "", Code::proxy_expected}}) {
    Gate gate(joined({"inbound:\n  - listen: [ \"tcp://:143\" ]\n    to: tcp://10.0.0.1:8000\n    ", row.rest}));
    gate.server();
    Scripted client = gate.client(client_at, "192.0.2.80:143");
    Scripted server = gate.server().accept();
    server.take_all();
    if (!row.said.empty()) server.send(row.said);
    server.close();
    client.expect(row.said);
    client.close();
    expect_failure(gate, row.code);
    EXPECT_EQ(gate.observed.last().detail, row.said.empty() ? "" : "500 5.5.1 Invalid command.");
  }
}

// Who closes with octets unread resets the connection: so do servers that read a header, dislike it, and leave the
// rest.
TEST_F(Relays, say_it_also_where_the_server_resets) {
  Gate gate(relay("to: tcp://10.0.0.1:8000\n    send_proxy: v2"));
  gate.server();
  Scripted client = gate.client(client_at, gate_at);
  client.send("hello");
  gate.server().accept().close();
  client.expect_reset();
  expect_failure(gate, Code::proxy_peer_unlisted);
  client = gate.client("203.0.113.2:1", gate_at);
  Scripted server = gate.server().accept();
  client.reset();
  server.expect_reset();
  expect_failure(gate, Code::ok);
}

// ---- the PROXY protocol, from proxies in front

class Introduced : public Relays {
 protected:
  static constexpr std::string_view proxy_at = "10.1.0.1:50000";
  Gate gate{
      relay("to: tcp://10.0.0.1:8000\n    accept_proxy: { from: [ 10.1.0.0/16 ] }\n    send_proxy: v2\n"
            "    allow: [ 203.0.113.0/24, 10.1.0.0/16 ]\n    timeouts: { client_head: 5s }")};
};

TEST_F(Introduced, the_client_is_who_the_header_says) {
  const std::string told = v2_header("203.0.113.9:4711", "192.0.2.1:993");
  for (const std::string& said : {told, v1_header("203.0.113.9", "192.0.2.1")}) {
    for (const bool in_pieces : {false, true}) {
      gate.server();
      Scripted client = gate.client(proxy_at, gate_at);
      if (in_pieces) {
        for (const char c : said) client.send({&c, 1});
        client.send("hello");
      } else {
        client.send(said + "hello");
      }
      Scripted server = gate.server().accept();
      server.expect(told + "hello");
      client.close();
      server.expect_end();
    }
  }
}

TEST_F(Introduced, its_own_checks_are_its_own) {
  gate.server();
  Scripted client = gate.client(proxy_at, gate_at);
  client.send(joined({"\r\n\r\n", {"\0", 1}, "\r\nQUIT\n\x20", {"\0\0\0", 3}}));
  gate.server().accept().expect(v2_header(proxy_at));
}

TEST_F(Introduced, who_is_listed_must_say_it) {
  const std::vector<std::pair<std::string, Code>> rows{
      {"EHLO me\r\n", Code::proxy_header_missing},
      {hello_for("x.test"), Code::proxy_header_tls},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 0x1 2\r\n", Code::proxy_header_malformed},
      {"PROXY UNKNOWN " + std::string(200, 'x'), Code::proxy_header_too_long},
      {"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff"s, Code::proxy_header_too_long},
      {v2_header().substr(0, 14) + "\0\x13"s + v2_header().substr(16) + "\x03\0\4abcd"s, Code::proxy_header_checksum},
  };
  for (const auto& [octets, code] : rows) {
    Scripted client = gate.client(proxy_at, gate_at);
    client.send(octets);
    client.expect_reset();  // what it said behind is not read
    expect_refused(gate, code);
  }
}

// Beside those of the addresses.
TEST_F(Introduced, rules_may_ask_what_the_header_says) {
  Gate gate(
      relay("to: tcp://10.0.0.1:8000\n    accept_proxy: { from: [ 10.1.0.0/16 ] }\n"
            "    allow: [ \"${proxy.authority} = *.example.com\" ]\n"
            "    deny: [ \"${proxy.version} = 1\" ]"));
  const auto header_about = [](std::string_view name) {
    pp::Header header{.source = {.address = *IpAddress::parse("203.0.113.9"), .port = 4711, .unix_path = {}},
                      .destination = {.address = *IpAddress::parse("192.0.2.1"), .port = 993, .unix_path = {}}};
    header.transport = pp::transport_between(header.source, header.destination);
    pp::Attributes attributes;
    attributes.authority = name;
    std::array<char, 256> room{};
    return std::string(room.data(), *pp::write_header(header, attributes, room));
  };
  gate.server();
  Scripted client = gate.client(proxy_at, gate_at);
  client.send(header_about("MAIL.example.com"));
  EXPECT_TRUE(gate.server().accept().open());
  for (const std::string& octets :
       {header_about("mail.example.org"), v2_header(), v1_header("203.0.113.9", "192.0.2.1")}) {
    Scripted other = gate.client(proxy_at, gate_at);
    other.send(octets);
    other.expect_end();
    expect_failure(gate, Code::denied);
  }
  gate.client("203.0.113.9:1", gate_at).expect_end();  // nobody has introduced him
  expect_failure(gate, Code::denied);
}

TEST_F(Introduced, and_in_time) {
  Scripted client = gate.client(proxy_at, gate_at);
  client.send("PROXY TCP4 ");
  gate.loop.advance(6s);
  client.expect_end();
  expect_refused(gate, Code::proxy_header_missing);
}

TEST_F(Introduced, nobody_else_may) {
  gate.server();
  Scripted client = gate.client(client_at, gate_at);
  Scripted server = gate.server().accept();
  server.expect(v2_header());
  client.send(v1_header("127.0.0.1", "192.0.2.1"));
  server.expect_reset();
  expect_failure(gate, Code::proxy_header_unlisted);
}

TEST_F(Introduced, others_are_served_as_they_are) {
  gate.server();
  Scripted client = gate.client(client_at, gate_at);
  client.send("P");
  client.send("ASS x\r\n");
  gate.server().accept().expect(v2_header() + "PASS x\r\n");
}

// ---- the same for HTTP

TEST_F(Relays, of_http_know_the_client_by_its_header) {
  Gate gate(one_server("accept_proxy: { from: [ 10.1.0.0/16 ] }"));
  gate.server();
  Scripted client = gate.client("10.1.0.1:50000");
  client.send(v2_header("203.0.113.9:4711", "192.0.2.80:80") + request("GET /", "X-Forwarded-For: 10.9.8.7\r\n"));
  Scripted server = gate.server().accept();
  EXPECT_NE(server.take_until("\r\n\r\n").find("X-Forwarded-For: 203.0.113.9\r\n"), std::string::npos);
  server.send(hi);
  client.expect(hi_there);
}

TEST_F(Relays, of_http_name_a_header_that_nobody_may_send) {
  for (const std::string_view listen : {"http", "h2c"}) {
    Gate gate(joined({"inbound:\n- listen: [ \"", listen,
                      "://:80\" ]\n  accept_proxy: { from: [ 10.1.0.0/16 ] }\n"
                      "  sites: [ { routes: [ { path: /, respond: { body: hi } } ] } ]\n"}));
    for (const std::string& header : {v1_header("127.0.0.1", "192.0.2.80"), "PROXY UNKNOWN\r\n"s, v2_header()}) {
      for (const bool in_pieces : {false, true}) {
        Scripted client = gate.client(client_at);
        if (in_pieces) {
          client.send(header.substr(0, 3));
          client.send(header.substr(3));
        } else {
          client.send(header + request("GET /"));
        }
        EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 400 "));
        client.close();
        expect_failure(gate, Code::proxy_header_unlisted);
        EXPECT_EQ(gate.observed.last().detail, "203.0.113.1");
        gate.observed.exchanges.clear();
      }
    }
  }
}

// A header behind the first request, or behind another header, is a request that is none, whoever sends it.
TEST_F(Relays, of_http_know_a_header_at_the_beginning_only) {
  Gate gate(one_server("accept_proxy: { from: [ 10.1.0.0/16 ] }"));
  Scripted client = gate.client("10.1.0.1:50000");
  client.send(v2_header("203.0.113.9:4711", "192.0.2.80:80") + v1_header("203.0.113.9", "192.0.2.80"));
  client.take_until("HTTP/1.1 400 ");
  client.close();
  expect_failure(gate, Code::bad_request_line);
}

TEST_F(Relays, of_http_may_ask_what_the_header_says) {
  Gate gate(
      "inbound:\n- listen: [ \"http://:80\" ]\n  accept_proxy: { from: [ 10.1.0.0/16 ] }\n"
      "  sites: [ { routes: [ { path: /, respond: { body: hi }, deny: [ \"${proxy.source} = 203.0.113.*\" ] } ] } ]");
  for (const auto& [source, status] : {std::pair{"203.0.113.9:4711", "403"}, std::pair{"198.51.100.1:4711", "200"}}) {
    Scripted client = gate.client("10.1.0.1:50000");
    client.send(v2_header(source, "192.0.2.80:80") + request("GET /"));
    EXPECT_TRUE(client.take_all().starts_with(joined({"HTTP/1.1 ", status, " "}))) << source;
    client.close();
  }
}

TEST_F(Relays, of_http_tell_servers_and_share_no_connection_of_others) {
  Gate gate(one_site("- { path: /, to: \"http://10.0.0.1:8000\", send_proxy: v2 }"));
  gate.server();
  const auto ask = [&](Scripted& client, Scripted& server) {
    client.send(request("GET /"));
    if (!server.open()) {
      server = gate.server().accept();
      server.expect(v2_header(client_at, "192.0.2.80:80"));
    }
    server.take_until("\r\n\r\n");
    server.send(hi);
    client.expect(hi_there);
  };
  Scripted client = gate.client(client_at);
  Scripted server(gate.loop, nullptr);
  ask(client, server);
  ask(client, server);  // the same connection to the server
  Scripted other = gate.client("203.0.113.2:1");
  other.send(request("GET /"));
  Scripted second = gate.server().accept();
  second.expect(v2_header("203.0.113.2:1", "192.0.2.80:80"));
}

}  // namespace
}  // namespace sp::proxy
