// Responses that are not as they should be: malformed ones become 502 with their reason, broken ones never look whole,
// and what nobody asked for reaches nobody.
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

class Responses : public OneServer {
 protected:
  void begin(std::string_view answer, std::string_view line = "GET /") {
    client.send(request(line));
    server = accept();
    server.take_until("\r\n\r\n");
    server.send(answer);
  }
};

struct Malformed {
  std::string_view octets;
  Code code;
};
class Malformations : public Responses, public ::testing::WithParamInterface<Malformed> {};

TEST_P(Malformations, become_502) {
  begin(GetParam().octets);
  server.finish();
  const std::string text = client.take_all();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 502 Bad Gateway\r\n")) << text;
  EXPECT_EQ(name(gate.observed.last().code), name(GetParam().code));
  EXPECT_EQ(gate.observed.last().side, Side::upstream);
  server.expect_end();
  // The client's connection is none the worse for it.
  server = Scripted(gate.loop, nullptr);
  client.send(request("GET /next"));
  accept().expect(forwarded("GET /next"));
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Malformations,
    ::testing::Values(
        Malformed{"SSH-2.0-OpenSSH_9.2\r\n", Code::bad_status_line}, Malformed{"<html>", Code::bad_status_line},
        Malformed{"HTTP/2.0 200 OK\r\n\r\n", Code::bad_status_line},
        Malformed{"HTTP/1.1 2OO OK\r\n\r\n", Code::bad_status_line},
        Malformed{"HTTP/1.1 999 Odd\r\n\r\n", Code::bad_status_line},
        Malformed{"HTTP/1.1 200 OK\r\nX Y: 1\r\n\r\n", Code::bad_response_field},
        Malformed{"HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\n\r\n", Code::bad_response_field},
        Malformed{"HTTP/1.1 200 OK\r\nX: a\x01\r\n\r\n", Code::bad_response_field},
        Malformed{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!", Code::bad_response_framing},
        Malformed{"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi", Code::bad_response_framing},
        Malformed{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                  Code::bad_response_framing},
        Malformed{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhi", Code::bad_response_framing},
        Malformed{"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Code::bad_response_framing},
        Malformed{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Code::bad_response_chunk},
        Malformed{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 1\r\n\r\n",
                  Code::bad_response_chunk},
        Malformed{"HTTP/1.1 200 OK\r\nContent-Le", Code::upstream_closed},
        Malformed{"HTTP/1.1", Code::upstream_closed}));

class ServersOfAnotherVersion : public Responses {};

TEST_F(ServersOfAnotherVersion, are_named) {
  begin(std::string_view("\0\0\6\4\0\0\0\0\0\0\3\0\0\0d", 15));
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(gate.observed.last().code, Code::upstream_speaks_http2);
}

TEST_F(Responses, of_known_length_that_end_early_are_cut_off) {
  begin("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  client.expect(response("200 OK", "Content-Length: 10\r\n") + "abc");
  server.finish();
  EXPECT_EQ(gate.sessions(), 0u);  // whoever counts sees it
  client.expect_end();
  EXPECT_EQ(gate.observed.last().code, Code::response_incomplete);
  EXPECT_EQ(gate.observed.last().detail, "it ended before all of its Content-Length had come");
  EXPECT_EQ(gate.observed.last().status, 200);
}

TEST_F(Responses, of_known_length_that_break_are_cut_off) {
  begin("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  client.take_until("abc");
  server.reset();
  EXPECT_EQ(gate.sessions(), 0u);
  EXPECT_EQ(gate.observed.last().code, Code::response_incomplete);
  EXPECT_EQ(gate.observed.last().detail, "the connection was reset");
}

TEST_F(Responses, in_chunks_that_end_early_have_no_last_chunk) {
  begin("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.expect(response("200 OK", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n");
  server.finish();
  client.expect_end();
  EXPECT_EQ(gate.observed.last().code, Code::response_incomplete);
  EXPECT_EQ(gate.observed.last().detail, "it ended before its last chunk");
}

TEST_F(Responses, with_a_malformed_chunk_later_on_have_no_last_chunk) {
  begin("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.take_until("abc\r\n");
  server.send("-1\r\n");
  client.expect_end();
  EXPECT_EQ(gate.observed.last().code, Code::bad_response_chunk);
}

TEST_F(Responses, until_close_that_break_have_no_last_chunk) {
  begin("HTTP/1.1 200 OK\r\n\r\nabc");
  client.expect(response("200 OK", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n");
  server.reset();
  client.expect_end();
  EXPECT_EQ(gate.observed.last().code, Code::response_incomplete);
}

TEST_F(Responses, that_break_reset_a_client_that_reads_until_close) {
  client.send("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.expect(response("200 OK", "Connection: close\r\n") + "abc");
  server.finish();
  client.expect_reset();
}

TEST_F(Responses, that_are_longer_than_they_say_end_the_connection_to_the_server) {
  begin("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  client.expect(hi_there);
  client.expect_nothing();
  server.expect_end();
  server = Scripted(gate.loop, nullptr);
  pass("GET /next");
  EXPECT_EQ(servers.accepted(), 2u);
}

TEST_F(Responses, that_nobody_asked_for_end_a_kept_connection) {
  pass("GET /");
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  server.expect_reset();
  server = Scripted(gate.loop, nullptr);
  pass("GET /next");
  EXPECT_EQ(servers.accepted(), 2u);
}

TEST_F(Responses, to_HEAD_with_content_end_the_connection_to_the_server) {
  begin("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "HEAD /");
  client.expect(response("200 OK", "Content-Length: 2\r\n"));
  client.expect_nothing();
  server = Scripted(gate.loop, nullptr);
  pass("GET /next");
  EXPECT_EQ(servers.accepted(), 2u);
}

TEST_F(Responses, of_204_and_304_with_content_end_the_connection_to_the_server) {
  begin("HTTP/1.1 304 Not Modified\r\n\r\nhi");
  client.expect(response("304 Not Modified", ""));
  client.expect_nothing();
  server = Scripted(gate.loop, nullptr);
  pass("GET /next");
  EXPECT_EQ(servers.accepted(), 2u);
}

TEST_F(Responses, stream_as_they_come_and_wait_for_a_client_that_does_not_read) {
  begin("HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n");
  client.expect(response("200 OK", "Content-Length: 8000000\r\n"));
  const std::size_t taken = server.send_some(std::string(8'000'000, 'x'));
  EXPECT_LT(taken, 500'000u);  // two connections and a buffer
  EXPECT_EQ(client.take_all().size(), taken);
}

TEST_F(Responses, come_back_under_the_public_name) {
  begin(
      "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1:8000/login?x=1\r\nContent-Location: http://10.0.0.1:8000/c\r\n"
      "Refresh: 5; url=http://10.0.0.1:8000/r\r\nSet-Cookie: a=b; Domain=10.0.0.1; Path=/\r\nContent-Length: "
      "0\r\n\r\n");
  const std::string text = client.take_all();
  EXPECT_NE(text.find("Location: http://a.test/login?x=1\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Content-Location: http://a.test/c\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Refresh: 5; url=http://a.test/r\r\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("10.0.0.1"), std::string::npos) << text;
}

TEST_F(Responses, may_have_long_reasons) {
  const std::string reason(600, 'r');
  client.send(request("GET /", "Upgrade: websocket\r\nConnection: Upgrade\r\n"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 103 " + reason + "\r\n\r\n");
  client.expect("HTTP/1.1 103 " + reason + "\r\n\r\n");
  server.send("HTTP/1.1 101 " + reason + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  client.expect("HTTP/1.1 101 " + reason + "\r\n");
  Scripted another = gate.client();
  another.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 " + reason + "\r\nContent-Length: 0\r\n\r\n");
  another.expect("HTTP/1.1 200 " + reason + "\r\n");
}

TEST(ResponseMapping, follows_a_change_of_prefix) {
  Gate gate(one_site("- { path: /app, to: \"http://10.0.0.1:8000/inner\" }"));
  gate.server();
  Scripted client = gate.client();
  client.send(request("GET /app/x"));
  Scripted server = gate.server().accept();
  server.expect("GET /inner/x HTTP/1.1\r\n");
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 302 Found\r\nLocation: /inner/y\r\nSet-Cookie: a=b; Path=/inner\r\nContent-Length: 0\r\n\r\n");
  const std::string text = client.take_all();
  EXPECT_NE(text.find("Location: /app/y\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Set-Cookie: a=b; Path=/app\r\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace sp::proxy
