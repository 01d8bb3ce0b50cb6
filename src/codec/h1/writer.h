// Writes heads and chunks from the message model (RFC 9112). Everything that belongs to one connection (Host,
// Connection, TE, Upgrade, Expect, Content-Length, Transfer-Encoding) is made here from the model's members. What is
// written is judged by the classes of characters that our readers go by: a name or value with CR, LF, NUL or the like
// is an error, whoever put it there.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "codec/h1/framing.h"
#include "codec/h1/out_buffer.h"
#include "http/message.h"

namespace sp::codec::h1 {

struct Written {
  std::size_t octets = 0;
  Framing framing{};  // how the content must follow: length and until_close as it is, chunked by the functions below
  bool keep_alive = false;  // what was said about the connection
};

struct RequestContext {
  std::string_view target;  // what stands in the request line: "/path?query", "*", "http://...", "host:port"
  std::string_view host;    // the value of Host; empty: head.authority
  bool keep_alive = true;   // else "Connection: close"
  // The value of Proxy-Authorization, for a proxy that is asked; empty: there is none.
  std::string_view credentials = {};
};

struct ResponseContext {
  http::Version client_version = http::Version::http11;
  http::Method asked = http::Method::get;
  bool keep_alive = true;  // unless the framing forbids it: see Written
};

// Both append to `out`; on an error `out` is as before. Errors, all Side::local: internal, when the model holds what
// may not be written (a bad name or value, a field that belongs to the connection, an interim response for HTTP/1.0);
// for a head that does not fit: fields_too_large (request), response_fields_too_large (response).
//
// Requests are HTTP/1.1. body known: Content-Length; unknown: chunked; none: neither, but "Content-Length: 0" for the
// methods that usually have content.
Result<Written> write_request_head(const http::RequestHead& head, const RequestContext& context, OutBuffer& out);
// The status line says HTTP/1.1 to every client (RFC 9112 section 2.3: the sender's version). Content of unknown length
// goes out chunked, to HTTP/1.0 clients until close. Fields that the response should have (Date, Via) are the caller's
// to add.
Result<Written> write_response_head(const http::ResponseHead& head, const ResponseContext& context, OutBuffer& out);

// A chunk is: write_chunk_head(), `size` octets, chunk_end. `size` is not 0: that would be the last chunk. Returns how
// many octets were written (at most chunk_head_max), 0 if they do not fit.
inline constexpr std::size_t chunk_head_max = 18;
inline constexpr std::string_view chunk_end = "\r\n";
std::size_t write_chunk_head(std::uint64_t size, OutBuffer& out);
// The last chunk and the end of a message without trailers.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";
// The same with trailers. Errors as above; a field that may not be in a trailer section is `internal`.
Result<std::size_t> write_last_chunk(const http::Fields& trailers, OutBuffer& out);

}  // namespace sp::codec::h1
