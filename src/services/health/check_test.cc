#include "services/health/check.h"

#include "runtime/scope.h"
#include "services/health/stand_for_tests.h"
#include "tls/client_context.h"

namespace sp::health {
namespace {

// One check of the first server of a configuration, which is at 10.0.0.1:1.
class OneCheck {
 public:
  explicit OneCheck(std::string_view text) : snapshot_(snapshot_of(text)) {
    contexts_.clients.resize(snapshot_->policy->upstreams.size());
  }
  ~OneCheck() {
    token.cancel();
    net.loop.settle();
    EXPECT_EQ(scope_.running(), 0u);
  }

  void begin() {
    scope_.spawn(run());
    net.loop.settle();
  }
  Scripted connected() {
    begin();
    return server.accept();
  }
  // "well", or why not; empty: it is under way.
  std::string said() {
    net.loop.settle();
    if (!done_) return "";
    return result_.outcome == Outcome::well ? "well" : result_.outcome == Outcome::failed ? result_.why : "unknown";
  }

  Network net;
  ScriptedServer server{net.loop, net.network, endpoint("10.0.0.1:1")};
  runtime::CancelSource token;

 private:
  runtime::Task<void> run() {
    const policy::Upstream& upstream = *snapshot_->policy->upstreams.front();
    result_ = co_await check(net.world, contexts_, upstream, upstream.servers.front(), token);
    done_ = true;
  }

