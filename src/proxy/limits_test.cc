// Everything that a client can make long or many has its bound, and its status.
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

class Limits : public OneServer {
 protected:
  void expect_refused(Scripted& from, std::string_view status, Code code) {
    const std::string text = from.take_all();
    EXPECT_TRUE(text.starts_with(joined({"HTTP/1.1 ", status, " "}))) << text.substr(0, 200);
    EXPECT_EQ(name(gate.observed.last().code), name(code));
  }
};

TEST_F(Limits, of_the_request_line) {
  client.send(request("GET /" + std::string(9000, 'a')));
  expect_refused(client, "414", Code::target_too_long);
  client.expect_end();
}

TEST_F(Limits, of_a_request_line_that_never_ends) {
  client.send_some("GET /" + std::string(20'000, 'a'));
  expect_refused(client, "414", Code::target_too_long);
}

TEST_F(Limits, of_the_head) {
  client.send(request("GET /", "X-Big: " + std::string(70'000, 'a') + "\r\n"));
  expect_refused(client, "431", Code::fields_too_large);
}

TEST_F(Limits, of_the_number_of_fields) {
  std::string fields;
  for (int i = 0; i < 300; ++i) fields += "X-" + std::to_string(i) + ": 1\r\n";
  client.send(request("GET /", fields));
  expect_refused(client, "431", Code::too_many_fields);
}

TEST_F(Limits, of_the_configuration) {
  ASSERT_TRUE(gate.reload(one_server("limits: { request_line: 256B, head: 1KiB, fields: 8 }")));
  Scripted a = gate.client(), b = gate.client(), c = gate.client();
  a.send(request("GET /" + std::string(300, 'a')));
  expect_refused(a, "414", Code::target_too_long);
  b.send(request("GET /", "X-Big: " + std::string(1000, 'a') + "\r\n"));
  expect_refused(b, "431", Code::fields_too_large);
  c.send(request("GET /", "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\nG: 1\r\nH: 1\r\n"));
  expect_refused(c, "431", Code::too_many_fields);
}

TEST_F(Limits, of_empty_lines_before_a_request) {
  client.send_some("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n");
  expect_refused(client, "400", Code::bad_request_line);
}

TEST_F(Limits, of_options_in_Connection) {
  std::string options = "a";
  for (int i = 0; i < 1000; ++i) options += ",a" + std::to_string(i);
  client.send(request("GET /", "Connection: " + options + "\r\n"));
  expect_refused(client, "400", Code::bad_connection_field);
}

TEST_F(Limits, of_chunk_extensions) {
  client.send_some(request("POST /", "Transfer-Encoding: chunked\r\n") + "1;" + std::string(1000, 'x') +
                   "\r\na\r\n0\r\n\r\n");
  expect_refused(client, "400", Code::bad_chunk);
}

TEST_F(Limits, of_trailers) {
  client.send_some(request("POST /", "Transfer-Encoding: chunked\r\n") + "0\r\nX: " + std::string(9000, 'x') +
                   "\r\n\r\n");
  expect_refused(client, "400", Code::bad_trailer);
}

TEST_F(Limits, trailers_carry_no_framing_routing_or_credentials) {
  client.send(request("POST /", "Transfer-Encoding: chunked\r\n") + "0\r\nContent-Length: 5\r\n\r\n");
  expect_refused(client, "400", Code::bad_trailer);
}

TEST_F(Limits, of_a_body_of_known_length) {
  ASSERT_TRUE(gate.reload(one_server("max_body: 10B")));
  Scripted fresh = gate.client();
  fresh.send(request("POST /", "Content-Length: 10\r\n") + "0123456789");
  server = accept();
  server.take_until("0123456789");
  server.send(hi);
  fresh.expect(hi_there);
  fresh.send(request("POST /", "Content-Length: 11\r\n") + "0123456789x");
  expect_refused(fresh, "413", Code::body_too_large);
  server.expect_nothing();
}

TEST_F(Limits, of_a_body_in_chunks) {
  ASSERT_TRUE(gate.reload(one_server("max_body: 10B")));
  Scripted fresh = gate.client();
  fresh.send(request("POST /", "Transfer-Encoding: chunked\r\n") + "5\r\n01234\r\n");
  server = accept();
  server.take_until("01234\r\n");
  fresh.send("6\r\n56789x\r\n");
  expect_refused(fresh, "413", Code::body_too_large);
  fresh.expect_end();
  server.expect_reset();  // what it has must not look whole
}

TEST_F(Limits, of_a_body_in_chunks_that_is_all_there_at_once) {
  ASSERT_TRUE(gate.reload(one_server("max_body: 10B")));
  Scripted fresh = gate.client();
  fresh.send(request("POST /", "Transfer-Encoding: chunked\r\n") + "b\r\n0123456789x\r\n0\r\n\r\n");
  expect_refused(fresh, "413", Code::body_too_large);
}

TEST_F(Limits, of_a_body_may_be_lifted_for_a_route) {
  ASSERT_TRUE(
      gate.reload("inbound:\n- listen: [ \"http://:80\" ]\n  max_body: 1B\n  sites: [ { hosts: [ a.test ], routes: [ "
                  "{ path: /, to: \"http://10.0.0.1:8000\", max_body: off } ] } ]\n"));
  Scripted fresh = gate.client();
  fresh.send(request("POST /", "Content-Length: 10\r\n") + "0123456789");
  accept().take_until("0123456789");
}

TEST_F(Limits, of_connections) {
  ASSERT_TRUE(gate.reload(one_server("limits: { connections: 2 }")));
  Scripted second = gate.client();
  pass("GET /");
  Scripted third = gate.client();
  third.expect_end();
  ASSERT_EQ(gate.observed.connections.size(), 1u);
  EXPECT_EQ(gate.observed.connections[0].code, Code::too_many_connections);
  second.close();
  Scripted fourth = gate.client();
  fourth.expect_nothing();
}

TEST_F(Limits, of_the_head_of_a_response) {
  client.send(request("GET /"));
  server = accept();
  server.send_some("HTTP/1.1 200 OK\r\nX-Big: " + std::string(70'000, 'a') + "\r\n\r\n");
  expect_refused(client, "502", Code::response_fields_too_large);
}

}  // namespace
}  // namespace sp::proxy
