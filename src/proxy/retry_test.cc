// Servers that fail: who is asked next, who is asked again, and who is passed over. Nothing that may have been done is
// done twice.
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

using sp::testing::endpoint;
constexpr std::string_view second_server = "10.0.0.2:8000";
constexpr std::string_view third_server = "10.0.0.3:8000";

std::string pool(std::string_view options = {}) {
  return one_site("- { path: /, to: app }",
                  joined({"upstreams:\n  app:\n    servers: [ \"http://10.0.0.1:8000\", \"http://10.0.0.2:8000\" ]\n"
                          "    balance: round_robin\n",
                          options}));
}

class KeptConnections : public OneServer {
 protected:
  // A kept connection is closed by the server exactly as the request arrives.
  void race(std::string_view head_and_content) {
    pass("GET /before");
    client.send(head_and_content);
    server.take_until("\r\n\r\n");
    server.close();
  }
};

TEST_F(KeptConnections, that_are_closed_under_an_idempotent_request_are_replaced) {
  race(request("GET /again"));
  Scripted fresh = accept();
  fresh.expect(forwarded("GET /again"));
  fresh.send(hi);
  client.expect(hi_there);
  EXPECT_EQ(servers.accepted(), 2u);
}

TEST_F(KeptConnections, that_break_under_an_idempotent_request_are_replaced) {
  pass("GET /before");
  client.send(request("PUT /again", "Content-Length: 3\r\n") + "abc");
  server.reset();
  Scripted fresh = accept();
  fresh.expect(forwarded("PUT /again", "", "Content-Length: 3\r\n") + "abc");
  fresh.send(hi);
  client.expect(hi_there);
}

TEST_F(KeptConnections, that_are_closed_under_a_POST_are_an_error) {
  race(request("POST /once"));
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::upstream_closed);
  EXPECT_EQ(servers.accepted(), 1u);
}

TEST_F(KeptConnections, that_begin_an_answer_and_close_are_an_error) {
  pass("GET /before");
  client.send(request("GET /again"));
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 2");
  server.close();
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(servers.accepted(), 1u);
}

TEST_F(KeptConnections, that_were_closed_before_are_not_used) {
  pass("GET /before");
  server.close();
  client.send(request("POST /once"));
  Scripted fresh = accept();
  fresh.expect(forwarded("POST /once", "", "Content-Length: 0\r\n"));
  fresh.send(hi);
  client.expect(hi_there);
}

// Closed with the request unread: the server's program has not seen it.
TEST_F(KeptConnections, that_are_closed_before_a_POST_is_read_are_replaced) {
  pass("GET /before");
  client.send(request("POST /once", "Content-Length: 3\r\n") + "abc");
  server.close();
  Scripted fresh = accept();
  fresh.expect(forwarded("POST /once", "", "Content-Length: 3\r\n") + "abc");
  fresh.send(hi);
  client.expect(hi_there);
  EXPECT_EQ(gate.observed.last().code, Code::ok);
}

TEST_F(KeptConnections, that_are_closed_before_a_POST_is_read_are_replaced_without_counting_as_a_retry) {
  ASSERT_TRUE(gate.reload(one_site("- { path: /, to: app }",
                                   "upstreams:\n  app:\n    servers: [ \"http://10.0.0.1:8000\" ]\n    retries: 0\n")));
  client = gate.client();
  pass("GET /before");
  client.send(request("POST /once"));
  server.close();
  Scripted fresh = accept();
  fresh.expect(forwarded("POST /once", "", "Content-Length: 0\r\n"));
}

TEST_F(KeptConnections, that_are_closed_under_an_unread_upload_are_replaced_and_get_all_of_it) {
  for (std::string_view framing : {"Content-Length: 9\r\n", "Transfer-Encoding: chunked\r\n"}) {
    const bool chunked = framing.starts_with("T");
    const auto piece = [&](std::string_view text) {
      return chunked ? joined({"3\r\n", text, "\r\n"}) : std::string(text);
    };
    pass("GET /before");
    client.send(request("POST /once", framing) + piece("abc"));
    client.send(piece("def"));
    server.close();
    Scripted fresh = accept();
    fresh.expect(forwarded("POST /once", "", framing) + (chunked ? "6\r\nabcdef\r\n" : "abcdef"));
    client.send(piece("ghi"));
    fresh.expect(piece("ghi"));
    if (chunked) {
      client.send("0\r\n\r\n");
      fresh.expect("0\r\n\r\n");
    }
    fresh.send(hi);
    client.expect(hi_there);
    server = std::move(fresh);
  }
}

TEST_F(KeptConnections, that_are_closed_under_an_idempotent_upload_are_replaced) {
  pass("GET /before");
  client.send(request("PUT /again", "Content-Length: 6\r\n") + "abc");
  server.take_until("abc");
  client.send("d");
  server.expect("d");
  server.close();
  Scripted fresh = accept();
  fresh.expect(forwarded("PUT /again", "", "Content-Length: 6\r\n") + "abcd");
  client.send("ef");
  fresh.expect("ef");
}

