// Requests and responses that are shown to a scanner.
#include <algorithm>

#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

constexpr std::string_view client_at = "127.0.0.1:50000";
constexpr std::string_view gate_at = "127.0.0.1:3128";
constexpr std::string_view scanner_at = "127.0.0.1:1344";

constexpr std::string_view get_line = "GET http://example.com/a HTTP/1.1\r\nHost: example.com\r\n\r\n";
constexpr std::string_view post_head =
    "POST http://example.com/a HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n";
// As the scanner is shown them.
constexpr std::string_view shown_get = "GET http://example.com/a HTTP/1.1\r\nHost: example.com\r\n\r\n";
constexpr std::string_view shown_hi = "HTTP/1.1 200 OK\r\n\r\n";
constexpr std::string_view unchanged = "ICAP/1.0 204 Unmodified\r\nEncapsulated: null-body=0\r\n\r\n";
constexpr std::string_view block_page =
    "ICAP/1.0 200 OK\r\nX-Infection-Found: Type=0; Threat=Eicar;\r\nEncapsulated: res-hdr=0, res-body=68\r\n\r\n"
    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nX-Scanner: yes\r\n\r\n"
    "7\r\nblocked\r\n0\r\n\r\n";

std::string way_out(std::string_view scanner) {
  return joined({"outbound:\n  - listen: [ \"proxy://127.0.0.1:3128\" ]\n    scanner: { ", scanner,
                 " }\n    rules: [ { allow: [ example.com ] } ]\n"});
}
const std::string both =
    way_out("requests: \"icap://127.0.0.1/req\", responses: \"icap://127.0.0.1/resp\", timeout: 5s, max_body: 100KiB");
const std::string responses = way_out("responses: \"icap://127.0.0.1/resp\", max_body: 100KiB, timeout: 5s");
const std::string requests = way_out("requests: \"icap://127.0.0.1/req\", timeout: 5s");
const std::string lenient =
    way_out("responses: \"icap://127.0.0.1/resp\", unavailable: pass, max_body: 100KiB, timeout: 5s");

class Scanning : public ::testing::Test {
 protected:
  struct Parts {
    explicit Parts(const std::string& yaml) : gate(yaml) {
      gate.resolver.set("example.com", {"1.2.3.4"});
      gate.server("1.2.3.4:80");
      gate.server(scanner_at);
    }
    Scripted accept() { return gate.server("1.2.3.4:80").accept(); }
    Scripted scanner() { return gate.server(scanner_at).accept(); }
    Gate gate;
    Scripted client = gate.client(client_at, gate_at);
  };
  static std::string head_of(std::string_view method, std::string_view path, std::string_view encapsulated) {
    return joined({method, " icap://127.0.0.1:1344", path,
                   " ICAP/1.0\r\nHost: 127.0.0.1:1344\r\nAllow: 204\r\nX-Client-IP: 127.0.0.1\r\nEncapsulated: ",
                   encapsulated, "\r\n\r\n"});
  }
  static std::string shown_response(std::string_view body = "2\r\nhi\r\n0\r\n\r\n") {
    return joined({head_of("RESPMOD", "/resp", "req-hdr=0, res-hdr=56, res-body=75"), shown_get, shown_hi, body});
  }
  static std::string shown_request() {
    return joined({head_of("REQMOD", "/req", "req-hdr=0, null-body=56"), shown_get});
  }
  // Up to where the scanner has been shown a response.
  static Scripted show_response(Parts& parts) {
    parts.client.send(get_line);
    Scripted server = parts.accept();
    server.take_until("\r\n\r\n");
    server.send(hi);
    Scripted scanner = parts.scanner();
    scanner.expect(shown_response());
    parts.client.expect_nothing();
    server.close();
    return scanner;
  }
  static void expect_status(Parts& parts, std::string_view status, Code code) {
    const std::string head = parts.client.take_until("\r\n\r\n");
    EXPECT_TRUE(head.starts_with(joined({"HTTP/1.1 ", status, " "}))) << head;
    parts.client.close();
    parts.gate.loop.settle();
    EXPECT_EQ(name(parts.gate.observed.last().code), name(code)) << parts.gate.observed.last().detail;
  }
};

