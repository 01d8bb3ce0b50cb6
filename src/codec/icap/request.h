// Requests of ICAP (RFC 3507): a message of HTTP is shown to a service, which lets it pass, or gives another one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "http/message.h"

namespace sp::codec::icap {

// Where a service is: icap://host[:port]/path.
struct Service {
  std::string host;  // IPv6 without brackets
  std::uint16_t port = default_port;
  std::string path;  // begins with '/', perhaps with a query
  static constexpr std::uint16_t default_port = 1344;
};

// What is shown. The heads are those of http_request_head() and http_response_head().
struct Shown {
  enum class What : std::uint8_t { request, response };  // REQMOD, RESPMOD
  What what = What::request;
  std::string_view request_head, response_head;  // the latter of a response
  bool has_body = false;                         // in chunks behind what is made here
  std::string_view client;                       // its address, for X-Client-IP; empty: not told
  std::string_view user;                         // for X-Client-Username; empty: nobody known
};

// The head of the ICAP request and the heads of HTTP in it. "204" is allowed, so that what is not changed does not come
// back.
std::string request_octets(const Service& service, const Shown& shown);
// A chunk of the body: head, `size` octets, chunk_end; last of all last_chunk.
std::string chunk_head(std::size_t size);
inline constexpr ByteView chunk_end = "\r\n";
inline constexpr ByteView last_chunk = "0\r\n\r\n";

// As HTTP/1.1 has them, with their empty line: the target as a whole URL, and the fields from one end to the other. How
// the content was framed is not among them.
std::string http_request_head(const http::RequestHead& request);
std::string http_response_head(const http::ResponseHead& response);

}  // namespace sp::codec::icap
