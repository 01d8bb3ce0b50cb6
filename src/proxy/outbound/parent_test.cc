// The way out through a parent proxy: what it is asked, what it may answer, and what goes without it.
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

using namespace std::string_literals;

constexpr std::string_view client_at = "127.0.0.1:50000";
constexpr std::string_view gate_at = "127.0.0.1:3128";
constexpr std::string_view parent_at = "192.168.4.5:3128";
constexpr std::string_view basic = "Proxy-Authorization: Basic bWF0dGVybW9zdDpzZXNhbWU=\r\n";

constexpr std::string_view rules =
    "      - { allow: [ example.com, 5.6.7.8, 10.0.0.1 ], ports: [ 80, 443 ] }\n"
    "      - { allow: [ 1.2.3.0/24 ], ports: [ 443 ] }\n";

std::string way_out(std::string_view parent) {
  return joined(
      {"outbound:\n  - listen: [ \"proxy://127.0.0.1:3128\" ]\n    rules:\n", rules, "    parent: ", parent, "\n"});
}
const std::string by_http = way_out("http://mattermost:sesame@192.168.4.5:3128");
const std::string by_socks = way_out("socks5://192.168.4.5:3128");

std::string get(std::string_view url, std::string_view host = "example.com", std::string_view more = {}) {
  return joined({"GET ", url, " HTTP/1.1\r\nHost: ", host, "\r\n", more, "\r\n"});
}
std::string connect(std::string_view to = "example.com:443") {
  return joined({"CONNECT ", to, " HTTP/1.1\r\nHost: ", to, "\r\nProxy-Authorization: Basic eDp5\r\n\r\n"});
}
std::string asked_for(std::string_view to = "example.com:443") {
  return joined({"CONNECT ", to, " HTTP/1.1\r\nHost: ", to, "\r\n", basic, "\r\n"});
}

class ByParent : public ::testing::Test {
 protected:
  void begin(std::string_view yaml = by_http) {
    gate.reset();  // there is one loop at a time
    gate = std::make_unique<Gate>(yaml);
    listener = &gate->server(parent_at);
  }
  Scripted client() { return gate->client(client_at, gate_at); }
  static std::string status_of(Scripted& client) { return client.take_until("\r\n\r\n").substr(9, 3); }
  // The code, and what exactly.
  std::string failure() {
    const sp::testing::Ended last = gate->observed.last();
    return joined({name(last.code), " ", last.detail});
  }

  std::unique_ptr<Gate> gate;
  ScriptedServer* listener = nullptr;
};

TEST_F(ByParent, tunnels_are_asked_for_with_credentials_of_the_gates_own) {
  begin();
  Scripted app = client();
  app.send(connect() + "early");
  Scripted parent = listener->accept();
  parent.expect(asked_for());
  parent.send("HTTP/1.1 200 Connection established\r\nVia: 1.1 parent\r\n\r\nfirst words");
  EXPECT_EQ(status_of(app), "200");
  app.expect("first words");
  parent.expect("early");
  app.send("more");
  parent.expect("more");
  app.close();
  parent.close();
  EXPECT_EQ(gate->observed.last().server, parent_at);
  EXPECT_EQ(gate->observed.last().code, Code::ok);
}

TEST_F(ByParent, interim_answers_are_passed_over_and_the_head_may_come_in_pieces) {
  begin();
  Scripted app = client();
  app.send(connect());
  Scripted parent = listener->accept();
  parent.expect(asked_for());
  for (const char c : "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200\r\nContent-Length: 5\r\n\r\n"s)
    parent.send(std::string(1, c));
  EXPECT_EQ(status_of(app), "200");
  parent.send("hello");
  app.expect("hello");
  app.close();
  parent.close();
}

struct Answer {
  std::string_view octets;  // of the parent
  std::string_view status, failure, proxy_status;
};

