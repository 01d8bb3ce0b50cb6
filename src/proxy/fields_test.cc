// Fields: what belongs to one hop stays there, what the gate owns nobody else writes, and what the configuration edits.
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

class Fields : public OneServer {
 protected:
  // What the server gets when the client sends these fields.
  void expect_forwarded(std::string_view sent, std::string_view arrived, std::string_view behind = {}) {
    client.send(request("GET /", sent));
    if (!server.open()) server = accept();
    server.expect(forwarded("GET /", arrived, behind));
    server.send(hi);
    client.expect(hi_there);
  }
  void expect_answered(std::string_view sent, std::string_view arrived) {
    client.send(request("GET /"));
    if (!server.open()) server = accept();
    server.take_until("\r\n\r\n");
    server.send(joined({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", sent, "\r\n"}));
    client.expect(response("200 OK", "Content-Length: 0\r\n", arrived));
  }
};

TEST_F(Fields, of_one_hop_are_not_passed_on) {
  expect_forwarded(
      "Connection: keep-alive, X-Hop, x-other\r\nX-Hop: 1\r\nX-Other: 2\r\nX-Stays: 3\r\nKeep-Alive: timeout=5\r\n"
      "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\nTE: gzip\r\n",
      "X-Stays: 3\r\n");
}

TEST(RequestId, can_be_told_to_the_server) {
  Gate gate(
      one_site("- { path: /, to: \"http://10.0.0.1:8000\", request_headers: { set: { X-Id: \"${request.id}\" } } }"));
  gate.server();
  Scripted client = gate.client();
  client.send(request("GET /"));
  Scripted server = gate.server().accept();
  const std::string head(server.take_until("\r\n\r\n"));
  const auto at = head.find("\r\nX-Id: ");
  ASSERT_NE(at, std::string::npos) << head;
  EXPECT_EQ(head.find_first_not_of("0123456789abcdef", at + 8), at + 8 + 16) << head;
}

TEST_F(Fields, of_one_hop_are_not_passed_back) {
  expect_answered(
      "Connection: X-Hop\r\nX-Hop: 1\r\nX-Stays: 2\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\n",
      "X-Stays: 2\r\n");
}

TEST_F(Fields, that_matter_are_not_taken_off_by_Connection) {
  expect_forwarded("Connection: Authorization, Cookie, Host\r\nAuthorization: Basic eDp5\r\nCookie: a=b\r\n",
                   "Authorization: Basic eDp5\r\nCookie: a=b\r\n");
}

TEST_F(Fields, TE_is_said_anew_when_trailers_are_wanted) {
  expect_forwarded("TE: gzip, trailers\r\nConnection: TE\r\n", "", "TE: trailers\r\nConnection: TE\r\n");
}

TEST_F(Fields, that_the_gate_owns_are_replaced_when_strangers_send_them) {
  expect_forwarded(
      "X-Forwarded-For: 127.0.0.1\r\nX_Forwarded_For: 127.0.0.1\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: "
      "https\r\n"
      "X-Forwarded-Port: 1\r\nX-Forwarded-Server: evil\r\nForwarded: for=127.0.0.1\r\nX-Real-IP: "
      "127.0.0.1\r\nX_Real_IP: 1\r\n",
      "");
}

TEST_F(Fields, that_strangers_cannot_take_off_by_Connection) {
  expect_forwarded("Connection: X-Forwarded-For, X-Forwarded-Proto, Via\r\n", "");
}

TEST_F(Fields, Proxy_never_passes) { expect_forwarded("Proxy: http://evil.test/\r\n", ""); }

TEST_F(Fields, with_underscores_do_not_pass) {
  expect_forwarded("X_Own: 1\r\nContent_Length: 5\r\nX-Own: 2\r\n", "X-Own: 2\r\n");
}

TEST_F(Fields, Cookie_lines_become_one) {
  expect_forwarded("Cookie: a=1\r\nX: y\r\nCookie: b=2\r\n", "Cookie: a=1; b=2\r\nX: y\r\n");
}

TEST_F(Fields, Via_is_appended) {
  client.send(request("GET /", "Via: 1.0 fred\r\n"));
  server = accept();
  const std::string head = server.take_until("\r\n\r\n");
  EXPECT_LT(head.find("Via: 1.0 fred\r\n"), head.find("Via: 1.1 gate\r\n"));
}

TEST_F(Fields, Date_of_the_server_stays) {
  client.send(request("GET /"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: Fri, 02 Jan 2026 00:00:00 GMT\r\n\r\n");
  client.expect("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: Fri, 02 Jan 2026 00:00:00 GMT\r\n\r\n");
}

TEST_F(Fields, Date_goes_with_the_clock) {
  gate.loop.advance(9s);
  client.send(request("GET /", "Max-Forwards: 3\r\n"));
  server = accept();
  server.take_until("\r\n\r\n");
  server.send(hi);
  EXPECT_NE(client.take_all().find("Date: Thu, 01 Jan 2026 00:00:09 GMT\r\n"), std::string::npos);
}

TEST_F(Fields, Set_Cookie_lines_stay_apart) {
  expect_answered("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n", "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
}

TEST(TrustedProxies, are_believed_and_extended) {
  Gate gate(one_server("trusted_proxies: [ 10.9.0.0/16 ]"));
  gate.server();
  Scripted client = gate.client("10.9.1.1:4711");
  client.send(request(
      "GET /",
      "X-Forwarded-For: 198.51.100.7, 203.0.113.9\r\nX-Forwarded-Host: www.test\r\nX-Forwarded-Proto: https\r\n"));
  Scripted server = gate.server().accept();
  server.expect(
      "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 198.51.100.7, 203.0.113.9, 10.9.1.1\r\nX-Forwarded-Host: "
      "www.test\r\n"
      "X-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\nVia: 1.1 gate\r\n\r\n");
}

TEST(TrustedProxies, that_write_Forwarded_are_believed_too) {
  Gate gate(one_server("trusted_proxies: [ 10.9.0.0/16 ]"));
  gate.server();
  Scripted client = gate.client("10.9.1.1:4711");
  client.send(request("GET /", "Forwarded: for=203.0.113.9;proto=https\r\n"));
  const std::string head = gate.server().accept().take_until("\r\n\r\n");
  EXPECT_NE(head.find("Forwarded: for=203.0.113.9;proto=https, for=10.9.1.1;proto=http\r\n"), std::string::npos)
      << head;
  EXPECT_NE(head.find("X-Forwarded-Proto: https\r\n"), std::string::npos) << head;
}

TEST(FieldEdits, of_requests_and_responses_see_the_exchange) {
  Gate gate(
      one_site("- path: /\n"
               "  to: http://10.0.0.1:8000\n"
               "  request_headers: { set: { X-Client: \"${client.address}\", X-Url: "
               "\"${request.scheme}://${request.host}${request.uri}\" }, remove: [ Accept ] }\n"
               "  response_headers: { set: { X-Status: \"${response.status}\" }, add: { X-Id: \"${request.id}\" }, "
               "remove: [ Server ] }"));
  gate.server();
  Scripted client = gate.client();
  client.send(request("GET /a?b", "Accept: x\r\nX-Client: forged\r\n"));
  Scripted server = gate.server().accept();
  const std::string head = server.take_until("\r\n\r\n");
  EXPECT_NE(head.find("X-Client: 203.0.113.1\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("X-Url: http://a.test/a?b\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("forged"), std::string::npos);
  EXPECT_EQ(head.find("Accept"), std::string::npos);
  server.send("HTTP/1.1 201 Created\r\nServer: s\r\nContent-Length: 0\r\n\r\n");
  const std::string answer = client.take_all();
  EXPECT_NE(answer.find("X-Status: 201\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("X-Id: "), std::string::npos) << answer;
  EXPECT_EQ(answer.find("Server: "), std::string::npos) << answer;
}

}  // namespace
}  // namespace sp::proxy
