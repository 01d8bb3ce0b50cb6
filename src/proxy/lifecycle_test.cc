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
  client.close();
  EXPECT_EQ(gate.sessions(), 0u);
}

TEST_F(Lifecycle, a_request_that_crosses_the_end_of_the_connection_does_not_take_the_response_with_it) {
  begin();
  gate.worker().drain();
  server.send(hi);
  gate.loop.settle();
  client.send(request("GET /too-late"));
  gate.loop.settle();
  client.expect(hi_and_bye);
  client.expect_end();
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
  server = accept();  // the kept connection is gone with the configuration that had this server
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

// ---- servers that change ----

std::string pool_of(std::string_view servers) {
  return one_site("- { path: /, to: app }",
                  joined({"upstreams:\n  app:\n    balance: round_robin\n    servers: [ ", servers, " ]\n"}));
}

class ChangedServers : public ::testing::Test {
 protected:
  static constexpr std::string_view a = "\"http://10.0.0.1:8000\"", b = "\"http://10.0.0.2:8000\"";
  // One request of a new client, answered by whichever server gets it; says which.
  char ask() {
    Scripted client = gate.client();
    client.send(request("GET /"));
    for (Kept& each : servers) {
      if (each.listener.waiting() != 0) each.connection = each.listener.accept();
      if (!each.connection.open() || each.connection.take_all().empty()) continue;
      each.connection.send(hi);
      EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 200 "));
      return each.name;
    }
    return '-';
  }
  std::string ask(int times) {
    std::string who;
    for (int i = 0; i < times; ++i) who += ask();
    return who;
  }
  struct Kept {
    char name;
    ScriptedServer& listener;
    Scripted connection;
  };

  Gate gate{pool_of(joined({a, ", ", b}))};
  std::array<Kept, 2> servers{Kept{'a', gate.server(), Scripted{gate.loop, nullptr}},
                              Kept{'b', gate.server("10.0.0.2:8000"), Scripted{gate.loop, nullptr}}};
};

TEST_F(ChangedServers, that_are_removed_get_nothing_more) {
  EXPECT_EQ(ask(4), "abab");
  ASSERT_TRUE(gate.reload(pool_of(b)));
  EXPECT_EQ(ask(4), "bbbb");
  servers[0].connection.expect_end();
}

TEST_F(ChangedServers, that_are_added_get_their_share) {
  ASSERT_TRUE(gate.reload(pool_of(a)));
  EXPECT_EQ(ask(2), "aa");
  ASSERT_TRUE(gate.reload(pool_of(joined({a, ", ", b}))));
  EXPECT_EQ(ask(4), "abab");
}

TEST_F(ChangedServers, that_are_replaced_are_not_asked_over_their_kept_connections) {
  ASSERT_TRUE(gate.reload(pool_of(a)));
  EXPECT_EQ(ask(2), "aa");
  ASSERT_TRUE(gate.reload(pool_of(b)));
  EXPECT_EQ(ask(2), "bb");
}

TEST_F(ChangedServers, answer_what_they_were_asked_and_are_left) {
  ASSERT_TRUE(gate.reload(pool_of(a)));
  Scripted client = gate.client();
  client.send(request("GET /"));
  Scripted server = servers[0].listener.accept();
  server.take_until("\r\n\r\n");
  ASSERT_TRUE(gate.reload(pool_of(b)));
  server.send(hi);
  client.expect(hi_and_bye);
  server.expect_end();
}

TEST_F(ChangedServers, keep_their_connections_when_nothing_changed_for_them) {
  EXPECT_EQ(ask(2), "ab");
  ASSERT_TRUE(gate.reload(pool_of(joined({a, ", ", b}))));
  EXPECT_EQ(ask(2), "ab");
  EXPECT_EQ(servers[0].listener.accepted(), 1u);
}

}  // namespace
}  // namespace sp::proxy
