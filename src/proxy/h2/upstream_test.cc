// Servers that speak HTTP/2.
#include <fmt/format.h>

#include "proxy/h2/peers_for_tests.h"
#include "proxy/websocket_handshake.h"

namespace sp::proxy {
namespace {

using codec::h2::ErrorCode;
using codec::h2::Role;

class H2Servers : public ::testing::Test {
 protected:
  std::unique_ptr<H2Peer> accept(std::uint32_t most_streams = 100, const codec::Limits& limits = {}) {
    return std::make_unique<H2Peer>(gate, gate.server().accept(), Role::server, most_streams, limits);
  }
  // A connection that is there already.
  std::unique_ptr<H2Peer> accept_first(const codec::Limits& limits = {}) {
    client.send(request("GET /first"));
    auto server = accept(100, limits);
    EXPECT_EQ(server->story(), "1 head GET /first end");
    server->respond(server->came(), 204, "");
    client.expect(response("204 No Content", ""));
    server->story();
    return server;
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
  EXPECT_EQ(gate.observed.last().code, Code::no_extended_connect);
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

TEST_F(H2Servers, that_break_before_they_say_whether_they_know_websockets_have_broken) {
  client.send(request("GET /chat",
                      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                      "Sec-WebSocket-Version: 13\r\n"));
  gate.server().accept().close();
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::upstream_reset);
}

// ---- what the connection is shared with ----

// What is found when the other side next looks: nothing runs in between.
void put(Scripted& end, std::string_view octets) {
  const iovec piece{const_cast<char*>(octets.data()), octets.size()};
  EXPECT_EQ(end.stream().try_write({&piece, 1}).bytes, octets.size());
}

TEST_F(H2Servers, that_go_away_and_close_as_a_request_comes_have_not_seen_it) {
  auto server = accept_first();
  put(client, request("POST /x", "Content-Length: 2\r\n") + "hi");
  put(server->wire, codec::h2::frames::goaway(1, 0));
  (void)server->wire.stream().try_finish();
  gate.loop.settle();
  auto another = accept();
  EXPECT_EQ(another->story(), "1 head POST /x; 1 content hi; 1 ended");
  another->respond(another->came(), 204, "");
  client.expect(response("204 No Content", ""));
}

TEST_F(H2Servers, that_close_as_a_request_comes_have_not_seen_it) {
  auto server = accept_first();
  put(client, request("POST /x", "Content-Length: 2\r\n") + "hi");
  (void)server->wire.stream().try_finish();
  gate.loop.settle();
  EXPECT_EQ(accept()->story(), "1 head POST /x; 1 content hi; 1 ended");
}

// NGINX ends the connection with everybody's requests on it.
TEST_F(H2Servers, get_large_heads_on_connections_of_their_own) {
  auto shared = accept_first();
  Scripted other = gate.client("203.0.113.2:50000");
  other.send(request("GET /large", "X: " + std::string(8500, 'x') + "\r\n"));
  auto alone = accept();
  EXPECT_EQ(alone->story(), "1 head GET /large end");
  client.send(request("GET /2"));
  EXPECT_EQ(shared->story(), "3 head GET /2 end");
  alone->wire.close();
  EXPECT_TRUE(other.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(servers.accepted(), 2u) << "another server would end its connection, too";
  shared->respond(shared->came(1), 204, "");
  client.expect(response("204 No Content", ""));
}

TEST_F(H2Servers, get_large_heads_on_connections_that_are_not_kept) {
  client.send(request("GET /large", "X: " + std::string(8500, 'x') + "\r\n"));
  auto server = accept();
  EXPECT_EQ(server->story(), "1 head GET /large end");
  server->respond(server->came(), 204, "");
  client.expect(response("204 No Content", ""));
  server->exchange();
  server->wire.expect_end();
}

TEST_F(H2Servers, that_refuse_a_large_head_before_they_look_at_it_are_asked_again) {
  client.send(request("GET /large", "X: " + std::string(8500, 'x') + "\r\n"));
  auto server = accept();
  EXPECT_EQ(server->story(), "1 head GET /large end");
  server->connection.reset(server->came(), ErrorCode::refused_stream);
  server->exchange();
  EXPECT_EQ(accept()->story(), "1 head GET /large end");
}

TEST_F(H2Servers, get_heads_that_are_larger_than_they_said_on_connections_of_their_own) {
  const codec::Limits limits{.head = 2000};
  auto shared = accept_first(limits);
  client.send(request("GET /large", "X: " + std::string(2000, 'x') + "\r\n"));
  EXPECT_EQ(shared->story(), "");
  auto alone = accept();
  EXPECT_EQ(alone->story(), "1 head GET /large end");
}

TEST_F(H2Servers, that_say_what_is_too_large_for_them_when_it_was_sent_get_no_more_on_that_connection) {
  const codec::Limits limits{.head = 2000};
  client.send(request("GET /large", "X: " + std::string(1500, 'x') + "\r\nY: " + std::string(500, 'y') + "\r\n"));
  auto alone = accept(100, limits);
  alone->story();
  Scripted other = gate.client("203.0.113.2:50000");
  other.send(request("GET /2"));
  EXPECT_EQ(accept()->story(), "1 head GET /2 end");
}

// RFC 9113 section 5.2: the window of the connection is everybody's.
TEST_F(H2Servers, whose_window_is_used_up_by_content_that_waits_get_others_on_another_connection) {
  using namespace codec::h2::frames;
  client.send(request("POST /large", "Content-Length: 100000\r\n"));
  Scripted stuck = gate.server().accept();
  stuck.send(settings() + settings_ack());
  client.send(std::string(80'000, 'x'));
  stuck.take_all();
  Scripted other = gate.client("203.0.113.2:50000");
  other.send(request("POST /2", "Content-Length: 2\r\n") + "hi");
  EXPECT_EQ(accept()->story(), "1 head POST /2; 1 content hi; 1 ended");
  stuck.send(window_update(0, 65535) + window_update(1, 65535));
  gate.loop.settle();
}

TEST_F(H2Servers, that_refuse_tunnels_keep_no_streams_of_them) {
  auto server = accept_first();
  for (std::size_t i = 1; i <= 3; ++i) {
    client.send(request("GET /chat",
                        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n"));
    auto& stream = server->came(i);
    stream.keep_two_ways();
    server->respond(stream, 403, "");
    EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 403 "));
    EXPECT_TRUE(server->story().ends_with("closed CANCEL by peer"));
  }
}

TEST(PoolsOfH2Servers, are_none_the_worse_for_websockets_that_they_do_not_know) {
  Gate gate{one_site("- { path: /, to: app }",
                     "upstreams:\n  app:\n    servers: [ \"h2c://10.0.0.1:8000\", \"h2c://10.0.0.2:8000\" ]\n")};
  std::vector<Scripted> open;
  std::vector<ScriptedServer*> both{&gate.server(), &gate.server("10.0.0.2:8000")};
  for (int i = 0; i < 8; ++i) {
    Scripted client = gate.client();
    client.send(request("GET /chat",
                        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n"));
    for (ScriptedServer* server : both) {
      if (server->waiting() == 0) continue;
      open.push_back(server->accept());
      open.back().send(codec::h2::frames::settings());
    }
    EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  }
  EXPECT_TRUE(gate.observed.events.empty());
  EXPECT_LE(both[0]->accepted() + both[1]->accepted(), 2u) << "those that are there know it";
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

// nghttp2 would not send them.
TEST_F(H2Servers, get_heads_as_large_as_the_limit) {
  std::string fields;
  for (int i = 100; i < 224; ++i) fields += "X-" + std::to_string(i) + ": " + std::string(518, 'x') + "\r\n";
  client.send(request("GET /x", fields));
  auto server = accept(100, {.head = 1 << 20, .fields = 1000});
  EXPECT_EQ(server->story(), "1 head GET /x end");
  server->respond(server->came(), 204, "");
  client.expect(response("204 No Content", ""));
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

// Connections on which a server is told of a client are for nobody else, and clients come and go.
TEST(H2ServersThatAreToldOfClients, keep_no_more_connections_than_others) {
  Gate gate(one_site("- { path: /, to: \"h2c://10.0.0.1:8000\", send_proxy: v1 }\n"));
  gate.server();
  std::vector<std::unique_ptr<H2Peer>> servers;
  for (int n = 0; n < 600; ++n) {
    Scripted client = gate.client(fmt::format("203.0.113.1:{}", 10'000 + n));
    client.send(request("GET /"));
    Scripted accepted = gate.server().accept();
    accepted.take_until("\r\n");
    servers.push_back(std::make_unique<H2Peer>(gate, std::move(accepted), Role::server));
    servers.back()->respond(servers.back()->came(), 204, "");
    client.expect(response("204 No Content", ""));
    client.close();
  }
  std::size_t ended = 0;
  for (auto& server : servers) {
    server->exchange();
    std::array<char, 1> octet;
    ended += server->wire.stream().try_read(octet).status == runtime::IoStatus::end ? 1 : 0;
  }
  EXPECT_EQ(ended, 600u - 512u);
}

}  // namespace
}  // namespace sp::proxy