class ByParentAnswers : public ByParent, public ::testing::WithParamInterface<Answer> {};
TEST_P(ByParentAnswers, rows) {
  begin();
  Scripted app = client();
  app.send(connect());
  Scripted parent = listener->accept();
  parent.expect(asked_for());
  parent.send(GetParam().octets);
  parent.finish();
  const std::string head = app.take_until("\r\n\r\n");
  EXPECT_EQ(head.substr(9, 3), GetParam().status);
  EXPECT_TRUE(head.contains(joined({"Proxy-Status: sallyport; error=", GetParam().proxy_status, "\r\n"}))) << head;
  EXPECT_FALSE(head.contains("Proxy-Authenticate")) << head;
  EXPECT_FALSE(app.take_all().contains("192.168")) << "the page shows no servers";
  app.close();
  EXPECT_EQ(failure(), joined({GetParam().failure}));
}
INSTANTIATE_TEST_SUITE_P(
    Rows, ByParentAnswers,
    ::testing::Values(
        Answer{"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n", "502",
               "parent_refused http://192.168.4.5:3128: 407 Proxy Authentication Required",
               "connection_refused; received-status=407"},
        Answer{"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!", "403",
               "parent_denied http://192.168.4.5:3128: 403 Forbidden", "http_request_denied; received-status=403"},
        Answer{"HTTP/1.1 502 Bad Gateway\r\n\r\n", "502", "connection_failed http://192.168.4.5:3128: 502 Bad Gateway",
               "connection_terminated; received-status=502"},
        Answer{"HTTP/1.1 503\r\n\r\n", "502", "connection_failed http://192.168.4.5:3128: 503",
               "connection_terminated; received-status=503"},
        Answer{"HTTP/1.1 504 Gateway Time-out\r\n\r\n", "504",
               "connection_timeout http://192.168.4.5:3128: 504 Gateway Time-out",
               "connection_timeout; received-status=504"},
        Answer{"HTTP/1.1 302 Found\r\nLocation: http://evil/\r\n\r\n", "502",
               "parent_refused http://192.168.4.5:3128: 302 Found", "connection_refused; received-status=302"},
        Answer{"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "502",
               "parent_refused http://192.168.4.5:3128: 101 Switching Protocols",
               "connection_refused; received-status=101"},
        Answer{"SSH-2.0-OpenSSH_9\r\n\r\n", "502",
               "parent_malformed http://192.168.4.5:3128: the answer of the server does not begin with an HTTP status "
               "line",
               "http_protocol_error"},
        Answer{"HTTP/1.1 200 OK\r\nbad line\r\n\r\n", "502",
               "parent_malformed http://192.168.4.5:3128: the answer of the server has a malformed field",
               "http_protocol_error"},
        Answer{"", "502", "upstream_closed http://192.168.4.5:3128: the connection ended before the tunnel was there",
               "connection_terminated"},
        Answer{"HTTP/1.1 200 OK\r\n", "502",
               "upstream_closed http://192.168.4.5:3128: the connection ended before the tunnel was there",
               "connection_terminated"}));

