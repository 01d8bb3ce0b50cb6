#include "codec/icap/request.h"

#include <gtest/gtest.h>

namespace sp::codec::icap {
namespace {

const Service scanner{.host = "127.0.0.1", .port = 1344, .path = "/avscan"};

TEST(IcapRequest, a_request_without_a_body) {
  EXPECT_EQ(request_octets(scanner, {.request_head = "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n",
                                     .client = "192.0.2.1",
                                     .user = "anna"}),
            "REQMOD icap://127.0.0.1:1344/avscan ICAP/1.0\r\nHost: 127.0.0.1:1344\r\nAllow: 204\r\n"
            "X-Client-IP: 192.0.2.1\r\nX-Client-Username: anna\r\nEncapsulated: req-hdr=0, null-body=45\r\n\r\n"
            "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
}

TEST(IcapRequest, a_response_has_its_request_before_it) {
  EXPECT_EQ(request_octets({.host = "::1", .port = 1345, .path = "/x?y"}, {.what = Shown::What::response,
                                                                           .request_head = "GET / HTTP/1.1\r\n\r\n",
                                                                           .response_head = "HTTP/1.1 200 OK\r\n\r\n",
                                                                           .has_body = true}),
            "RESPMOD icap://[::1]:1345/x?y ICAP/1.0\r\nHost: [::1]:1345\r\nAllow: 204\r\n"
            "Encapsulated: req-hdr=0, res-hdr=18, res-body=37\r\n\r\n"
            "GET / HTTP/1.1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
}

TEST(IcapRequest, no_name_ends_a_line) {
  EXPECT_EQ(request_octets(scanner, {.request_head = "x", .user = "a\r\nX-Forged: b"}).find("Forged"),
            std::string::npos);
}

TEST(IcapRequest, chunks) { EXPECT_EQ(chunk_head(0x1f4a), "1f4a\r\n"); }

TEST(IcapRequest, heads_of_http) {
  Arena arena;
  http::RequestHead request(arena);
  request.method_text = "POST";
  request.scheme = "http";
  request.authority = "a.test:81";
  request.path = "/a";
  request.query = "b";
  request.has_query = true;
  request.credentials = "Basic c2VjcmV0";
  request.fields.add("Accept", "*/*");
  EXPECT_EQ(http_request_head(request), "POST http://a.test:81/a?b HTTP/1.1\r\nHost: a.test:81\r\nAccept: */*\r\n\r\n");
  http::ResponseHead response(arena);
  response.status = 404;
  response.fields.add("Server", "x");
  EXPECT_EQ(http_response_head(response), "HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n");
}

}  // namespace
}  // namespace sp::codec::icap