TEST_F(KeptConnections, that_are_closed_under_a_POST_of_which_something_was_read_are_an_error) {
  pass("GET /before");
  client.send(request("POST /once", "Content-Length: 6\r\n") + "abc");
  server.take_until("abc");
  client.send("def");
  server.close();
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(servers.accepted(), 1u);
}

TEST_F(KeptConnections, are_not_used_for_what_cannot_be_sent_twice) {
  pass("GET /before");
  client.send(request("POST /large", "Content-Length: 100000\r\n") + "abc");
  Scripted fresh = accept();
  fresh.expect(forwarded("POST /large", "", "Content-Length: 100000\r\n") + "abc");
  server.expect_end();  // its place in the pool is for the new one
}

TEST_F(KeptConnections, say_nothing_against_the_server) {
  race(request("POST /once"));
  client.take_all();
  EXPECT_EQ(gate.observed.last().attempts, 1u);
  EXPECT_TRUE(gate.observed.events.empty());
}

TEST_F(KeptConnections, that_go_on_closing_are_not_replaced_forever) {
  pass("GET /before");
  client.send(request("GET /again"));
  for (int i = 0; i < 10 && gate.observed.exchanges.size() < 2; ++i) {
    server.close();
    if (servers.waiting() == 0) break;
    server = accept();
    server.take_until("\r\n\r\n");
  }
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_LE(servers.accepted(), 4u);
}

class ServersThatBreak : public OneServer {};

