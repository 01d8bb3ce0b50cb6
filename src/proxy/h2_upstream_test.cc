// Servers that speak HTTP/2.
#include "proxy/h2_for_tests.h"
#include "proxy/websocket_handshake.h"

namespace sp::proxy {
namespace {

using codec::h2::ErrorCode;
using codec::h2::Role;

class H2Servers : public ::testing::Test {
 protected:
  std::unique_ptr<H2Peer> accept(std::uint32_t most_streams = 100) {
    return std::make_unique<H2Peer>(gate, gate.server().accept(), Role::server, most_streams);
  }

  Gate gate{one_site("- { path: /, to: \"h2c://10.0.0.1:8000\" }\n")};
  ScriptedServer& servers = gate.server();
  Scripted client = gate.client();
};

TEST_F(H2Servers, answer) {
  client.send(request("GET /x"));
  auto server = accept();
  EXPECT_EQ(server->story(), "1 head GET /x end");
  server->respond(server->came(), 200, "hi");
  EXPECT_EQ(client.take_until("hi"), response("200 OK", "Transfer-Encoding: chunked\r\n") + "2\r\nhi");
  client.expect("\r\n0\r\n\r\n");
}

TEST_F(H2Servers, are_asked_by_many_on_one_connection) {
  Scripted other = gate.client("203.0.113.2:50000");
  client.send(request("GET /1"));
  other.send(request("GET /2"));
  auto server = accept();
  EXPECT_EQ(server->story(), "1 head GET /1 end; 3 head GET /2 end");
  EXPECT_EQ(servers.waiting(), 0u);
  server->respond(server->came(1), 204, "");
  other.expect(response("204 No Content", ""));
  server->respond(server->came(0), 204, "");
  client.expect(response("204 No Content", ""));
}

TEST_F(H2Servers, get_content_and_are_told_when_the_client_is_gone) {
  client.send(request("POST /x", "Content-Length: 10\r\n") + "hello");
  auto server = accept();
  EXPECT_EQ(server->story(), "1 head POST /x; 1 content hello");
  client.reset();
  EXPECT_EQ(server->story(), "1 closed CANCEL by peer");
}

TEST_F(H2Servers, that_refuse_a_request_are_asked_again) {
  client.send(request("POST /x", "Content-Length: 5\r\n") + "hello");
  auto server = accept();
  server->story();
  server->connection.reset(server->came(), ErrorCode::refused_stream);
  EXPECT_EQ(server->story(), "1 closed REFUSED_STREAM; 3 head POST /x; 3 content hello; 3 ended");
  server->respond(server->came(1), 204, "");
  client.expect(response("204 No Content", ""));
}

TEST_F(H2Servers, that_refuse_it_again_and_again_are_not) {
  client.send(request("GET /x"));
  auto server = accept();
  for (std::size_t n = 0; n < 4; ++n) {
    server->connection.reset(server->came(n), ErrorCode::refused_stream);
    server->exchange();
  }
  EXPECT_EQ(server->requests(), 4u);
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::upstream_stream_refused);
}

TEST_F(H2Servers, that_go_away_are_asked_again_on_another_connection) {
  client.send(request("GET /1"));
  auto server = accept();
  server->respond(server->came(), 204, "");
  client.expect(response("204 No Content", ""));
  server->connection.refuse_more();
  server->exchange();
  client.send(request("GET /2"));
  auto another = accept();
  EXPECT_EQ(another->story(), "1 head GET /2 end");
  another->respond(another->came(), 204, "");
  client.expect(response("204 No Content", ""));
}

TEST_F(H2Servers, that_break_the_rules_are_not_believed) {
  client.send(request("GET /x"));
  auto server = accept();
  server->story();
  server->wire.send(codec::h2::frames::data(0, "x"));
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::upstream_http2_error);
}

TEST_F(H2Servers, that_are_gone_have_not_answered) {
  client.send(request("POST /x", "Content-Length: 0\r\n"));
  auto server = accept();
  server->story();
  server->wire.close();
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::upstream_closed);
}

TEST_F(H2Servers, get_no_more_streams_than_they_allow) {
  client.send(request("GET /1"));
  auto server = accept(1);
  Scripted other = gate.client("203.0.113.2:50000");
  other.send(request("GET /2"));
  auto another = accept();
  EXPECT_EQ(another->story(), "1 head GET /2 end");
  another->respond(another->came(), 204, "");
  server->respond(server->came(), 204, "");
  client.expect(response("204 No Content", ""));
  other.expect(response("204 No Content", ""));
}

