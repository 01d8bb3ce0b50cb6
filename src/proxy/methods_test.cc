// Methods and request targets that need more than being passed on (RFC 9110 sections 7.1, 7.2 and 9.3).
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

class Methods : public OneServer {
 protected:
  // The status line and the code of what the gate answers itself.
  void expect_refused(std::string_view status, Code code) {
    EXPECT_TRUE(client.take_all().starts_with(joined({"HTTP/1.1 ", status, "\r\n"})));
    EXPECT_EQ(name(gate.observed.last().code), name(code));
    EXPECT_EQ(servers.waiting(), 0u);
  }
  void expect_forwarded(std::string_view as) {
    server = accept();
    server.expect(as);
    server.send(hi);
    client.expect(hi_there);
  }
};

TEST_F(Methods, that_nobody_knows_pass) {
  client.send(request("PROPFIND /dav", "Depth: 1\r\n"));
  expect_forwarded(forwarded("PROPFIND /dav", "Depth: 1\r\n"));
}

TEST_F(Methods, TRACE_is_refused) {
  client.send(request("TRACE /"));
  expect_refused("405 Method Not Allowed", Code::trace_refused);
  client.send(request("TRACE /", "Max-Forwards: 0\r\nCookie: secret\r\n"));
  const std::string text = client.take_all();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 405 "));
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST_F(Methods, CONNECT_has_no_business_here) {
  client.send("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
  expect_refused("405 Method Not Allowed", Code::connect_refused_here);
}

TEST_F(Methods, OPTIONS_of_the_server_as_a_whole_passes) {
  client.send("OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect_forwarded(forwarded("OPTIONS *"));
}

TEST_F(Methods, OPTIONS_with_hops_left_passes_with_one_less) {
  client.send(request("OPTIONS /x", "Max-Forwards: 2\r\n"));
  expect_forwarded(forwarded("OPTIONS /x", "Max-Forwards: 1\r\n"));
}

TEST_F(Methods, OPTIONS_without_hops_is_answered_here) {
  client.send(request("OPTIONS /x", "Max-Forwards: 0\r\n"));
  const std::string text = client.take_all();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")) << text;
  EXPECT_NE(text.find("Allow: GET, "), std::string::npos);
  EXPECT_EQ(servers.waiting(), 0u);
}

TEST_F(Methods, Max_Forwards_of_other_methods_means_nothing) {
  client.send(request("GET /x", "Max-Forwards: 0\r\n"));
  expect_forwarded(forwarded("GET /x", "Max-Forwards: 0\r\n"));
}

TEST_F(Methods, a_target_in_absolute_form_is_taken_apart) {
  client.send("GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect_forwarded(forwarded("GET /x?y"));
}

TEST_F(Methods, a_target_in_absolute_form_without_a_path_means_the_root) {
  client.send("GET http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect_forwarded(forwarded("GET /"));
}

struct Refused {
  std::string_view octets, status;
  Code code;
};
class Refusals : public Methods, public ::testing::WithParamInterface<Refused> {};

TEST_P(Refusals, are_answered_and_end_the_connection) {
  client.send(GetParam().octets);
  expect_refused(GetParam().status, GetParam().code);
  client.expect_end();
}
constexpr std::string_view bad = "400 Bad Request";
INSTANTIATE_TEST_SUITE_P(
    Rows, Refusals,
    ::testing::Values(
        Refused{"GET / HTTP/1.1\r\n\r\n", bad, Code::missing_host},
        Refused{"GET / HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n", bad, Code::bad_host},
        Refused{"GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n", bad, Code::bad_host},
        Refused{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", bad, Code::bad_host},
        Refused{"GET http://a.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n", bad, Code::host_mismatch},
        Refused{"GET / HTTP/2.0\r\nHost: a.test\r\n\r\n", "505 HTTP Version Not Supported", Code::bad_version},
        Refused{"GET /\r\n\r\n", bad, Code::bad_request_line},
        Refused{"GET  / HTTP/1.1\r\nHost: a.test\r\n\r\n", bad, Code::bad_request_line},
        Refused{"G(T / HTTP/1.1\r\nHost: a.test\r\n\r\n", bad, Code::bad_method},
        Refused{"GET x HTTP/1.1\r\nHost: a.test\r\n\r\n", bad, Code::bad_target},
        Refused{"GET / HTTP/1.1\r\nHost: a.test\r\nX Y: 1\r\n\r\n", bad, Code::bad_field_name},
        Refused{"GET / HTTP/1.1\r\nHost: a.test\r\nX : 1\r\n\r\n", bad, Code::bad_field_name},
        Refused{"GET / HTTP/1.1\r\nHost: a.test\r\nX: 1\r\n folded\r\n\r\n", bad, Code::bad_field_value},
        Refused{"GET / HTTP/1.1\r\nHost: a.test\r\nX: a\x01z\r\n\r\n", bad, Code::bad_field_value},
        Refused{"GET / HTTP/1.1\nHost: a.test\n\n", bad, Code::bad_request_line},
        Refused{"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: a b\r\n\r\n", bad, Code::bad_connection_field},
        Refused{"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                bad, Code::length_and_transfer_encoding},
        Refused{"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", bad,
                Code::bad_content_length},
        Refused{"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: +3\r\n\r\nabc", bad, Code::bad_content_length},
        Refused{"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", bad,
                Code::bad_transfer_encoding},
        Refused{"POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", bad,
                Code::bad_transfer_encoding},
        Refused{"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "501 Not Implemented", Code::unsupported_transfer_coding}));

TEST_F(Methods, a_request_that_came_through_this_gate_before_is_a_loop) {
  client.send(request("GET /", "Via: 1.1 other, 1.1 gate\r\n"));
  expect_refused("508 Loop Detected", Code::loop_detected);
  EXPECT_EQ(gate.observed.last().route, "/");  // the one whose `to` leads back
  EXPECT_EQ(gate.observed.last().detail, "its Via has the name of this gate");
  client.send("GET / HTTP/1.1\r\nHost: none.test\r\nVia: 1.1 gate\r\n\r\n");
  expect_refused("508 Loop Detected", Code::loop_detected);
}

}  // namespace
}  // namespace sp::proxy
