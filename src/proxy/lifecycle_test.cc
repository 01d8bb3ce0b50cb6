// Clients that go, gates that stop, configurations that change: nothing is lost that could be kept.
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

class Lifecycle : public OneServer {
 protected:
  void begin(std::string_view line = "GET /") {
    client.send(request(line));
    server = accept();
    server.take_until("\r\n\r\n");
  }
};

TEST_F(Lifecycle, a_client_that_is_gone_while_the_server_thinks_takes_the_connection_with_it) {
  begin();
  client.reset();
  server.expect_end();
  EXPECT_EQ(gate.sessions(), 0u);
  EXPECT_EQ(gate.observed.last().code, Code::client_closed);
}

TEST_F(Lifecycle, a_client_that_is_gone_in_mid_response_takes_the_connection_with_it) {
  begin();
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  client.reset();
  server.expect_end();
  EXPECT_EQ(gate.sessions(), 0u);
  EXPECT_EQ(gate.observed.last().code, Code::client_closed);
}

TEST_F(Lifecycle, a_server_is_not_blamed_for_clients_that_go) {
  for (int i = 0; i < 5; ++i) {
    begin();
    client.reset();
    client = gate.client();
  }
  EXPECT_TRUE(gate.observed.events.empty());
  begin();
}

TEST_F(Lifecycle, draining_lets_a_response_finish_and_says_close) {
  begin();
  gate.worker().drain();
  client.expect_nothing();
  server.send(hi);
  client.expect(hi_and_bye);
  client.expect_end();
  server.expect_end();  // nobody will need it again
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Lifecycle, draining_closes_what_is_idle) {
  pass("GET /");
  Scripted silent = gate.client();
  EXPECT_EQ(gate.sessions(), 2u);
  gate.worker().drain();
  client.expect_end();
  silent.expect_end();
  server.expect_end();
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Lifecycle, draining_accepts_nobody_else) {
  gate.worker().drain();
  EXPECT_EQ(gate.network.open(sp::testing::endpoint("192.0.2.80:80")), nullptr);
}

TEST_F(Lifecycle, draining_lets_an_upload_finish) {
  client.send(request("POST /", "Content-Length: 6\r\n") + "abc");
  server = accept();
  server.take_until("abc");
  gate.worker().drain();
  client.send("def");
  server.expect("def");
  server.send(hi);
  client.expect(hi_and_bye);
}

TEST_F(Lifecycle, draining_lets_a_head_that_has_begun_be_finished) {
  client.send("GET / HTTP/1.1\r\n");
  EXPECT_EQ(gate.sessions(), 1u);
  gate.worker().drain();
  client.send("Host: a.test\r\n\r\n");
  server = accept();
  server.expect(forwarded("GET /"));
  server.send(hi);
  client.expect(hi_and_bye);
}

TEST_F(Lifecycle, cutting_ends_everything) {
  begin();
  Scripted tunnel = gate.client();
  gate.worker().cut();
  EXPECT_EQ(gate.sessions(), 0u);
  EXPECT_EQ(gate.observed.last().code, Code::shutting_down);
}

TEST_F(Lifecycle, an_open_connection_keeps_its_configuration_until_its_next_response) {
  pass("GET /");
  ASSERT_TRUE(gate.reload(one_site("- { path: /, respond: { body: new } }")));
  client.send(request("GET /old"));
  server.expect(forwarded("GET /old"));
  server.send(hi);
  client.expect(hi_and_bye);
  client.expect_end();
  Scripted fresh = gate.client();
  fresh.send(request("GET /"));
  fresh.take_until("\r\n\r\n");
  fresh.expect("new");
}

TEST_F(Lifecycle, a_request_sees_one_configuration_from_its_beginning_to_its_end) {
  begin();
  ASSERT_TRUE(
      gate.reload(one_site("- { path: /, to: \"http://10.0.0.9:8000\", response_headers: { set: { X-New: yes } } }")));
  server.send(hi);
  client.expect(hi_and_bye);
}

TEST_F(Lifecycle, kept_connections_to_servers_survive_a_new_configuration) {
  pass("GET /");
  ASSERT_TRUE(gate.reload(one_server("max_body: 5MiB")));
  client = gate.client();
  pass("GET /again");
  EXPECT_EQ(servers.accepted(), 1u);
}

TEST_F(Lifecycle, an_address_that_is_gone_is_not_served_any_more) {
  ASSERT_TRUE(
      gate.reload("inbound:\n- listen: [ \"http://:81\" ]\n  sites: [ { hosts: [ a.test ], routes: [ { path: /, "
                  "respond: { body: x } } ] } ]\n"));
  EXPECT_EQ(gate.network.open(sp::testing::endpoint("192.0.2.80:80")), nullptr);
  Scripted fresh = gate.client("203.0.113.1:50000", "192.0.2.80:81");
  fresh.send(request("GET /"));
  fresh.expect("HTTP/1.1 200 OK\r\n");
}

TEST_F(Lifecycle, a_hundred_reloads_under_a_tunnel_leave_it_alone) {
  client.send(request("GET /", "Upgrade: websocket\r\nConnection: Upgrade\r\n"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  client.take_until("\r\n\r\n");
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(gate.reload(one_server("max_body: " + std::to_string(i + 1) + "MiB")));
    client.send("x");
    server.expect("x");
  }
}

}  // namespace
}  // namespace sp::proxy