TEST_F(H2Servers, that_nobody_asks_for_long_are_left) {
  client.send(request("GET /1"));
  auto server = accept();
  server->respond(server->came(), 204, "");
  gate.loop.advance(61s);
  server->exchange();
  server->wire.expect_end();
}

TEST_F(H2Servers, that_no_configuration_has_any_more_are_left_when_nobody_has_them) {
  Scripted other = gate.client("203.0.113.2:50000");
  other.send(request("GET /1"));
  auto known = accept();
  known->respond(known->came(), 204, "");
  ASSERT_TRUE(gate.reload(one_site("- { path: /, to: \"h2c://10.0.0.2:8000\" }\n")));
  client.send(request("GET /2"));  // it came under the old one
  auto server = accept();
  server->respond(server->came(), 204, "");
  server->exchange();
  server->wire.expect_end();
}

TEST_F(H2Servers, that_refuse_a_request_are_asked_again_with_all_that_has_come_of_it) {
  client.send(request("POST /x", "Content-Length: 10\r\n") + "hello");
  auto server = accept();
  server->story();
  client.send("hel");
  EXPECT_EQ(server->story(), "1 content hel");
  server->connection.reset(server->came(), ErrorCode::refused_stream);
  EXPECT_EQ(server->story(), "1 closed REFUSED_STREAM; 3 head POST /x; 3 content hellohel");
  client.send("lo");
  EXPECT_EQ(server->story(), "3 content lo; 3 ended");
  server->respond(server->came(1), 204, "");
  client.expect(response("204 No Content", ""));
}

