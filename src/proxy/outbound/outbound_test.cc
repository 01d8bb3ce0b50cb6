// The way out: who may use it, what may be reached, by which address, and what is said of it.
#include "proxy/outbound/users.h"
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

using namespace std::string_literals;
using sp::testing::GateOptions;

constexpr std::string_view client_at = "127.0.0.1:50000";
constexpr std::string_view gate_at = "127.0.0.1:3128";

std::string way_out(std::string_view rules, std::string_view more = {}) {
  return joined({"outbound:\n  - listen: [ \"proxy://127.0.0.1:3128\" ]\n", more, "    rules:\n", rules});
}
const std::string allow_example = "      - { allow: [ example.com ], ports: [ 80, 443 ] }\n";

// One who knows one user, after a while.
class OneUser final : public Users {
 public:
  runtime::Task<Answer> verify(std::string_view user, std::string_view password, runtime::CancelToken&) override {
    if (user == "busy") co_return Answer::busy;
    co_return user == "mattermost" && password == "secret" ? Answer::right : Answer::wrong;
  }
};

class Outbound : public ::testing::Test {
 protected:
  static Scripted client_of(Gate& gate) { return gate.client(client_at, gate_at); }
  // (203.0.113.0/24 is for documentation, and special: the way out does not lead there.)
  static std::string get(std::string_view url, std::string_view host, std::string_view more = {}) {
    return joined({"GET ", url, " HTTP/1.1\r\nHost: ", host, "\r\n", more, "\r\n"});
  }
  static std::string connect(std::string_view to, std::string_view more = {}) {
    return joined({"CONNECT ", to, " HTTP/1.1\r\nHost: ", to, "\r\n", more, "\r\n"});
  }
  static void expect_status(Scripted& client, std::string_view status) {
    EXPECT_TRUE(client.take_until("\r\n\r\n").starts_with(joined({"HTTP/1.1 ", status, " "})));
  }
  // What the client is told, and the code in the log.
  static void expect_refusal(Gate& gate, std::string_view request, std::string_view status, Code code) {
    Scripted client = client_of(gate);
    client.send(request);
    expect_status(client, status);
    client.close();
    ASSERT_FALSE(gate.observed.exchanges.empty());
    EXPECT_EQ(name(gate.observed.last().code), name(code)) << request;
  }
};

