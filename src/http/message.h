// The message model of all HTTP versions (RFC 9110). What a version cannot say is not in it: framing, Connection,
// Upgrade, Keep-Alive, TE, Transfer-Encoding and Host are turned into the members below by the codec that reads, and
// back into fields by the codec that writes. Above codec/ nobody sees them.
//
// All string_views of a head point into the receive buffer or the arena of the exchange, and live as long as the
// exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/fields.h"

namespace sp::http {

enum class Method : std::uint8_t { other, get, head, post, put, delete_, connect, options, trace, patch };
// By exact, case-sensitive text (RFC 9110 section 9.1).
Method method_of(std::string_view text);
// RFC 9110 section 9.2.2: may be sent again when it is not known whether it was acted on.
bool idempotent(Method method);

enum class Version : std::uint8_t { http10, http11, http2, http3 };
// "1.0", "1.1", "2", "3": as in Via and the log.
std::string_view text(Version version);

// How much content follows a head.
struct BodySize {
  enum class Kind : std::uint8_t { none, known, unknown };
  Kind kind = Kind::none;
  std::uint64_t bytes = 0;  // of `known`
  static BodySize none() { return {}; }
  static BodySize known(std::uint64_t n) { return {Kind::known, n}; }
  static BodySize unknown() { return {Kind::unknown, 0}; }
  bool operator==(const BodySize&) const = default;
};

enum class TargetForm : std::uint8_t { origin, absolute, authority, asterisk };

struct RequestHead {
  Method method = Method::other;
  std::string_view method_text;
  TargetForm form = TargetForm::origin;
  std::string_view scheme;  // of absolute-form and of HTTP/2, as sent; else empty
  std::string_view
      authority;           // host[:port], validated: of the target if it has one, else of Host; empty only in HTTP/1.0
  std::string_view path;   // as sent, begins with '/'; "*" for asterisk-form; empty for authority-form
  std::string_view query;  // without '?'
  bool has_query = false;  // "/a?" has an empty one
  Version version = Version::http11;
  BodySize body;
  bool expects_continue = false;  // Expect: 100-continue (and HTTP/1.1 or later)
  bool accepts_trailers = false;  // TE: trailers
  std::string_view upgrade;       // the protocol of a tunnel that is asked for ("websocket"), or empty
  std::string_view credentials;   // Proxy-Authorization: for this hop alone; empty: none, or more than one
  Fields fields;                  // end-to-end fields only, in their order, without Host and Content-Length

  explicit RequestHead(Arena& arena) : fields(arena) {}
};

struct ResponseHead {
  std::uint16_t status = 0;
  std::string_view reason;  // as sent; not trusted for anything
  Version version = Version::http11;
  BodySize body;                                // what follows; none for HEAD, 204, 304, 1xx
  std::optional<std::uint64_t> content_length;  // as declared: for HEAD and 304 too, where nothing follows
  std::string_view upgrade;                     // of 101: the protocol that was switched to
  Fields fields;                                // end-to-end fields only, without Content-Length

  explicit ResponseHead(Arena& arena) : fields(arena) {}
  bool interim() const { return status >= 100 && status < 200 && status != 101; }
};

// The standard reason phrase of a status ("Not Found"), or empty.
std::string_view reason_phrase(std::uint16_t status);

}  // namespace sp::http
