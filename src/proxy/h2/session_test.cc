// Clients that speak HTTP/2, before a server that speaks HTTP/1.
#include "codec/h2/frames_for_tests.h"
#include "proxy/h2/peers_for_tests.h"
#include "proxy/websocket_handshake.h"

namespace sp::proxy {
namespace {

using codec::h2::ErrorCode;
using codec::h2::Role;

// The request as the server gets it.
std::string forwarded_from_h2(std::string_view line, std::string_view fields = {}, std::string_view behind = {}) {
  std::string text = forwarded(line, fields, behind);
  text.replace(text.find("Via: 1.1"), 8, "Via: 2");
  return text;
}

class H2Clients : public ::testing::Test {
 protected:
  Scripted accept() { return gate.server().accept(); }

  Gate gate{h2c_gate()};
  ScriptedServer& servers = gate.server();
  H2Peer client{gate, gate.client(), Role::client};
};

TEST_F(H2Clients, get_answers) {
  client.request("GET", "/x?y");
  Scripted server = accept();
  server.expect(forwarded_from_h2("GET /x?y"));
  server.send(hi);
  EXPECT_EQ(client.story(), "1 head 200; 1 content hi; 1 ended; 1 closed NO_ERROR");
  EXPECT_EQ(gate.observed.last().status, 200);
  EXPECT_EQ(gate.observed.last().response_octets, 2u);
}

TEST_F(H2Clients, ask_much_at_a_time_and_are_answered_in_any_order) {
  client.request("GET", "/1");
  client.request("GET", "/2");
  Scripted first = accept(), second = accept();
  first.expect(forwarded_from_h2("GET /1"));
  second.expect(forwarded_from_h2("GET /2"));
  second.send(hi);
  EXPECT_EQ(client.story(), "3 head 200; 3 content hi; 3 ended; 3 closed NO_ERROR");
  first.send("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(client.story(), "1 head 204 end; 1 closed NO_ERROR");
}

TEST_F(H2Clients, send_content) {
  client.request("POST", "/x", nullptr, "hello");
  Scripted server = accept();
  server.expect(forwarded_from_h2("POST /x", "", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n");
  server.send(hi);
  EXPECT_EQ(client.story(), "1 head 200; 1 content hi; 1 ended; 1 closed NO_ERROR");
  EXPECT_EQ(gate.observed.last().request_octets, 5u);
}

TEST_F(H2Clients, that_take_a_request_back_are_not_waited_for) {
  auto& stream = client.request("GET", "/x");
  Scripted server = accept();
  server.expect(forwarded_from_h2("GET /x"));
  client.connection.reset(stream, ErrorCode::cancel);
  client.exchange();
  server.expect_end();
  EXPECT_EQ(gate.observed.last().code, Code::client_closed);
  // The connection goes on.
  client.log.take();
  client.request("GET", "/y");
  accept().send(hi);
  EXPECT_EQ(client.story(), "3 head 200; 3 content hi; 3 ended; 3 closed NO_ERROR");
}

TEST_F(H2Clients, that_take_a_request_back_at_once_have_not_asked) {
  using namespace codec::h2::frames;
  client.wire.send(headers(1, {{":method", "GET"}, {":scheme", "http"}, {":authority", "a.test"}, {":path", "/x"}}) +
                   rst_stream(1, 8));
  EXPECT_EQ(servers.waiting(), 0u);
  EXPECT_EQ(gate.observed.last().code, Code::client_closed);
}

TEST_F(H2Clients, that_are_gone_are_not_waited_for) {
  client.request("GET", "/x");
  Scripted server = accept();
  server.expect(forwarded_from_h2("GET /x"));
  client.wire.close();
  server.expect_end();
  EXPECT_EQ(gate.observed.last().code, Code::client_closed);
}

TEST_F(H2Clients, see_that_an_answer_was_cut_off) {
  client.request("GET", "/x");
  Scripted server = accept();
  server.take_all();
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi");
  server.close();
  EXPECT_EQ(client.story(), "1 head 200; 1 content hi; 1 closed INTERNAL_ERROR by peer");
  EXPECT_EQ(gate.observed.last().code, Code::response_incomplete);
}

TEST_F(H2Clients, get_interim_answers_and_trailers) {
  client.request("GET", "/x");
  Scripted server = accept();
  server.take_all();
  server.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_EQ(client.story(), "1 head 103");
  server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n");
  EXPECT_EQ(client.story(), "1 head 200; 1 content hi; 1 ended | x-sum: 7; 1 closed NO_ERROR");
}

// They wait until the client reads them, or for a window that it never opens.
TEST_F(H2Clients, get_no_more_than_64_kib_of_interim_answers) {
  client.request("GET", "/x");
  Scripted server = accept();
  server.take_all();
  const std::string hint = "HTTP/1.1 103 Early Hints\r\nLink: " + std::string(30'000, 'x') + "\r\n\r\n";
  server.send(hint + hint + hint);
  EXPECT_EQ(client.story().substr(0, 38), "1 head 103; 1 head 103; 1 head 502; 1 ");
  EXPECT_EQ(gate.observed.last().code, Code::too_many_interim);
}

TEST_F(H2Clients, that_open_no_window_get_the_end_all_the_same) {
  const auto& stream = client.request("GET", "/x");
  Scripted server = accept();
  server.take_all();
  server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" + std::string(65535, 'a') + "\r\n");
  client.story();
  EXPECT_EQ(stream.received, 65535u);
  server.send("0\r\nX-Sum: 7\r\n\r\n");
  EXPECT_EQ(client.story(), "1 ended | x-sum: 7; 1 closed NO_ERROR");
}

// Clients that still send are told that the rest is not wanted: when they have had time to read the answer, since some
// take the one for the other (curl 7.88).
class EarlyAnswers : public H2Clients {
 protected:
  // A request whose content does not end, and its answer, as frames.
  std::string answered_early() {
    using namespace codec::h2::frames;
    client.wire.send(
        headers(1, {{":method", "POST"}, {":scheme", "http"}, {":authority", "a.test"}, {":path", "/x"}}, end_headers) +
        data(1, "abc"));
    Scripted server = accept();
    server.take_all();
    server.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
    return came();
  }
  std::string came() { return frames.describe(client.wire.take_all()); }
  codec::h2::frames::Decoder frames;
};

TEST_F(EarlyAnswers, are_followed_by_a_refusal_of_the_rest) {
  std::string answer = answered_early();
  EXPECT_TRUE(answer.ends_with("; DATA 1 2 end")) << answer;
  gate.loop.advance(99ms);
  EXPECT_EQ(came(), "");
  gate.loop.advance(150ms);
  EXPECT_EQ(came(), "RST_STREAM 1 NO_ERROR");
  EXPECT_EQ(gate.observed.last().status, 413);
}

TEST_F(EarlyAnswers, are_followed_by_nothing_when_the_rest_comes_in_time) {
  answered_early();
  client.wire.send(codec::h2::frames::data(1, "def", codec::h2::frames::end_stream));
  gate.loop.advance(1s);
  EXPECT_EQ(came(), "");
}

TEST_F(H2Clients, that_open_no_window_are_given_up_and_others_wait_their_turn) {
  const auto& stream = client.request("GET", "/x");
  Scripted server = accept();
  server.take_all();
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'a'));
  client.story();
  EXPECT_EQ(stream.received, 65535u);
  gate.loop.advance(29s);
  EXPECT_EQ(client.story(), "");
  gate.loop.advance(2s);
  EXPECT_EQ(client.story(), "1 closed CANCEL by peer");
  EXPECT_EQ(gate.observed.last().code, Code::client_too_slow);
}

TEST_F(H2Clients, that_took_a_part_have_no_longer_than_others) {
  ASSERT_TRUE(gate.reload(h2c_gate("http://10.0.0.1:8000", "timeouts: { body_idle: 10s }\n")));
  H2Peer slow{gate, gate.client(), Role::client};
  const auto& stream = slow.request("GET", "/x");
  Scripted server = accept();
  server.take_all();
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'a'));
  slow.story();
  EXPECT_EQ(stream.received, 65535u);
  gate.loop.advance(9s);
  EXPECT_EQ(slow.story(), "");
  gate.loop.advance(2s);
  EXPECT_EQ(slow.story(), "1 closed CANCEL by peer");
}

TEST_F(H2Clients, whose_requests_are_malformed_are_told_by_reset) {
  using namespace codec::h2::frames;
  client.exchange();
  client.wire.send(
      headers(1, {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":what", "x"}, {":authority", "a.test"}}));
  EXPECT_NE(client.wire.take_all().find(std::string("\0\0\4\3\0\0\0\0\1\0\0\0\1", 13)), std::string::npos);
  EXPECT_EQ(gate.observed.last().code, Code::bad_pseudo_field);
  EXPECT_EQ(servers.waiting(), 0u);
}

TEST_F(H2Clients, that_break_the_rules_are_told_and_left) {
  using namespace codec::h2::frames;
  client.exchange();
  client.wire.send(data(0, "x"));
  client.exchange();
  client.wire.expect_end();
  EXPECT_EQ(gate.observed.connections.back().code, Code::http2_error);
}

TEST_F(H2Clients, that_flood_are_told_and_left) {
  using namespace codec::h2::frames;
  client.exchange();
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += ping("12345678");
  client.wire.send(pings);
  client.wire.take_all();
  EXPECT_EQ(gate.observed.connections.back().code, Code::http2_flood);
}

TEST_F(H2Clients, are_told_to_go_when_the_gate_drains_and_what_is_under_way_ends) {
  client.request("GET", "/x");
  Scripted server = accept();
  server.take_all();
  gate.worker().drain();
  EXPECT_EQ(client.story(), "");
  EXPECT_TRUE(client.connection.ended_by_peer());
  // What was on its way when the end was announced is served.
  gate.loop.advance(1s);
  server.send(hi);
  EXPECT_EQ(client.story(), "1 head 200; 1 content hi; 1 ended; 1 closed NO_ERROR");
  client.wire.expect_end();
}

TEST_F(H2Clients, that_are_told_to_go_get_a_last_answer_that_is_only_a_head) {
  client.request("GET", "/x");
  Scripted server = accept();
  server.take_all();
  gate.worker().drain();
  gate.loop.advance(1s);
  server.send("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(client.story(), "1 head 204 end; 1 closed NO_ERROR");
  client.wire.expect_end();
}

TEST_F(H2Clients, are_told_to_go_when_the_configuration_changes) {
  ASSERT_TRUE(gate.reload(h2c_gate()));
  client.exchange();
  EXPECT_TRUE(client.connection.ended_by_peer());
  gate.loop.advance(1s);
  client.exchange();
  client.wire.expect_end();
}

TEST_F(H2Clients, that_say_nothing_for_long_are_left) {
  client.request("GET", "/x");
  accept().send(hi);
  client.story();
  gate.loop.advance(61s);
  client.exchange();
  client.wire.expect_end();
}

// Each connection, and each request that is under way, may need a descriptor more for its server: there is one for it,
// or the request is refused. Who has none under way is served.
TEST(H2Limits, requests_of_few_take_no_descriptors_of_others) {
  Gate gate{h2c_gate(), {.descriptors = 20}};
  ScriptedServer& servers = gate.server();
  H2Peer many{gate, gate.client(), Role::client};
  for (int i = 0; i < 12; ++i) many.request("GET", "/x");
  EXPECT_EQ(many.story(),
            "19 closed REFUSED_STREAM by peer; 21 closed REFUSED_STREAM by peer; "
            "23 closed REFUSED_STREAM by peer");
  EXPECT_EQ(servers.waiting(), 9u);
  H2Peer newcomer{gate, gate.client(), Role::client};
  newcomer.request("GET", "/y");
  newcomer.request("GET", "/z");
  EXPECT_EQ(newcomer.story(), "3 closed REFUSED_STREAM by peer");
  EXPECT_EQ(servers.waiting(), 10u);
  for (int i = 0; i < 10; ++i) servers.accept().send(hi);
  many.exchange();
  EXPECT_TRUE(newcomer.story().starts_with("1 head 200"));
  newcomer.request("GET", "/z");
  EXPECT_EQ(newcomer.story(), "");
  EXPECT_EQ(servers.waiting(), 1u);
}

TEST_F(H2Clients, may_speak_http1_on_the_same_port) {
  Scripted plain = gate.client();
  plain.send(request("GET /"));
  Scripted server = accept();
  server.expect(forwarded("GET /"));
  server.send(hi);
  plain.expect(hi_there);
}

TEST_F(H2Clients, ask_for_a_websocket_which_the_server_knows_as_an_upgrade) {
  auto& stream = client.request("CONNECT", "/chat", nullptr, {}, "websocket");
  Scripted server = accept();
  const std::string head = server.take_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("GET /chat HTTP/1.1\r\n")) << head;
  EXPECT_NE(head.find("Upgrade: websocket\r\n"), std::string::npos) << head;
  const std::size_t key = head.find("Sec-WebSocket-Key: ");
  ASSERT_NE(key, std::string::npos) << head;
  Arena arena;
  const std::string accept(websocket_accept(std::string_view(head).substr(key + 19, 24), arena));
  server.send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
      accept + "\r\n\r\nwelcome");
  EXPECT_EQ(client.story(), "1 head 200; 1 content welcome");
  stream.to_send = "to the server";
  client.connection.data_ready(stream);
  client.exchange();
  server.expect("to the server");
  server.send("and back");
  EXPECT_EQ(client.story(), "1 content and back");
  server.close();
  EXPECT_EQ(client.story(), "1 ended");
  stream.last = true;
  client.connection.data_ready(stream);
  EXPECT_EQ(client.story(), "1 closed NO_ERROR");
}