TEST_F(Outbound, a_request_goes_to_the_server_that_it_names) {
  Gate gate(way_out(allow_example));
  gate.resolver.set("example.com", {"1.2.3.4"});
  ScriptedServer& listener = gate.server("1.2.3.4:80");
  Scripted client = client_of(gate);
  client.send(get("http://example.com/a?b", "example.com",
                  "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\n"));
  Scripted server = listener.accept();
  server.expect("GET /a?b HTTP/1.1\r\nHost: example.com\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  expect_status(client, "200");
  client.close();
  EXPECT_EQ(gate.observed.last().server, "1.2.3.4:80");
}

TEST_F(Outbound, connect_joins_the_two_and_what_came_behind_it_is_the_tunnels) {
  Gate gate(way_out(allow_example));
  gate.resolver.set("example.com", {"1.2.3.4"});
  ScriptedServer& listener = gate.server("1.2.3.4:443");
  Scripted client = client_of(gate);
  client.send(connect("example.com:443") + "hello");
  Scripted server = listener.accept();
  expect_status(client, "200");
  server.expect("hello");
  server.close();
  client.close();
}

TEST_F(Outbound, nothing_that_no_rule_allows_is_looked_up_or_connected_to) {
  Gate gate(way_out(allow_example));
  expect_refusal(gate, get("http://example.org/", "example.org"), "403", Code::destination_refused);
  expect_refusal(gate, connect("example.org:443"), "403", Code::destination_refused);
  expect_refusal(gate, connect("example.com:22"), "403", Code::destination_refused);
  EXPECT_TRUE(gate.resolver.asked().empty());
}

TEST_F(Outbound, the_log_says_which_rule_comes_nearest_and_what_to_do_about_it) {
  Gate gate(way_out("      - { allow: [ example.com ], paths: [ /pub ] }\n      - { deny: [ bad.test ] }\n"));
  const auto expect = [&](std::string_view request, std::string_view detail, std::string_view remedy) {
    expect_refusal(gate, request, "403", Code::destination_refused);
    EXPECT_NE(gate.observed.last().detail.find(detail), std::string::npos) << gate.observed.last().detail;
    EXPECT_NE(gate.observed.last().remedy.find(remedy), std::string::npos) << gate.observed.last().remedy;
  };
  expect(get("http://example.com/x", "example.com"), "is for other paths", "add it to `paths` of rule 1");
  expect(connect("bad.test:443"), "denies `bad.test`", "change rule 2");
  expect(connect("none.test:443"), "no rule is for none.test:443", "");
}

// Go, Java, Python and wget show nothing else of the answer to a CONNECT.
TEST_F(Outbound, the_first_line_says_who_refuses_a_tunnel_and_why) {
  Gate gate(way_out(allow_example + "      - { deny: [ bad.test ], reason: \"ask the operations team\" }\n"));
  const auto first_line = [&](std::string_view request) {
    Scripted client = client_of(gate);
    client.send(request);
    const std::string head = client.take_until("\r\n");
    client.close();
    return head.substr(0, head.find('\r'));
  };
  EXPECT_EQ(first_line(connect("bad.test:443")),
            "HTTP/1.1 403 Forbidden (sallyport: destination_refused: ask the operations team)");
  EXPECT_EQ(first_line(connect("none.test:443")), "HTTP/1.1 403 Forbidden (sallyport: destination_refused)");
  EXPECT_EQ(first_line(get("http://bad.test/", "bad.test")), "HTTP/1.1 403 Forbidden");
}

TEST_F(Outbound, names_that_lead_nowhere_are_nobodys_to) {
  Gate gate(way_out(allow_example));
  gate.resolver.set_failure("example.com", Code::dns_error);
  for (const std::string& request : {get("http://example.com/", "example.com"), connect("example.com:443")}) {
    expect_refusal(gate, request, "502", Code::dns_error);
    EXPECT_EQ(gate.observed.last().remedy.find("`to`"), std::string::npos) << gate.observed.last().remedy;
    EXPECT_NE(gate.observed.last().remedy.find("check the name"), std::string::npos) << gate.observed.last().remedy;
  }
}

TEST_F(Outbound, addresses_are_judged_and_not_only_names) {
  Gate gate(way_out(allow_example));
  for (const std::string_view address :
       {"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "64:ff9b::a00:1", "::ffff:10.0.0.1"}) {
    gate.resolver.set("example.com", {address});
    expect_refusal(gate, get("http://example.com/", "example.com"), "403", Code::destination_address_refused);
    expect_refusal(gate, connect("example.com:443"), "403", Code::destination_address_refused);
    const bool metadata = address == "169.254.169.254";
    EXPECT_EQ(gate.observed.last().remedy.contains("its very address"), metadata) << gate.observed.last().remedy;
  }
}

TEST_F(Outbound, of_several_addresses_only_those_that_may_be_are_connected_to) {
  Gate gate(way_out(allow_example));
  gate.resolver.set("example.com", {"10.0.0.1", "1.2.3.4"});
  ScriptedServer& listener = gate.server("1.2.3.4:443");
  Scripted client = client_of(gate);
  client.send(connect("example.com:443"));
  Scripted server = listener.accept();
  expect_status(client, "200");
  server.close();
  client.close();
}

TEST_F(Outbound, private_networks_are_reached_where_they_are_named) {
  Gate gate(way_out(allow_example, "    private_networks: [ 10.0.0.0/8 ]\n"));
  gate.resolver.set("example.com", {"10.0.0.1"});
  ScriptedServer& listener = gate.server("10.0.0.1:443");
  Scripted client = client_of(gate);
  client.send(connect("example.com:443"));
  Scripted server = listener.accept();
  expect_status(client, "200");
  server.close();
  client.close();
}

TEST_F(Outbound, only_this_machine_where_nobody_else_is_named) {
  Gate gate(way_out(allow_example));
  Scripted client = gate.client("203.0.113.9:50000", gate_at);
  client.send(connect("example.com:443"));
  expect_status(client, "403");
  client.close();
  EXPECT_EQ(name(gate.observed.last().code), "denied");
}

TEST_F(Outbound, who_is_no_user_is_asked_and_told_nothing_else) {
  GateOptions options;
  options.users = std::make_shared<OneUser>();
  Gate gate(way_out("      - { allow: [ example.com ], who: [ mattermost ] }\n", "    users: users\n"), options);
  gate.resolver.set("example.com", {"1.2.3.4"});
  expect_refusal(gate, connect("example.com:443"), "407", Code::proxy_authentication_required);
  expect_refusal(gate, connect("example.org:443"), "407", Code::proxy_authentication_required);
  expect_refusal(gate, connect("example.com:443", "Proxy-Authorization: Basic eDp5\r\n"), "407",
                 Code::proxy_authentication_required);
  expect_refusal(gate,
                 connect("example.com:443", "Proxy-Authorization: Basic eDp5\r\nProxy-Authorization: Basic eDp5\r\n"),
                 "407", Code::proxy_authentication_required);
  expect_refusal(gate, connect("example.com:443", "Proxy-Authorization: Basic YnVzeTp5\r\n"), "503", Code::users_busy);
  ScriptedServer& listener = gate.server("1.2.3.4:443");
  Scripted client = client_of(gate);
  client.send(connect("example.com:443", "Proxy-Authorization: Basic bWF0dGVybW9zdDpzZWNyZXQ=\r\n"));
  Scripted server = listener.accept();
  expect_status(client, "200");
  server.close();
  client.close();
}

TEST_F(Outbound, what_is_no_request_to_a_proxy_is_said_to_be_none) {
  Gate gate(way_out(allow_example));
  expect_refusal(gate, get("/", "example.com"), "400", Code::not_for_a_proxy);
  expect_refusal(gate, get("https://example.com/", "example.com"), "400", Code::not_for_a_proxy);
  expect_refusal(gate, get("http://127.1/", "127.1"), "400", Code::destination_malformed);
  expect_refusal(gate, get("http://2130706433/", "2130706433"), "400", Code::destination_malformed);
  expect_refusal(gate, get("http://0x7f000001/", "0x7f000001"), "400", Code::destination_malformed);
}

TEST_F(Outbound, socks_reaches_the_same) {
  Gate gate(way_out(allow_example));
  gate.resolver.set("example.com", {"1.2.3.4"});
  ScriptedServer& listener = gate.server("1.2.3.4:443");
  Scripted client = client_of(gate);
  client.send("\x05\x01\x00"s);
  client.expect("\x05\x00"s);
  client.send(
      "\x05\x01\x00\x03\x0b"
      "example.com\x01\xbb"
      "early"s);
  Scripted server = listener.accept();
  client.expect("\x05\x00\x00\x01\0\0\0\0\0\0"s);
  server.expect("early");
  server.close();
  client.close();
  Scripted refused = client_of(gate);
  refused.send("\x05\x01\x00\x05\x01\x00\x01\x0a\0\0\x01\x01\xbb"s);
  refused.expect("\x05\x00\x05\x02\x00\x01\0\0\0\0\0\0"s);
  refused.close();
  EXPECT_EQ(name(gate.observed.last().code), "destination_refused");
}

// The address of a connection was judged for the request that made it.
TEST_F(Outbound, a_kept_connection_is_judged_for_each_request) {
  const std::string_view rules[] = {
      "      - { deny: [ 1.2.3.0/24 ], methods: [ POST ] }\n      - { allow: [ example.com ], ports: [ 80 ] }\n",
      "      - { allow: [ 1.2.3.0/24 ], methods: [ GET ] }\n      - { allow: [ 5.6.7.0/24 ], methods: [ POST ] }\n",
      "      - { deny: [ 1.2.3.0/24 ], paths: [ /p ] }\n      - { allow: [ example.com ], ports: [ 80 ] }\n"};
  for (const std::string_view written : rules) {
    Gate gate(way_out(written));
    gate.resolver.set("example.com", {"1.2.3.4"});
    ScriptedServer& listener = gate.server("1.2.3.4:80");
    Scripted client = client_of(gate);
    client.send(get("http://example.com/a", "example.com"));
    Scripted server = listener.accept();
    server.expect("GET /a HTTP/1.1\r\nHost: example.com\r\n\r\n");
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    expect_status(client, "200");
    client.expect("ok");
    client.send("POST http://example.com/p HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n");
    expect_status(client, "403");
    EXPECT_EQ(server.take_all(), "") << written;
    client.close();
    EXPECT_TRUE(gate.observed.last().code == Code::destination_refused) << written;
  }
}

TEST_F(Outbound, a_path_that_leads_back_is_sent_as_it_was_judged) {
  Gate gate(way_out("      - { allow: [ example.com ], ports: [ 80 ], paths: [ /public ] }\n"));
  gate.resolver.set("example.com", {"1.2.3.4"});
  ScriptedServer& listener = gate.server("1.2.3.4:80");
  struct {
    std::string_view asked, sent;
  } const rows[] = {{"/secret//../public/a", "/public/a"},
                    {"/secret/%2e%2e/public?x=/../", "/public?x=/../"},
                    {"//public/%7e//a%2fb", "//public/%7e//a%2fb"}};
  for (const auto& row : rows) {
    Scripted client = client_of(gate);
    client.send(get(joined({"http://example.com", row.asked}), "example.com", "Connection: close\r\n"));
    Scripted server = listener.accept();
    server.expect(joined({"GET ", row.sent, " HTTP/1.1\r\nHost: example.com\r\n\r\n"}));
    server.close();
    client.take_all();
    client.close();
  }
}

TEST_F(Outbound, what_comes_behind_a_refused_connect_is_no_request) {
  Gate gate(way_out(allow_example));
  gate.resolver.set("example.com", {"1.2.3.4"});
  gate.server("1.2.3.4:80");
  Scripted client = client_of(gate);
  client.send(connect("example.org:443") + get("http://example.com/", "example.com"));
  EXPECT_TRUE(client.take_until("\r\n\r\n").contains("Connection: close\r\n"));
  EXPECT_FALSE(client.take_all().contains("HTTP/1.1"));
  client.close();
  EXPECT_EQ(gate.observed.exchanges.size(), 1u);
}

TEST_F(Outbound, a_connect_may_come_again_with_a_user) {
  GateOptions options;
  options.users = std::make_shared<OneUser>();
  Gate gate(way_out(allow_example, "    users: users\n"), options);
  gate.resolver.set("example.com", {"1.2.3.4"});
  ScriptedServer& listener = gate.server("1.2.3.4:443");
  Scripted client = client_of(gate);
  client.send(connect("example.com:443"));
  const std::string head = client.take_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 407 ") && !head.contains("Connection: close")) << head;
  client.take_all();
  client.send(connect("example.com:443", "Proxy-Authorization: Basic bWF0dGVybW9zdDpzZWNyZXQ=\r\n"));
  Scripted server = listener.accept();
  expect_status(client, "200");
  client.close();
  server.close();
}

}  // namespace
}  // namespace sp::proxy
