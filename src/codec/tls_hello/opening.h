// What a client speaks, by its first octets.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sp::codec::tls_hello {

enum class Opening : std::uint8_t {
  undecided,     // more octets are needed, at most longest_opening in all
  handshake,     // of TLS: content type 22, version 3.x
  other_record,  // of TLS: an alert, say
  sslv2_hello,   // the form of before 1996 (RFC 5246 appendix E.2)
  http,
  ssh,
  smtp,
  proxy_header,  // of the PROXY protocol, version 1 or 2
  other,
};
constexpr std::size_t longest_opening = 12;

// Decides as soon as no octet behind `first` could change it. Everything but `handshake` is a guess for a person who
// reads a log: nothing else may hang on it.
Opening opening_of(ByteView first);
// As a literal, for Error::where: "the client sent an HTTP request".
const char* describe(Opening opening);

}  // namespace sp::codec::tls_hello