TEST_F(H2Servers, that_refuse_a_request_before_its_content_was_asked_for_are_asked_again) {
  client.send(request("POST /x", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
  auto server = accept();
  EXPECT_EQ(server->story(), "1 head POST /x");
  server->connection.reset(server->came(), ErrorCode::refused_stream);
  EXPECT_EQ(server->story(), "1 closed REFUSED_STREAM; 3 head POST /x");
  client.expect("HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  EXPECT_EQ(server->story(), "3 content hello; 3 ended");
  server->respond(server->came(1), 204, "");
  client.expect(response("204 No Content", ""));
}

TEST_F(H2Servers, that_go_away_before_a_request_do_not_lose_its_content) {
  client.send(request("POST /x", "Content-Length: 8\r\n") + "hello");
  auto server = accept();
  server->story();
  client.send("you");
  server->exchange();
  server->wire.send(codec::h2::frames::goaway(0, 0));
  auto another = accept();
  EXPECT_EQ(another->story(), "1 head POST /x; 1 content helloyou; 1 ended");
  another->respond(another->came(), 204, "");
  client.expect(response("204 No Content", ""));
}

TEST_F(H2Servers, are_left_without_a_reset) {
  client.send(request("GET /1"));
  auto server = accept();
  server->respond(server->came(), 204, "");
  client.expect(response("204 No Content", ""));
  server->speak_too_late();
  gate.loop.advance(60s);
  server->expect_end_without_reset();
}

TEST_F(H2Servers, are_asked_for_a_websocket_by_extended_connect) {
  // It is a connection that is there already, and whose server knows it.
  client.send(request("GET /1"));
  auto server = accept();
  server->respond(server->came(), 204, "");
  client.expect(response("204 No Content", ""));
  client.send(request("GET /chat",
                      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                      "Sec-WebSocket-Version: 13\r\n"));
  auto& stream = server->came(1);
  EXPECT_EQ(stream.request.upgrade, "websocket");
  EXPECT_EQ(stream.request.fields.find(websocket_key_field), nullptr);
  stream.last = false;
  server->respond(stream, 200, "welcome");
  const std::string head = client.take_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << head;
  EXPECT_NE(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos) << head;
  client.expect("welcome");
  client.send("hello");
  server->exchange();
  EXPECT_TRUE(server->log.take().ends_with("content hello"));
  client.close();
  server->exchange();
  EXPECT_TRUE(server->log.take().ends_with("ended"));
}

TEST_F(H2Servers, are_asked_for_a_websocket_when_they_have_said_that_they_know_it) {
  client.send(request("GET /chat",
                      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                      "Sec-WebSocket-Version: 13\r\n"));
  Scripted wire = gate.server().accept();
  // The preface and SETTINGS, and no request yet.
  EXPECT_EQ(
      codec::h2::frames::Decoder().describe(wire.take_all().substr(codec::h2::frames::preface.size())).find("HEADERS"),
      std::string::npos);
  wire.send(codec::h2::frames::settings());
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::unexpected_upgrade);
}

TEST_F(H2Servers, that_do_not_say_whether_they_know_websockets_are_not_waited_for_longer_than_for_a_connection) {
  client.send(request("GET /chat",
                      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                      "Sec-WebSocket-Version: 13\r\n"));
  Scripted wire = gate.server().accept();
  gate.loop.advance(1min);
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 504 "));
  EXPECT_EQ(gate.observed.last().code, Code::connection_timeout);
}

// ---- what hostile ones do ----

constexpr std::string_view chat =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n";

TEST_F(H2Servers, are_left_when_nothing_passes_through_a_tunnel) {
  for (const bool to_server : {false, true}) {
    Scripted visitor = gate.client();
    visitor.send(request("GET /chat", chat));
    const auto server = accept();
    auto& stream = server->came();
    stream.last = false;
    server->respond(stream, 200, "welcome");
    EXPECT_TRUE(visitor.take_all().ends_with("welcome"));
    gate.loop.advance(10s);
    if (to_server) visitor.send("hello");
    server->exchange();
    server->log.take();
    gate.loop.advance(24h);
    EXPECT_TRUE(server->story().ends_with("closed CANCEL by peer"));
    server->wire.close();
  }
}

TEST_F(H2Servers, that_begin_another_head_before_a_tunnel_may_end_it) {
  using namespace codec::h2::frames;
  client.send(request("GET /chat", chat));
  const auto server = accept();
  server->story();
  server->wire.send(headers(1, {{":status", "200"}}, end_headers) + frame(type_headers, 0, 1, hpack({{"a", "b"}})));
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 101 "));
  server->wire.send(continuation(1, hpack({{"c", std::string(1000, 'd')}})));
  server->wire.send(data(1, "hello"));
  server->exchange();
  EXPECT_FALSE(client.take_all().contains("dddd"));
}

TEST_F(H2Servers, that_say_too_often_that_they_work_are_not_heard) {
  using namespace codec::h2::frames;
  client.send(request("GET /x"));
  const auto server = accept();
  server->story();
  std::string all;
  for (int i = 0; i < 100; ++i) all += headers(1, {{":status", "103"}, {"link", "</a>"}}, end_headers);
  server->wire.send(all);
  EXPECT_EQ(gate.observed.last().code, Code::too_many_interim);
  EXPECT_TRUE(client.take_all().contains("HTTP/1.1 502 "));
  EXPECT_TRUE(server->story().ends_with("1 closed ENHANCE_YOUR_CALM by peer"));
}

TEST_F(H2Servers, that_say_too_much_before_their_answer_are_not_heard) {
  using namespace codec::h2::frames;
  client.send(request("GET /x"));
  const auto server = accept();
  server->story();
  std::string link = "</" + std::string(15'000, 'a') + ">";
  for (int i = 0; i < 5; ++i) server->wire.send(headers(1, {{":status", "103"}, {"link", link}}, end_headers));
  EXPECT_EQ(gate.observed.last().code, Code::too_many_interim);
}

TEST_F(H2Servers, that_allow_no_streams_are_left_with_the_request) {
  client.send(request("GET /x"));
  const auto server = accept(0);
  EXPECT_EQ(server->story(), "");
  gate.loop.advance(10min);
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 504 "));
  server->exchange();
  server->wire.expect_end();
}

// The key of its WebSocket is not lost between servers of both kinds.
TEST(H2AndH1Servers, get_a_websocket_one_after_the_other) {
  Gate gate{one_site("- { path: /, to: app }",
                     "upstreams:\n  app:\n    servers: [ \"h2c://10.0.0.1:8000\", \"http://10.0.0.2:8000\" ]\n"
                     "    balance: round_robin\n")};
  ScriptedServer& asked_first = gate.server();
  ScriptedServer& second = gate.server("10.0.0.2:8000");
  Scripted client = gate.client();
  client.send(request("GET /chat", chat));
  H2Peer first(gate, asked_first.accept(), Role::server);
  EXPECT_EQ(first.came().request.upgrade, "websocket");
  first.wire.close();
  const std::string head = second.accept().take_until("\r\n\r\n");
  EXPECT_TRUE(head.contains("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")) << head;
}

}  // namespace
}  // namespace sp::proxy