TEST_F(ByParent, what_it_says_is_bounded_in_length_and_time) {
  begin();
  {
    Scripted app = client();
    app.send(connect());
    Scripted parent = listener->accept();
    parent.take_all();
    (void)parent.send_some("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'));
    EXPECT_EQ(status_of(app), "502");
    app.close();
    EXPECT_TRUE(failure().starts_with("parent_malformed")) << failure();
  }
  {
    Scripted app = client();
    app.send(connect());
    Scripted parent = listener->accept();
    parent.take_all();
    std::string endless;
    for (int i = 0; i < 40; ++i) endless += "HTTP/1.1 103 Early Hints\r\n\r\n";
    parent.send(endless);
    EXPECT_EQ(status_of(app), "502");
    app.close();
    EXPECT_EQ(failure(), "parent_malformed http://192.168.4.5:3128: too many interim responses");
  }
  Scripted app = client();
  app.send(connect());
  Scripted parent = listener->accept();
  parent.take_all();
  // However busily it does not answer.
  for (int i = 0; i < 6; ++i) {
    parent.send("HTTP/1.1 103 Early Hints\r\n\r\n");
    gate->loop.advance(9s);
    app.expect_nothing();
  }
  gate->loop.advance(10s);
  EXPECT_EQ(status_of(app), "504");
  app.close();
  EXPECT_EQ(failure(), "response_head_timeout http://192.168.4.5:3128: no answer in time");
}

TEST_F(ByParent, one_that_is_gone_is_said_to_be) {
  begin();
  gate->network.behave(sp::testing::endpoint(parent_at), {.answer = sp::testing::Behaviour::Answer::refuse});
  for (const std::string& request : {connect(), get("http://example.com/")}) {
    Scripted app = client();
    app.send(request);
    EXPECT_EQ(status_of(app), "502");
    app.close();
    EXPECT_EQ(failure(), "connection_refused http://192.168.4.5:3128: 192.168.4.5:3128 refused");
  }
  gate->network.behave(sp::testing::endpoint(parent_at), {.answer = sp::testing::Behaviour::Answer::silence});
  for (const std::string& request : {connect(), get("http://example.com/")}) {
    Scripted app = client();
    app.send(request);
    gate->loop.advance(4s);
    EXPECT_EQ(status_of(app), "504");
    app.close();
    EXPECT_TRUE(failure().starts_with("connection_timeout http://192.168.4.5:3128: ")) << failure();
  }
}

TEST_F(ByParent, one_that_is_this_entry_itself_is_not_asked) {
  begin(way_out("http://parent.test:3128"));
  gate->resolver.set("parent.test", {"127.0.0.1"});
  for (const std::string& request : {connect(), get("http://example.com/")}) {
    Scripted app = client();
    app.send(request);
    EXPECT_EQ(status_of(app), "508");
    app.close();
    gate->loop.advance(5s);
    EXPECT_EQ(failure(), "loop_detected http://parent.test:3128 is this way out itself");
  }
}

TEST_F(ByParent, a_client_that_leaves_ends_the_asking) {
  begin();
  Scripted app = client();
  app.send(connect());
  Scripted parent = listener->accept();
  parent.take_all();
  app.reset();
  gate->loop.advance(1s);
  EXPECT_EQ(gate->sessions(), 0u);
}

TEST_F(ByParent, requests_go_to_it_in_absolute_form_over_a_connection_that_is_kept) {
  begin();
  Scripted app = client();
  app.send(get("http://example.com/a?b", "example.com", "Proxy-Authorization: Basic eDp5\r\n"));
  Scripted parent = listener->accept();
  parent.expect(joined({"GET http://example.com/a?b HTTP/1.1\r\nHost: example.com\r\n", basic, "\r\n"}));
  parent.send(hi);
  EXPECT_EQ(status_of(app), "200");
  app.expect("hi");
  // To another server, too.
  app.send(get("http://5.6.7.8/", "5.6.7.8"));
  parent.expect(joined({"GET http://5.6.7.8/ HTTP/1.1\r\nHost: 5.6.7.8\r\n", basic, "\r\n"}));
  parent.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(status_of(app), "403");
  app.expect("no");
  app.send("OPTIONS http://example.com HTTP/1.1\r\nHost: example.com\r\n\r\n");
  parent.expect(joined({"OPTIONS http://example.com HTTP/1.1\r\nHost: example.com\r\n", basic, "\r\n"}));
  parent.send(hi);
  EXPECT_EQ(status_of(app), "200");
  app.close();
  // Another client has a connection of its own: what a server knows of one is not the other's.
  Scripted other = gate->client("127.0.0.2:50000", gate_at);
  other.send(get("http://example.com/"));
  Scripted again = listener->accept();
  again.expect(joined({"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n", basic, "\r\n"}));
  other.close();
  EXPECT_EQ(gate->observed.exchanges.at(0).server, parent_at);
}

TEST_F(ByParent, what_it_says_of_the_gates_password_is_not_for_the_client) {
  begin();
  Scripted app = client();
  app.send("POST http://example.com/ HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10\r\n\r\nhalf");
  Scripted parent = listener->accept();
  parent.take_all();
  parent.send("HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 6\r\n\r\nsecret");
  const std::string head = app.take_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 502 ")) << head;
  EXPECT_TRUE(head.contains("received-status=407")) << head;
  EXPECT_FALSE(app.take_all().contains("secret"));
  app.close();
  EXPECT_EQ(failure(), "parent_refused http://192.168.4.5:3128: 407 Who?");
}

TEST_F(ByParent, a_websocket_in_clear_passes_through_it) {
  begin();
  Scripted app = client();
  app.send(get("http://example.com/ws", "example.com",
               "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
  Scripted parent = listener->accept();
  EXPECT_TRUE(parent.take_until("\r\n\r\n").starts_with("GET http://example.com/ws HTTP/1.1\r\n"));
  parent.send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nframe");
  EXPECT_EQ(status_of(app), "101");
  app.expect("frame");
  app.close();
  parent.close();
  EXPECT_EQ(gate->observed.last().server, parent_at);
}

TEST_F(ByParent, rules_hold_before_it_is_asked) {
  begin();
  for (const std::string& request :
       {connect("example.org:443"), connect("example.com:22"), get("http://example.org/", "example.org"),
        connect("127.0.0.1:443"), connect("[::1]:443"), connect("9.9.9.9:443")}) {
    Scripted app = client();
    app.send(request);
    EXPECT_EQ(status_of(app), "403") << request;
    app.close();
    EXPECT_EQ(name(gate->observed.last().code), "destination_refused") << request;
  }
  EXPECT_EQ(listener->accepted(), 0u);
}

TEST_F(ByParent, what_is_known_here_of_a_name_is_judged) {
  struct Row {
    std::string_view host;
    std::vector<std::string_view> addresses;
    std::string_view status;
  };
  const Row rows[] = {
      {"example.com", {"5.6.7.9"}, ""},
      {"example.com", {"10.0.0.9"}, "403"},
      {"example.com", {"5.6.7.9", "169.254.169.254"}, "403"},  // which one the parent takes, nobody knows
      {"example.com", {}, ""},
      {"by-network.test", {"1.2.3.4"}, ""},
      {"by-network.test", {"1.2.3.4", "9.9.9.9"}, "403"},
      {"by-network.test", {}, "403"},
  };
  for (const Row& row : rows) {
    begin();
    if (!row.addresses.empty()) gate->resolver.set(row.host, row.addresses);
    const std::string to = joined({row.host, ":443"});
    Scripted app = client();
    app.send(connect(to));
    if (row.status.empty()) {
      Scripted parent = listener->accept();
      parent.expect(asked_for(to));  // the name, and not what it has resolved to here
      parent.send("HTTP/1.1 200 OK\r\n\r\n");
      EXPECT_EQ(status_of(app), "200") << row.host;
    } else {
      EXPECT_EQ(status_of(app), row.status) << row.host;
      EXPECT_EQ(listener->accepted(), 0u);
    }
    app.close();
  }
}

TEST_F(ByParent, where_no_name_server_answers_nobody_waits_for_long) {
  begin();
  gate->resolver.set("example.com", {"10.0.0.9"}, 60s);
  Scripted app = client();
  app.send(connect());
  gate->loop.advance(2s);
  Scripted parent = listener->accept();
  parent.expect(asked_for());
  app.close();
}

TEST_F(ByParent, nothing_is_looked_up_where_that_is_off) {
  begin(way_out("{ url: \"http://mattermost:sesame@192.168.4.5:3128\", lookup: off }"));
  gate->resolver.set("example.com", {"10.0.0.9"});
  for (const std::string& request : {connect(), get("http://example.com/")}) {
    Scripted app = client();
    app.send(request);
    Scripted parent = listener->accept();
    EXPECT_TRUE(parent.take_all().contains("example.com"));
    app.close();
    parent.close();
  }
  EXPECT_TRUE(gate->resolver.asked().empty());
}

TEST_F(ByParent, what_is_in_no_proxy_is_reached_directly_and_judged_as_ever) {
  begin(way_out("{ url: \"http://192.168.4.5:3128\", no_proxy: \"www.example.com,5.6.7.8:443,.internal.test\" }"));
  gate->resolver.set("www.example.com", {"5.6.7.9"});
  ScriptedServer& plain = gate->server("5.6.7.9:80");
  ScriptedServer& tunnel = gate->server("5.6.7.8:443");
  {
    Scripted app = client();
    app.send(get("http://www.example.com/", "www.example.com"));
    Scripted server = plain.accept();
    server.expect("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
    server.send(hi);
    EXPECT_EQ(status_of(app), "200");
    app.close();
  }
  {
    Scripted app = client();
    app.send(connect("5.6.7.8:443"));
    Scripted server = tunnel.accept();
    EXPECT_EQ(status_of(app), "200");
    server.close();
    app.close();
  }
  gate->resolver.set("www.example.com", {"127.0.0.1"});
  Scripted app = client();
  app.send(connect("www.example.com:443"));
  EXPECT_EQ(status_of(app), "403");
  app.close();
  EXPECT_EQ(name(gate->observed.last().code), "destination_address_refused");
  EXPECT_EQ(listener->accepted(), 0u);
}

// ---- SOCKS5

const std::string greeting = "\x05\x01\x00"s;
const std::string wanted = "\x05\x01\x00\x03\x0b"s + "example.com\x01\xbb";
const std::string granted = "\x05\x00\x00\x01\0\0\0\0\0\0"s;

TEST_F(ByParent, socks_is_asked_by_name_and_its_credentials_are_said) {
  begin(way_out("socks5h://mattermost:sesame@192.168.4.5:3128"));
  gate->resolver.set("example.com", {"5.6.7.9"});
  Scripted app = client();
  app.send(connect());
  Scripted parent = listener->accept();
  parent.expect("\x05\x02\x00\x02"s);
  parent.send("\x05\x02");
  parent.expect("\x01\x0amattermost\x06sesame");
  parent.send("\x01\x00"s);
  parent.expect(wanted);
  parent.send(granted + "first words");
  EXPECT_EQ(status_of(app), "200");
  app.expect("first words");
  app.close();
  parent.close();
  EXPECT_EQ(gate->observed.last().server, parent_at);
}

TEST_F(ByParent, a_request_passes_through_a_tunnel_of_socks_that_is_kept) {
  begin(by_socks);
  Scripted app = client();
  app.send(get("http://example.com/a"));
  Scripted parent = listener->accept();
  parent.expect(greeting);
  parent.send("\x05\x00"s);
  parent.expect("\x05\x01\x00\x03\x0b"s + "example.com\x00\x50"s);
  parent.send(granted);
  parent.expect("GET /a HTTP/1.1\r\nHost: example.com\r\n\r\n");
  parent.send(hi);
  EXPECT_EQ(status_of(app), "200");
  app.expect("hi");
  app.send(get("http://example.com/b"));
  parent.expect("GET /b HTTP/1.1\r\nHost: example.com\r\n\r\n");
  parent.send(hi);
  EXPECT_EQ(status_of(app), "200");
  app.close();
}

// An answer to a request that was not made yet would be somebody else's.
TEST_F(ByParent, nothing_may_come_before_the_request) {
  begin(by_socks);
  Scripted app = client();
  app.send(get("http://example.com/"));
  Scripted parent = listener->accept();
  parent.expect(greeting);
  parent.send("\x05\x00"s);
  parent.take_all();
  parent.send(joined({granted, hi}));
  EXPECT_EQ(status_of(app), "502");
  app.close();
  EXPECT_EQ(failure(),
            "parent_malformed socks5://192.168.4.5:3128: octets behind its answer, before anything was asked");
}

TEST_F(ByParent, clients_of_socks_are_passed_on_and_told_what_it_says) {
  for (const bool refused : {false, true}) {
    begin();
    Scripted app = client();
    app.send(greeting);
    app.expect("\x05\x00"s);
    app.send(wanted + "early");
    Scripted parent = listener->accept();
    parent.expect(asked_for());
    if (refused) {
      parent.send("HTTP/1.1 403 No\r\n\r\n");
      app.expect("\x05\x02\x00\x01\0\0\0\0\0\0"s);
    } else {
      parent.send("HTTP/1.1 200 OK\r\n\r\nfirst words");
      app.expect(granted + "first words");
      parent.expect("early");
    }
    app.close();
    parent.close();
    EXPECT_EQ(name(gate->observed.last().code), refused ? "parent_denied" : "ok");
    EXPECT_EQ(gate->observed.last().server, parent_at);
  }
}

struct SocksAnswer {
  std::string_view name;
  std::string octets;  // behind "no password is wanted"
  std::string_view status, failure;
};
TEST_F(ByParent, every_answer_of_socks_has_its_meaning) {
  const SocksAnswer rows[] = {
      {"not allowed", "\x05\x02\x00\x01\0\0\0\0\0\0"s, "403",
       "parent_denied SOCKS5: not allowed by the parent's rules"},
      {"host unreachable", "\x05\x04\x00\x01\0\0\0\0\0\0"s, "502",
       "connection_unreachable SOCKS5: host unreachable, says the parent"},
      {"refused", "\x05\x05\x00\x01\0\0\0\0\0\0"s, "502",
       "connection_refused SOCKS5: connection refused, says the parent"},
      {"TTL", "\x05\x06\x00\x01\0\0\0\0\0\0"s, "504", "connection_timeout SOCKS5: TTL expired, says the parent"},
      {"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", "502", "parent_malformed SOCKS5: no reply to the request"},
      {"cut", "\x05\x00"s, "502", "upstream_closed the connection ended before the tunnel was there"},
  };
  for (const SocksAnswer& row : rows) {
    begin(by_socks);
    Scripted app = client();
    app.send(connect());
    Scripted parent = listener->accept();
    parent.expect(greeting);
    parent.send("\x05\x00"s);
    parent.expect(wanted);
    parent.send(row.octets);
    parent.finish();
    EXPECT_EQ(status_of(app), row.status) << row.name;
    app.close();
    std::string failed = failure();
    const std::string parent_name = "socks5://192.168.4.5:3128: ";
    ASSERT_TRUE(failed.contains(parent_name)) << failed;
    failed.erase(failed.find(parent_name), parent_name.size());
    EXPECT_EQ(failed, row.failure) << row.name;
  }
}

TEST_F(ByParent, a_stalling_socks_is_given_up) {
  begin(by_socks);
  Scripted app = client();
  app.send(connect());
  Scripted parent = listener->accept();
  gate->loop.advance(61s);
  EXPECT_EQ(status_of(app), "504");
  app.close();
}

}  // namespace
}  // namespace sp::proxy