class OpenTunnels : public H2Clients {
 protected:
  H2Peer::Stream& open(H2Peer& by) {
    auto& stream = by.request("CONNECT", "/chat", nullptr, {}, "websocket");
    server = accept();
    const std::string head = server.take_until("\r\n\r\n");
    Arena arena;
    const std::string_view key = std::string_view(head).substr(head.find("Sec-WebSocket-Key: ") + 19, 24);
    server.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
        std::string(websocket_accept(key, arena)) + "\r\n\r\n");
    return stream;
  }
  Scripted server{gate.loop, nullptr};
};

// What a client has sent in a tunnel that has ended both ways reaches the server, whatever becomes of the connection.
class EndedTunnels : public OpenTunnels {
 protected:
  // More than the server's kernel takes is under way, and its end.
  void end_both_ways() {
    auto& stream = open(client);
    server.finish();
    stream.to_send = std::string(size, 'x');
    stream.last = true;
    client.connection.data_ready(stream);
    EXPECT_EQ(client.story(), "1 head 200; 1 ended; 1 closed NO_ERROR");
  }
  void expect_all() {
    EXPECT_EQ(server.take_all().size(), size);
    server.expect_end();
  }

  static constexpr std::size_t size = 100'000;
};

TEST_F(EndedTunnels, outlive_the_connection) {
  end_both_ways();
  client.wire.close();
  expect_all();
}

