// Upgrades: a tunnel after the server's 101, and nothing else (RFC 9110 section 7.8).
#include "proxy/buffer.h"
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

const std::string asked = request("GET /ws", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: k\r\n");
const std::string asked_there =
    forwarded("GET /ws", "Sec-WebSocket-Key: k\r\n", "Upgrade: websocket\r\nConnection: Upgrade\r\n");
constexpr std::string_view switched =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: a\r\n\r\n";
const std::string switched_there =
    response("101 Switching Protocols", "Upgrade: websocket\r\nConnection: Upgrade\r\n", "Sec-WebSocket-Accept: a\r\n");

class Tunnels : public OneServer {
 protected:
  void open() {
    client.send(asked);
    server = accept();
    server.expect(asked_there);
    server.send(switched);
    client.expect(switched_there);
  }
};

TEST_F(Tunnels, carry_octets_both_ways) {
  open();
  client.send("ping");
  server.expect("ping");
  server.send("pong");
  client.expect("pong");
  server.send("GET / HTTP/1.1\r\n\r\n");  // whatever it looks like
  client.expect("GET / HTTP/1.1\r\n\r\n");
  client.close();
  server.expect_end();
  server.close();
  EXPECT_EQ(gate.sessions(), 0u);
  EXPECT_EQ(gate.observed.last().status, 101);
  EXPECT_EQ(gate.observed.last().request_octets, 4u);
  EXPECT_EQ(gate.observed.last().response_octets, 22u);
}

TEST_F(Tunnels, are_at_rest_while_nothing_passes) {
  open();
  EXPECT_EQ(gate.worker().tunnels().resting(), 1u);
  client.send("ping");
  server.expect("ping");
  server.send("pong");
  client.expect("pong");
  EXPECT_EQ(gate.worker().tunnels().resting(), 1u);
  const std::string block(1 << 20, 'x');
  const std::size_t taken = client.send_some(block);  // more than the server's kernel takes
  EXPECT_EQ(gate.worker().tunnels().resting(), 0u);
  EXPECT_EQ(server.take_all().size(), taken);
  EXPECT_EQ(gate.worker().tunnels().resting(), 1u);
  EXPECT_EQ(gate.sessions(), 1u);
}

TEST_F(Tunnels, give_back_what_a_burst_needed) {
  open();
  gate.loop.advance(10s);
  const std::size_t taken = client.send_some(std::string(1 << 20, 'x'));
  EXPECT_EQ(server.take_all().size(), taken);
  gate.loop.advance(10s);
  trim_blocks();
  EXPECT_EQ(trim_blocks(), 0u);  // what nobody needed since then: nothing is left
}

TEST_F(Tunnels, are_told_of_at_their_end_with_all_that_was_known_at_their_beginning) {
  client.send(request("GET /ws?room=1",
                      "User-Agent: a browser\r\nReferer: https://a.test/\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\n"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send(switched);
  client.expect(switched_there);
  client.send("ping");
  server.expect("ping");
  EXPECT_TRUE(gate.observed.exchanges.empty());
  server.close();
  client.close();
  ASSERT_EQ(gate.observed.exchanges.size(), 1u);
  const testing::Ended ended = gate.observed.last();
  EXPECT_EQ(ended.status, 101);
  EXPECT_EQ(ended.code, Code::ok);
  EXPECT_EQ(ended.client, "203.0.113.1");
  EXPECT_EQ(ended.authority, "a.test");
  EXPECT_EQ(ended.path, "/ws");
  EXPECT_EQ(ended.query, "room=1");
  EXPECT_EQ(ended.referer, "https://a.test/");
  EXPECT_EQ(ended.user_agent, "a browser");
  EXPECT_EQ(ended.route, "/");
  EXPECT_EQ(ended.server, "10.0.0.1:8000");
  EXPECT_EQ(ended.attempts, 1u);
  EXPECT_EQ(ended.request_octets, 4u);
  EXPECT_TRUE(ended.from_upstream);
}

TEST_F(Tunnels, occupy_their_server_until_they_end) {
  ASSERT_TRUE(gate.reload(
      one_site("- { path: /, to: app }",
               "upstreams:\n  app:\n    servers: [ \"http://10.0.0.1:8000\", \"http://10.0.0.2:8000\" ]\n")));
  testing::ScriptedServer& second = gate.server("10.0.0.2:8000");
  Scripted browser = gate.client();
  browser.send(asked);
  const bool at_first = gate.server().waiting() != 0;
  Scripted tunnel = at_first ? gate.server().accept() : second.accept();
  tunnel.take_until("\r\n\r\n");
  tunnel.send(switched);
  browser.expect(switched_there);
  EXPECT_EQ(gate.worker().tunnels().resting(), 1u);
  for (int i = 0; i < 8; ++i) {  // the other one has less to do
    Scripted other = gate.client();
    other.send(request("GET /"));
    ASSERT_EQ((at_first ? second : gate.server()).waiting(), 1u);
    Scripted busy = (at_first ? second : gate.server()).accept();
    busy.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    busy.close();
    other.close();
  }
}

TEST_F(Tunnels, that_are_at_rest_end_with_the_gate) {
  open();
  gate.worker().drain();
  EXPECT_EQ(gate.sessions(), 1u);
  gate.worker().cut();
  EXPECT_EQ(gate.sessions(), 0u);
  server.expect_reset();
  EXPECT_EQ(gate.observed.last().status, 101);
}

TEST_F(Tunnels, begin_with_what_came_behind_the_heads) {
  client.send(asked + "early client");
  server = accept();
  server.expect(asked_there);
  server.expect_nothing();  // it is no tunnel yet
  server.send(joined({switched, "early server"}));
  client.expect(switched_there + "early server");
  server.expect("early client");
}

TEST_F(Tunnels, let_one_side_end_before_the_other) {
  open();
  client.send("last");
  client.finish();
  server.expect("last");
  server.expect_end();
  server.send("still talking");
  client.expect("still talking");
  client.expect_nothing();
  server.finish();
  client.expect_end();
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Tunnels, end_when_nothing_passes_for_long) {
  open();
  gate.loop.advance(59min);
  server.send("x");
  client.expect("x");
  gate.loop.advance(59min);
  client.expect_nothing();
  gate.loop.advance(61s);
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Tunnels, that_break_on_one_side_break_on_the_other) {
  open();
  server.reset();
  client.expect_reset();
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Tunnels, whose_client_breaks_break_for_the_server) {
  open();
  client.reset();
  server.expect_reset();
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Tunnels, whose_client_breaks_do_not_wait_for_a_server_that_takes_nothing) {
  open();
  client.send_some(std::string(1 << 20, 'x'));
  client.reset();
  gate.loop.settle();
  EXPECT_EQ(gate.sessions(), 0u);
  server.expect_reset();
}

TEST_F(Tunnels, whose_server_breaks_do_not_wait_for_a_client_that_takes_nothing) {
  open();
  server.send_some(std::string(1 << 20, 'x'));
  server.reset();
  gate.loop.settle();
  EXPECT_EQ(gate.sessions(), 0u);
  client.expect_reset();
}

TEST_F(Tunnels, that_have_ended_both_ways_deliver_what_is_left) {
  open();
  const std::size_t taken = client.send_some(std::string(1 << 20, 'x'));
  server.finish();
  client.expect_end();
  client.close();
  EXPECT_EQ(server.take_all().size(), taken);
  server.expect_end();
}

TEST_F(Tunnels, stop_reading_from_one_side_while_the_other_does_not_read) {
  open();
  const std::string block(1 << 20, 'x');
  const std::size_t taken = client.send_some(block);
  EXPECT_LT(taken, block.size() / 2);
  EXPECT_EQ(server.take_all().size(), taken);
}

TEST_F(Tunnels, do_not_survive_the_end_of_the_gate) {
  open();
  gate.worker().drain();
  client.send("x");
  server.expect("x");
  gate.worker().cut();
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Tunnels, are_not_made_when_the_server_declines) {
  client.send(asked);
  server = accept();
  server.expect(asked_there);
  server.send(hi);
  client.expect(hi_there);
  pass("GET /next");
}

TEST_F(Tunnels, are_not_made_without_being_asked_for) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send(switched);
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::unexpected_upgrade);
  server.expect_end();
}

TEST_F(Tunnels, are_not_made_for_another_protocol_than_was_asked_for) {
  client.send(asked);
  server = accept();
  server.expect(asked_there);
  server.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: irc\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::unexpected_upgrade);
}

TEST_F(Tunnels, are_only_for_protocols_that_the_route_names) {
  client.send(request("GET /", "Upgrade: irc\r\nConnection: Upgrade\r\n"));
  server = accept();
  server.expect(forwarded("GET /"));
  server.send(hi);
  client.expect(hi_there);
  client.send(
      request("GET /", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"));
  server.expect(forwarded("GET /"));
}

TEST_F(Tunnels, may_be_for_another_protocol_where_the_route_says_so) {
  ASSERT_TRUE(gate.reload(one_site("- { path: /, to: \"http://10.0.0.1:8000\", upgrades: [ irc ] }")));
  Scripted fresh = gate.client();
  fresh.send(request("GET /", "Upgrade: irc\r\nConnection: Upgrade\r\n"));
  accept().expect(forwarded("GET /", "", "Upgrade: irc\r\nConnection: Upgrade\r\n"));
}

TEST_F(Tunnels, have_no_content_before_them) {
  client.send(request("POST /ws", "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 3\r\n") + "abc");
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(gate.observed.last().code, Code::upgrade_with_body);
}

}  // namespace
}  // namespace sp::proxy