TEST_F(ServersThatBreak, a_new_connection_before_they_answer_are_an_error) {
  client.send(request("POST /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.reset();
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::upstream_reset);
}

// ---- several servers ----

class Pools : public ::testing::Test {
 protected:
  std::string ask(std::string_view line = "GET /") {
    client.send(request(line));
    return client.take_all();
  }
  // One request that this server answers.
  void expect_served_by(ScriptedServer& by) {
    client.send(request("GET /"));
    serve(by.accept());
  }
  void serve(Scripted server) {
    server.take_until("\r\n\r\n");
    server.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 200 "));
  }
  Gate gate{pool()};
  Scripted client = gate.client();
};

TEST_F(Pools, share_the_requests) {
  for (int i = 0; i < 2; ++i) {
    expect_served_by(gate.server());
    gate.server(second_server);
    expect_served_by(gate.server(second_server));
  }
}

TEST_F(Pools, ask_the_next_server_when_one_refuses_even_for_a_POST) {
  ScriptedServer& second = gate.server(second_server);
  client.send(request("POST /", "Content-Length: 3\r\n") + "abc");
  Scripted server = second.accept();
  server.expect(forwarded("POST /", "", "Content-Length: 3\r\n") + "abc");
  server.send(hi);
  client.expect(hi_there);
  EXPECT_EQ(gate.observed.last().attempts, 2u);
  EXPECT_EQ(gate.observed.last().code, Code::ok);
  EXPECT_EQ(gate.observed.last().retried, Code::connection_refused);
}

TEST_F(Pools, ask_the_next_server_for_an_idempotent_request_without_an_answer) {
  ScriptedServer& first = gate.server();
  ScriptedServer& second = gate.server(second_server);
  client.send(request("GET /"));
  first.accept().close();
  Scripted server = second.accept();
  server.expect(forwarded("GET /"));
  server.send(hi);
  client.expect(hi_there);
}

TEST_F(Pools, do_not_ask_the_next_server_once_the_content_has_waited_for_a_100) {
  ScriptedServer& first = gate.server();
  ScriptedServer& second = gate.server(second_server);
  client.send(request("PUT /", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
  first.accept().close();
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(second.accepted(), 0u);
}

TEST_F(Pools, do_not_ask_the_next_server_for_a_POST_without_an_answer) {
  ScriptedServer& first = gate.server();
  ScriptedServer& second = gate.server(second_server);
  client.send(request("POST /"));
  first.accept().close();
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(second.accepted(), 0u);
}

TEST_F(Pools, name_the_last_failure_when_every_server_fails) {
  EXPECT_TRUE(ask().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::connection_refused);
  EXPECT_EQ(gate.observed.last().attempts, 2u);
}

TEST_F(Pools, pass_over_a_server_that_failed_three_times_until_it_may_have_recovered) {
  ScriptedServer& second = gate.server(second_server);
  for (int i = 0; i < 6; ++i) expect_served_by(second);
  ASSERT_EQ(gate.observed.events.size(), 1u);
  EXPECT_EQ(gate.observed.events[0], "server_marked_down http://10.0.0.1:8000 connection_refused");
  const std::size_t tried = gate.network.attempts().size();
  expect_served_by(second);
  EXPECT_EQ(gate.network.attempts().size(), tried + 1);  // the first is not even asked
  ScriptedServer& first = gate.server();
  gate.loop.advance(10s);
  for (int i = 0; i < 4; ++i) {
    client.send(request("GET /"));
    serve((first.waiting() != 0 ? first : second).accept());
  }
  EXPECT_EQ(first.accepted(), 2u);
}

TEST_F(Pools, learn_nothing_from_clients_that_leave) {
  for (std::string_view server : {sp::testing::default_server, second_server})
    gate.network.behave(endpoint(server), {.answer = sp::testing::Behaviour::Answer::silence});
  for (int i = 0; i < 8; ++i) {
    Scripted visitor = gate.client();
    visitor.send(request("GET /"));
    visitor.reset();
    EXPECT_EQ(gate.observed.last().code, Code::client_closed);
    EXPECT_EQ(gate.observed.last().side, Side::client);
  }
  EXPECT_TRUE(gate.observed.events.empty());
}

TEST_F(Pools, learn_nothing_from_a_gate_without_descriptors) {
  for (std::string_view server : {sp::testing::default_server, second_server})
    gate.network.behave(endpoint(server), {.answer = sp::testing::Behaviour::Answer::no_descriptors});
  for (int i = 0; i < 8; ++i) ask();
  EXPECT_EQ(gate.observed.last().side, Side::local);
  EXPECT_TRUE(gate.observed.events.empty());
}

TEST_F(Pools, have_nobody_to_ask_when_all_are_marked) {
  for (int i = 0; i < 3; ++i) ask();
  EXPECT_EQ(gate.observed.events.size(), 2u);
  const std::string text = ask();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 503 ")) << text;
  EXPECT_NE(text.find("Retry-After: "), std::string::npos);
  EXPECT_EQ(gate.observed.last().code, Code::no_server_available);
}

// Those who reflect what they are sent can be made to say such things.
TEST_F(Pools, learn_nothing_from_what_a_client_can_make_them_say) {
  ScriptedServer& first = gate.server();
  ScriptedServer& second = gate.server(second_server);
  const std::string too_large = "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x');
  for (std::string_view answer : {std::string_view("HTTP/1.1 200 OK\r\nX Y: 1\r\n\r\n"),
                                  std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n"),
                                  std::string_view("no HTTP\r\n\r\n"), std::string_view(too_large)}) {
    for (int i = 0; i < 6; ++i) {
      client.send(request("GET /"));
      Scripted server = (first.waiting() != 0 ? first : second).accept();
      server.take_until("\r\n\r\n");
      server.send_some(answer);
      EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
    }
  }
  EXPECT_TRUE(gate.observed.events.empty());
}

class ServersThatClose : public Pools {
 protected:
  // The request meets both of them, and neither says a word.
  void lose(std::string_view fields = {}) {
    client.send(request("GET /", fields));
    for (int tries = 0; tries < 2; ++tries) {
      Scripted server = (first.waiting() != 0 ? first : second).accept();
      server.take_until("\r\n\r\n");
      server.close();
    }
    EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
    EXPECT_EQ(gate.observed.last().attempts, 2u);
  }
  ScriptedServer& first = gate.server();
  ScriptedServer& second = gate.server(second_server);
};

// It may be the request that no server can stand: then it is not to take one after the other from everybody else.
TEST_F(ServersThatClose, without_an_answer_are_counted_once_for_each_request) {
  for (int i = 0; i < 3; ++i) lose();
  EXPECT_TRUE(gate.observed.events.empty());
  for (int i = 0; i < 2 && gate.observed.events.empty(); ++i) lose();
  ASSERT_EQ(gate.observed.events.size(), 1u);
  EXPECT_TRUE(gate.observed.events[0].ends_with(" upstream_closed"));
}

TEST_F(ServersThatClose, on_a_large_head_are_none_the_worse_for_it) {
  const std::string large = "X: " + std::string(10'000, 'x') + "\r\n";
  for (int i = 0; i < 4; ++i) lose(large);
  EXPECT_TRUE(gate.observed.events.empty());
}

TEST(PoolsWithBackup, ask_it_only_when_no_other_can_be_asked) {
  Gate gate(one_site("- { path: /, to: app }",
                     "upstreams:\n  app:\n    servers: [ \"http://10.0.0.1:8000\", { url: \"http://10.0.0.3:8000\", "
                     "backup: true } ]\n"));
  ScriptedServer& backup = gate.server(third_server);
  Scripted client = gate.client();
  client.send(request("GET /"));
  backup.accept().expect(forwarded("GET /"));
}

TEST(PoolsWithRetries, stop_at_the_number_that_is_configured) {
  Gate gate(pool("    retries: 0\n"));
  gate.server(second_server);
  Scripted client = gate.client();
  client.send(request("GET /"));
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().attempts, 1u);
  EXPECT_EQ(gate.observed.last().retried, Code::ok);
}

TEST(PoolsOfOne, are_never_passed_over) {
  Gate gate;
  Scripted client = gate.client();
  for (int i = 0; i < 10; ++i) {
    client.send(request("GET /"));
    EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  }
  gate.server();
  client.send(request("GET /"));
  gate.server().accept().expect(forwarded("GET /"));
}

}  // namespace
}  // namespace sp::proxy
