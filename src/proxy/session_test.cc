// One connection of a client and one of a server: what stays open, what ends, and where one message ends and the next
// begins.
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

class Sessions : public OneServer {};

TEST_F(Sessions, pass_a_request_on_and_its_response_back) {
  client.send("GET /a/b?c=d HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nX-Own: 1\r\n\r\n");
  server = accept();
  server.expect(
      "GET /a/b?c=d HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nX-Own: 1\r\nX-Forwarded-For: 203.0.113.1\r\n"
      "X-Forwarded-Host: a.test\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 80\r\nVia: 1.1 gate\r\n\r\n");
  server.send("HTTP/1.1 200 Fine\r\nServer: s\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
  client.expect(
      "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nServer: s\r\nContent-Type: text/plain\r\n"
      "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\nhello");
  client.expect_nothing();
  EXPECT_EQ(gate.observed.last().code, Code::ok);
  EXPECT_EQ(gate.observed.last().status, 200);
  EXPECT_EQ(gate.observed.last().response_octets, 5u);
}

TEST_F(Sessions, stay_open_on_both_sides) {
  pass("GET /1");
  pass("GET /2");
  pass("PURGE /3");
  EXPECT_EQ(servers.accepted(), 1u);
}

TEST_F(Sessions, share_the_connections_to_a_server) {
  pass("GET /1");
  Scripted other = gate.client();
  other.send(request("GET /2"));
  server.expect(forwarded("GET /2"));
  server.send(hi);
  other.expect(hi_there);
  EXPECT_EQ(servers.accepted(), 1u);
}

TEST_F(Sessions, end_when_the_client_says_close) {
  client.send(request("GET /", "Connection: close\r\n"));
  server = accept();
  server.expect(forwarded("GET /"));
  server.send(hi);
  client.expect(hi_and_bye);
  client.expect_end();
  server.expect_nothing();
}

TEST_F(Sessions, do_not_keep_a_server_that_says_close) {
  client.send(request("GET /1"));
  server = accept();
  server.expect(forwarded("GET /1"));
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
  client.expect(hi_there);
  server.expect_end();
  server = Scripted(gate.loop, nullptr);
  pass("GET /2");
  EXPECT_EQ(servers.accepted(), 2u);
}

TEST_F(Sessions, answer_pipelined_requests_in_their_order) {
  client.send(request("GET /1") + request("GET /2") + request("GET /3"));
  server = accept();
  for (std::string_view line : {"GET /1", "GET /2", "GET /3"}) {
    server.expect(forwarded(line));
    server.expect_nothing();
    server.send(joined({"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", line}));
    client.expect(response("200 OK", "Content-Length: 6\r\n") + std::string(line));
  }
  client.expect_nothing();
}

TEST_F(Sessions, take_a_pipelined_request_from_behind_a_body) {
  client.send(request("POST /1", "Content-Length: 3\r\n") + "abc" +
              request("POST /2", "Transfer-Encoding: chunked\r\n") + "3\r\nxyz\r\n0\r\n\r\n" + request("GET /3"));
  server = accept();
  server.expect(forwarded("POST /1", "", "Content-Length: 3\r\n") + "abc");
  server.send(hi);
  client.expect(hi_there);
  server.expect(forwarded("POST /2", "", "Transfer-Encoding: chunked\r\n") + "3\r\nxyz\r\n0\r\n\r\n");
  server.send(hi);
  client.expect(hi_there);
  server.expect(forwarded("GET /3"));
  server.send(hi);
  client.expect(hi_there);
}

TEST_F(Sessions, begin_while_the_head_still_drips) {
  const std::string head = request("GET /drip", "X-Own: value\r\n");
  for (char c : head) client.send({&c, 1});
  server = accept();
  server.expect(forwarded("GET /drip", "X-Own: value\r\n"));
  const std::string answer(hi);
  for (char c : answer) server.send({&c, 1});
  client.expect(hi_there);
}

TEST_F(Sessions, skip_the_empty_lines_that_old_clients_send_behind_a_body) {
  client.send("\r\n\r\n" + request("GET /"));
  server = accept();
  server.expect(forwarded("GET /"));
}

TEST_F(Sessions, close_after_keep_alive_without_a_request) {
  pass("GET /");
  gate.loop.advance(59s);
  client.expect_nothing();
  gate.loop.advance(2s);
  client.expect_end();
  server.expect_end();
}

TEST_F(Sessions, that_the_client_ends_are_over) {
  pass("GET /");
  client.close();
  EXPECT_EQ(gate.sessions(), 0u);
  EXPECT_EQ(gate.observed.exchanges.size(), 1u);
}

TEST_F(Sessions, whose_client_goes_in_mid_head_are_over) {
  client.send("GET / HT");
  EXPECT_EQ(gate.sessions(), 1u);
  client.close();
  EXPECT_EQ(gate.sessions(), 0u);
  EXPECT_EQ(gate.observed.last().code, Code::client_closed);
}

TEST_F(Sessions, answer_a_client_that_has_finished_sending) {
  client.send(request("GET /"));
  client.finish();
  server = accept();
  server.expect(forwarded("GET /"));
  client.expect_nothing();
  server.send(hi);
  client.expect(hi_there);
  client.expect_end();
}

// ---- HTTP/1.0 ----

TEST_F(Sessions, close_after_a_request_of_http_1_0) {
  client.send("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
  server = accept();
  server.expect(
      joined({"GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 203.0.113.1\r\nX-Forwarded-Host: a.test\r\n",
              "X-Forwarded-Proto: http\r\nX-Forwarded-Port: 80\r\nVia: 1.0 gate\r\n\r\n"}));
  server.send(hi);
  client.expect(hi_and_bye);
  client.expect_end();
}

TEST_F(Sessions, stay_open_for_http_1_0_that_asks_for_it) {
  for (int i = 0; i < 2; ++i) {
    client.send("GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n");
    if (!server.open()) server = accept();
    server.take_until("\r\n\r\n");
    server.send(hi);
    client.expect(response("200 OK", "Content-Length: 2\r\nConnection: keep-alive\r\n") + "hi");
  }
}

TEST_F(Sessions, unpack_chunks_for_http_1_0_until_close) {
  client.send("GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n");
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n");
  client.expect(response("200 OK", "Connection: close\r\n") + "abcde");
  client.expect_end();
}

TEST_F(Sessions, take_responses_of_http_1_0_to_their_end) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.0 200 OK\r\n\r\nabc");
  client.expect(response("200 OK", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n");
  server.send("de");
  server.finish();
  client.expect("2\r\nde\r\n0\r\n\r\n");
  client.expect_nothing();
  server.expect_end();
}

// ---- chunks and trailers ----

TEST_F(Sessions, chunk_an_upload_anew) {
  client.send(request("POST /", "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n") + "003;ext=1\r\nabc\r\n");
  server = accept();
  server.expect(forwarded("POST /", "Trailer: X-Sum\r\n", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n");
  client.send("A\r\n0123456789\r\n");
  server.expect("a\r\n0123456789\r\n");
  client.send("0\r\nX-Sum: 13\r\n\r\n");
  server.expect("0\r\nX-Sum: 13\r\n\r\n");
  server.send(hi);
  client.expect(hi_there);
  pass("GET /next");
}

TEST_F(Sessions, chunk_a_response_anew) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3;x=y\r\nabc\r\n");
  client.expect(response("200 OK", "Transfer-Encoding: chunked\r\n", "Trailer: X-Sum\r\n") + "3\r\nabc\r\n");
  server.send("0\r\nX-Sum: 3\r\n\r\n");
  client.expect("0\r\nX-Sum: 3\r\n\r\n");
  pass("GET /next");
}

TEST_F(Sessions, send_an_empty_chunked_response_in_one_write) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  client.expect(response("200 OK", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n");
  pass("GET /next");
}

// ---- responses without content ----

struct NoContent {
  std::string_view method, status, fields, framing;
};
class WithoutContent : public OneServer, public ::testing::WithParamInterface<NoContent> {};

TEST_P(WithoutContent, responses_end_with_their_head) {
  const NoContent& row = GetParam();
  client.send(request(joined({row.method, " /"})));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send(joined({"HTTP/1.1 ", row.status, "\r\n", row.fields, "\r\n"}));
  client.expect(response(row.status, row.framing));
  pass("GET /next");
  EXPECT_EQ(servers.accepted(), 1u);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, WithoutContent,
    ::testing::Values(NoContent{"HEAD", "200 OK", "Content-Length: 1000\r\n", "Content-Length: 1000\r\n"},
                      NoContent{"HEAD", "200 OK", "Transfer-Encoding: chunked\r\n", ""},
                      NoContent{"HEAD", "200 OK", "", ""}, NoContent{"GET", "204 No Content", "", ""},
                      NoContent{"GET", "304 Not Modified", "Content-Length: 1000\r\n", "Content-Length: 1000\r\n"},
                      NoContent{"GET", "304 Not Modified", "", ""},
                      NoContent{"GET", "200 OK", "Content-Length: 0\r\n", "Content-Length: 0\r\n"},
                      NoContent{"POST", "204 No Content", "", ""}));

}  // namespace
}  // namespace sp::proxy