  std::shared_ptr<const proxy::Snapshot> snapshot_;
  proxy::WorkerContexts contexts_;
  runtime::Scope scope_;
  CheckResult result_;
  bool done_ = false;
};

constexpr std::string_view ping =
    "GET /ping?full=1 HTTP/1.1\r\nHost: 10.0.0.1:1\r\nUser-Agent: sallyport-health\r\n"
    "Accept: */*\r\nConnection: close\r\n\r\n";
const std::string http = web("servers: \"http://10.0.0.1:1\", health: \"/ping?full=1\"");

// What a check says of an answer.
std::string of_answer(std::string_view answer, std::string_view text = http) {
  OneCheck one(text);
  Scripted server = one.connected();
  server.take_until("\r\n\r\n");
  server.send(answer);
  server.close();
  return one.said();
}

TEST(Check, asks_for_its_path) {
  OneCheck one(http);
  Scripted server = one.connected();
  server.expect(ping);
  EXPECT_EQ(one.said(), "");
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  server.finish();
  EXPECT_EQ(one.said(), "well");
  server.close();
}

TEST(Check, asks_for_the_host_that_it_is_told) {
  OneCheck one(web("servers: \"http://10.0.0.1:1\", health: { path: /, host: \"chat.example.com:8443\" }"));
  Scripted server = one.connected();
  EXPECT_NE(server.take_until("\r\n\r\n").find("\r\nHost: chat.example.com:8443\r\n"), std::string::npos);
  server.close();
  EXPECT_EQ(one.said(), "it closes the connection without an answer");
}

TEST(Check, judges_the_status) {
  EXPECT_EQ(of_answer("HTTP/1.1 200 OK\r\n\r\n"), "well");
  EXPECT_EQ(of_answer("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"), "well");
  EXPECT_EQ(of_answer("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"), "well");
  EXPECT_EQ(of_answer("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nnot today"),
            "it answers /ping?full=1 with 503, not 200-399");
  EXPECT_EQ(of_answer("HTTP/1.1 404 Not Found\r\n\r\n"), "it answers /ping?full=1 with 404, not 200-399");
  const std::string some = web("servers: \"http://10.0.0.1:1\", health: { path: /, expect: [ 200, 401-403 ] }");
  EXPECT_EQ(of_answer("HTTP/1.1 200 OK\r\n\r\n", some), "well");
  EXPECT_EQ(of_answer("HTTP/1.1 403 Forbidden\r\n\r\n", some), "well");
  EXPECT_EQ(of_answer("HTTP/1.1 204 No Content\r\n\r\n", some), "it answers / with 204, not 200, 401-403");
}

TEST(Check, takes_no_nonsense) {
  EXPECT_EQ(of_answer("SSH-2.0-OpenSSH_9.2\r\n\r\n"), std::string(info(Code::bad_status_line).what));
  EXPECT_EQ(of_answer(""), "it closes the connection without an answer");
  EXPECT_EQ(of_answer("HTTP/1.1 200 OK\r\nContent-"), "it closes the connection without an answer");
}

TEST(Check, reads_an_answer_that_comes_octet_by_octet) {
  OneCheck one(http);
  Scripted server = one.connected();
  for (const char c : std::string_view("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")) {
    EXPECT_EQ(one.said(), "");
    server.send(std::string_view(&c, 1));
  }
  server.close();
  EXPECT_EQ(one.said(), "well");
}

TEST(Check, does_not_wait_for_content_that_has_no_end) {
  OneCheck one(http);
  Scripted server = one.connected();
  server.send("HTTP/1.1 200 OK\r\n\r\nmore and more");
  EXPECT_EQ(one.said(), "");
  one.net.loop.advance(500ms);
  EXPECT_EQ(one.said(), "well");
  server.close();
}

TEST(Check, does_not_wait_for_the_end_of_a_connection_when_the_answer_is_whole) {
  OneCheck one(http);
  Scripted server = one.connected();
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwe");
  EXPECT_EQ(one.said(), "");
  server.send("ll");
  EXPECT_EQ(one.said(), "well");
  server.close();
}

TEST(Check, ends_within_its_time) {
  OneCheck one(http);
  Scripted server = one.connected();
  server.send("HTTP/1.1 200 OK\r\n");
  one.net.loop.advance(1999ms);
  EXPECT_EQ(one.said(), "");
  one.net.loop.advance(1ms);
  EXPECT_EQ(one.said(), "not an answer within 2s");
  server.close();
}

TEST(Check, says_why_a_server_is_not_reached) {
  using Answer = sp::testing::Behaviour::Answer;
  const auto of = [](Answer answer) {
    OneCheck one(http);
    one.net.network.behave(endpoint("10.0.0.1:1"), {.answer = answer});
    one.begin();
    one.net.loop.advance(2s);
    return one.said();
  };
  EXPECT_EQ(of(Answer::refuse), "10.0.0.1:1 refused");
  EXPECT_EQ(of(Answer::silence), "10.0.0.1:1 timed out");
  EXPECT_EQ(of(Answer::unreachable), "10.0.0.1:1 unreachable");
  EXPECT_EQ(of(Answer::no_descriptors), "unknown") << "that is no fault of the server";
}

TEST(Check, looks_names_up) {
  OneCheck one(web("servers: \"http://app.internal:1\", health: {}"));
  one.begin();
  EXPECT_EQ(one.said().substr(0, 14), "app.internal: ");
  OneCheck known(web("servers: \"http://app.internal:1\", health: {}"));
  known.net.resolver.set("app.internal", {"10.0.0.1"});
  Scripted server = known.connected();
  server.close();
  EXPECT_EQ(known.said(), "well");
}

TEST(Check, without_a_path_is_content_with_a_connection) {
  OneCheck one(web("servers: \"http://10.0.0.1:1\", health: {}"));
  Scripted server = one.connected();
  server.expect_end();
  EXPECT_EQ(one.said(), "well");
  server.close();
}

TEST(Check, is_given_up_when_nobody_wants_it_any_more) {
  OneCheck one(http);
  Scripted server = one.connected();
  one.token.cancel();
  EXPECT_EQ(one.said(), "unknown");
  server.close();
}

// ---- mail

std::string mail(std::string_view scheme) {
  return relayed("servers: \"" + std::string(scheme) + "://10.0.0.1:1\", health: {}");
}

TEST(Check, says_goodbye_to_servers_of_mail) {
  struct Row {
    std::string_view scheme, greeting, goodbye, answer;
  };
  for (const Row& row : {
           Row{"smtp", "220 mail.example.com ESMTP\r\n", "QUIT\r\n", "221 2.0.0 Bye\r\n"},
           Row{"smtp", "220-mail.example.com\r\n220 ESMTP\r\n", "QUIT\r\n", "221 2.0.0 Bye\r\n"},
           Row{"imap", "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", "h1 LOGOUT\r\n", "* BYE\r\nh1 OK\r\n"},
           Row{"pop3", "+OK ready\r\n", "QUIT\r\n", "+OK\r\n"},
           Row{"sieve", "\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n", "LOGOUT\r\n",
               "OK\r\n"},
       }) {
    OneCheck one(mail(row.scheme));
    Scripted server = one.connected();
    server.expect_nothing();
    server.send(row.greeting);
    server.expect(row.goodbye);
    server.send(row.answer);
    server.finish();
    EXPECT_EQ(one.said(), "well") << row.greeting;
    server.close();
  }
}

TEST(Check, waits_for_the_whole_greeting) {
  OneCheck one(mail("smtp"));
  Scripted server = one.connected();
  server.send("220-mail.exam");
  server.expect_nothing();
  server.send("ple.com\r\n220 ");
  server.expect_nothing();
  server.send("ESMTP\r\n");
  server.expect("QUIT\r\n");
  server.close();
  EXPECT_EQ(one.said(), "well");
}

TEST(Check, wants_a_greeting) {
  const auto of = [](std::string_view scheme, std::string_view greeting) {
    OneCheck one(mail(scheme));
    Scripted server = one.connected();
    server.send(greeting);
    server.close();
    return one.said();
  };
  EXPECT_EQ(of("smtp", "421 4.3.2 too busy\r\n"), "it does not greet: 421 4.3.2 too busy");
  EXPECT_EQ(of("smtp", "* OK ready\r\n"), "it does not greet: * OK ready");
  EXPECT_EQ(of("imap", "* BYE go away\r\n"), "it does not greet: * BYE go away");
  EXPECT_EQ(of("pop3", "-ERR no\r\n"), "it does not greet: -ERR no");
  EXPECT_EQ(of("smtp", ""), "it closes the connection without a greeting");
}

TEST(Check, does_not_wait_longer_than_its_time_for_a_greeting) {
  OneCheck one(mail("imap"));
  Scripted server = one.connected();
  one.net.loop.advance(2s);
  EXPECT_EQ(one.said(), "not a greeting within 2s");
  server.close();
}

// ---- other servers that octets are passed on to

TEST(Check, is_content_with_a_server_that_waits) {
  OneCheck one(mail("tcp"));
  Scripted server = one.connected();
  EXPECT_EQ(one.said(), "");
  one.net.loop.advance(500ms);
  EXPECT_EQ(one.said(), "well");
  server.expect_end();
  server.close();
}

TEST(Check, knows_mail_by_its_greeting) {
  OneCheck one(mail("tcp"));
  Scripted server = one.connected();
  server.send("220 mail.example.com ESMTP\r\n");
  server.expect("QUIT\r\n");
  server.send("221 Bye\r\n");
  server.close();
  EXPECT_EQ(one.said(), "well");
}

TEST(Check, finds_a_connection_that_is_closed_at_once) {
  OneCheck one(mail("tcp"));
  Scripted server = one.connected();
  server.close();
  EXPECT_EQ(one.said(), "it closes the connection without a word");
}

// ---- the PROXY protocol

TEST(Check, begins_with_LOCAL) {
  OneCheck one(
      web("servers: \"http://10.0.0.1:1\", health: \"/ping?full=1\", send_proxy: { version: v2, crc32c: on }"));
  Scripted server = one.connected();
  server.expect(std::string_view("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16));
  server.expect(ping);
  server.close();
  one.said();
}

TEST(CheckHeader, is_LOCAL_in_version_2_and_the_truth_in_version_1) {
  const Endpoint gate = endpoint("10.0.0.2:40000"), server = endpoint("10.0.0.7:25");
  EXPECT_EQ(check_header(config::ProxyVersion::v1, gate, server), "PROXY TCP4 10.0.0.2 10.0.0.7 40000 25\r\n");
  EXPECT_EQ(check_header(config::ProxyVersion::v1, endpoint("[2001:db8::2]:40000"), endpoint("[2001:db8::7]:25")),
            "PROXY TCP6 2001:db8::2 2001:db8::7 40000 25\r\n");
  EXPECT_EQ(check_header(config::ProxyVersion::v1, Endpoint{}, endpoint("unix:/run/x.sock")), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(check_header(config::ProxyVersion::v2, gate, server).size(), 16u);
}

}  // namespace
}  // namespace sp::health
