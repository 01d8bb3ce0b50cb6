// What tells one program's ClientHello from another's, whoever it asks for: for guesses, not for decisions about trust,
// since a client may look like any other.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sp::codec::tls_hello {

// Of the octets that a client has sent first, in which Reader has found a hello: a number made of the cipher suites in
// their order, of the protocols (RFC 7301), and of which extensions there are, in any order (browsers change it). What
// differs from connection to connection does not count: made-up values (RFC 8701), padding, resumption, and whether a
// server is named. 0: the hello is cut into several records.
std::uint64_t shape_of(ByteView octets);

}  // namespace sp::codec::tls_hello