TEST_F(EndedTunnels, outlive_a_connection_that_takes_no_more_requests) {
  end_both_ways();
  client.speak_too_late();
  gate.worker().drain();
  gate.loop.advance(1s);
  expect_all();
  client.expect_end_without_reset();
}

// The server takes nothing, and says nothing: nobody else would tell that the client is gone.
TEST_F(OpenTunnels, that_their_client_leaves_do_not_wait_for_a_server) {
  for (const bool reset : {true, false}) {
    auto& stream = open(client);
    stream.to_send = std::string(100'000, 'x');
    client.connection.data_ready(stream);
    client.exchange();
    EXPECT_EQ(gate.observed.exchanges.size(), reset ? 0u : 1u);
    if (reset) {
      client.connection.reset(stream, ErrorCode::cancel);
      client.exchange();
    } else {
      client.wire.close();
      gate.loop.settle();
    }
    EXPECT_EQ(gate.observed.exchanges.size(), reset ? 1u : 2u);
    server.expect_reset();
  }
}

TEST_F(H2Clients, are_refused_a_tunnel_of_another_kind) {
  client.request("CONNECT", "/chat", nullptr, {}, "h2c");
  EXPECT_EQ(client.story().substr(0, 11), "1 head 501;");
  EXPECT_EQ(gate.observed.last().code, Code::upgrade_refused);
}

// nghttp2 would not send them, and say nothing.
TEST_F(H2Clients, get_heads_as_large_as_the_limit) {
  H2Peer patient(gate, gate.client("203.0.113.2:50000"), Role::client, 100, {.head = 1 << 20, .fields = 1000});
  patient.request("GET", "/x");
  Scripted server = accept();
  server.take_until("\r\n\r\n");
  std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
  for (int i = 0; i < 120; ++i) head += "X-" + std::to_string(i) + ": " + std::string(535, 'x') + "\r\n";
  server.send(head + "\r\nhi");
  EXPECT_EQ(patient.story(), "1 head 200; 1 content hi; 1 ended; 1 closed NO_ERROR");
}

}  // namespace
}  // namespace sp::proxy