TEST_F(Scanning, what_it_lets_pass_is_passed_on_as_it_was) {
  Parts parts(both);
  parts.client.send(get_line);
  Scripted scanner = parts.scanner();
  scanner.expect(shown_request());
  EXPECT_EQ(parts.gate.server("1.2.3.4:80").waiting(), 0u);
  scanner.send(unchanged);
  Scripted server = parts.accept();
  server.expect("GET /a HTTP/1.1\r\nHost: example.com\r\n\r\n");
  server.send(hi);
  scanner.expect(shown_response());  // on the same connection
  parts.client.expect_nothing();
  scanner.send(unchanged);
  EXPECT_TRUE(parts.client.take_until("\r\n\r\nhi").starts_with("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"));
  parts.client.close();
  server.close();
}

TEST_F(Scanning, the_page_that_it_gives_instead_is_what_the_client_gets) {
  Parts parts(responses);
  Scripted scanner = show_response(parts);
  scanner.send(block_page);
  const std::string head = parts.client.take_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 403 Forbidden\r\n")) << head;
  EXPECT_NE(head.find("X-Scanner: yes\r\n"), std::string::npos);
  EXPECT_NE(head.find("Content-Length: 7\r\n"), std::string::npos);
  parts.client.expect("blocked");
  parts.client.close();
  EXPECT_EQ(name(parts.gate.observed.last().code), "scanner_refused");
  EXPECT_EQ(parts.gate.observed.last().detail, "icap://127.0.0.1/resp: Type=0; Threat=Eicar;");
}

TEST_F(Scanning, a_request_that_it_refuses_reaches_nobody) {
  Parts parts(requests);
  parts.client.send(joined({post_head, "\r\nhello"}));
  Scripted scanner = parts.scanner();
  scanner.take_until("req-body=57\r\n\r\n");
  scanner.expect("POST http://example.com/a HTTP/1.1\r\nHost: example.com\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  scanner.send(block_page);
  expect_status(parts, "403", Code::scanner_refused);
  EXPECT_EQ(parts.gate.server("1.2.3.4:80").accepted(), 0u);
}

TEST_F(Scanning, its_content_is_sent_when_it_may) {
  Parts parts(requests);
  parts.client.send(joined({post_head, "Expect: 100-continue\r\n\r\n"}));
  EXPECT_TRUE(parts.client.take_until("\r\n\r\n").starts_with("HTTP/1.1 100 "));
  parts.client.send("hello");
  Scripted scanner = parts.scanner();
  scanner.take_until("5\r\nhello\r\n0\r\n\r\n");
  scanner.send(unchanged);
  Scripted server = parts.accept();
  server.expect("POST /a HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello");
  server.send(hi);
  EXPECT_TRUE(parts.client.take_until("\r\n\r\nhi").starts_with("HTTP/1.1 200 "));
  parts.client.close();
  server.close();
}

TEST_F(Scanning, a_request_that_it_changes_is_not_passed_on) {
  Parts parts(requests);
  parts.client.send(get_line);
  Scripted scanner = parts.scanner();
  scanner.take_until("Host: example.com\r\n\r\n");
  scanner.send(
      "ICAP/1.0 200 OK\r\nEncapsulated: req-hdr=0, null-body=47\r\n\r\nGET http://10.0.0.1/ HTTP/1.1\r\nHost: "
      "a.test\r\n\r\n");
  expect_status(parts, "403", Code::scanner_refused);
  EXPECT_EQ(parts.gate.server("1.2.3.4:80").accepted(), 0u);
}

TEST_F(Scanning, without_a_verdict_nothing_passes) {
  struct Row {
    const char* name;
    std::string_view answer;
    bool closes;
  };
  for (const Row& row : {
           Row{"closed", "", true},
           Row{"dead in mid-answer", "ICAP/1.0 20", true},
           Row{"dead in mid-body",
               "ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=18\r\n\r\nHTTP/1.1 403 X\r\n\r\n5\r\nhe", true},
           Row{"nonsense", "HTTP/1.1 200 OK\r\n\r\n", false},
           Row{"an error", "ICAP/1.0 500 Server error\r\n\r\n", false},
           Row{"malformed chunks",
               "ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=18\r\n\r\nHTTP/1.1 403 X\r\n\r\nxyz\r\n", false},
           Row{"a malformed response",
               "ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, null-body=13\r\n\r\nHTTP/9 xx\r\n\r\n", false},
           Row{"two lengths",
               "ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, null-body=66\r\n\r\n"
               "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
               false},
       }) {
    SCOPED_TRACE(row.name);
    Parts parts(responses);
    Scripted scanner = show_response(parts);
    if (!row.answer.empty()) scanner.send(row.answer);
    if (row.closes) scanner.close();
    expect_status(parts, "502", Code::scanner_unavailable);
  }
}

TEST_F(Scanning, one_that_says_nothing_is_waited_for_no_longer_than_it_may) {
  Parts parts(responses);
  Scripted scanner = show_response(parts);
  parts.gate.loop.advance(4s);
  parts.client.expect_nothing();
  parts.gate.loop.advance(2s);
  expect_status(parts, "502", Code::scanner_unavailable);
}

TEST_F(Scanning, one_that_is_not_there) {
  Parts parts(responses);
  parts.gate.remove_server(scanner_at);
  parts.client.send(get_line);
  Scripted server = parts.accept();
  server.take_until("\r\n\r\n");
  server.send(hi);
  expect_status(parts, "502", Code::scanner_unavailable);
  EXPECT_NE(parts.gate.observed.last().detail.find("127.0.0.1:1344"), std::string::npos);
}

TEST_F(Scanning, it_passes_unseen_where_that_is_wanted) {
  Parts parts(lenient);
  Scripted scanner = show_response(parts);
  scanner.close();
  expect_status(parts, "200", Code::ok);
  ASSERT_FALSE(parts.gate.observed.events.empty());
  EXPECT_TRUE(parts.gate.observed.events.back().starts_with("scanner_unavailable"));
}

// 40 KiB at a time, as the client takes them.
void send_large(Scripted& server, Scripted& client, std::size_t octets, std::string& got) {
  const std::string piece(40'000, 'x');
  for (std::size_t sent = 0; sent < octets;) {
    const std::size_t count = server.send_some(std::string_view(piece).substr(0, octets - sent));
    sent += count;
    got += client.take_all();
    if (count == 0) break;
  }
}

TEST_F(Scanning, what_is_larger_than_is_held_is_refused_or_passes_whole) {
  {
    Parts parts(responses);
    parts.client.send(get_line);
    Scripted server = parts.accept();
    server.take_until("\r\n\r\n");
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n");
    for (int i = 0; i < 10 && parts.gate.observed.exchanges.empty(); ++i) {
      server.send_some(std::string(40'000, 'x'));
      parts.gate.loop.settle();
    }
    expect_status(parts, "502", Code::scanner_unavailable);
    server.close();
  }
  Parts parts(lenient);
  parts.client.send(get_line);
  Scripted server = parts.accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n");
  std::string got;
  send_large(server, parts.client, 400'000, got);
  got += parts.client.take_all();
  EXPECT_EQ(std::ranges::count(got, 'x'), 400'000);
  EXPECT_EQ(parts.gate.server(scanner_at).accepted(), 0u);
  parts.client.close();
  server.close();
}

TEST_F(Scanning, a_kept_connection_that_was_closed_is_none) {
  Parts parts(requests);
  for (int i = 0; i < 2; ++i) {
    parts.client.send(get_line);
    Scripted scanner = parts.scanner();
    scanner.expect(shown_request());
    scanner.send(unchanged);
    Scripted server = parts.accept();
    server.take_until("\r\n\r\n");
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
    parts.client.take_until("\r\n\r\nhi");
    server.close();
    scanner.close();
  }
  parts.client.close();
}

TEST_F(Scanning, an_answer_may_come_before_all_was_sent) {
  Parts parts(way_out("requests: \"icap://127.0.0.1/req\", max_body: 100MiB"));
  parts.client.send("POST http://example.com/a HTTP/1.1\r\nHost: example.com\r\nContent-Length: 4000000\r\n\r\n");
  const std::string content(4'000'000, 'x');
  for (std::size_t sent = 0; sent < content.size();) sent += parts.client.send_some(content.substr(sent));
  Scripted scanner = parts.scanner();
  scanner.take_until("req-body=");
  scanner.send(block_page);
  expect_status(parts, "403", Code::scanner_refused);
}

TEST_F(Scanning, a_client_that_leaves_ends_it) {
  Parts parts(responses);
  Scripted scanner = show_response(parts);
  parts.client.reset();
  EXPECT_EQ(parts.gate.sessions(), 0u);
  scanner.expect_end();
  EXPECT_EQ(name(parts.gate.observed.last().code), "client_closed");
}

TEST_F(Scanning, tunnels_are_not_shown) {
  Parts parts(both);
  ScriptedServer& servers = parts.gate.server("1.2.3.4:443");
  parts.client.send("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
  Scripted server = servers.accept();
  EXPECT_TRUE(parts.client.take_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(parts.gate.server(scanner_at).accepted(), 0u);
  parts.client.close();
  server.close();
}

}  // namespace
}  // namespace sp::proxy
