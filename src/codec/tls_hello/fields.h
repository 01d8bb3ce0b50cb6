// What stands in a ClientHello before its extensions (RFC 8446 section 4.1.2), and which numbers in it mean nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/tls_hello/octets.h"

namespace sp::codec::tls_hello {

// What clients mix in so that servers keep ignoring what they do not know (RFC 8701 section 2): 0x0a0a, 0x1a1a...
constexpr bool is_made_up(std::uint32_t value) { return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff); }

struct FixedFields {
  std::uint16_t legacy_version = 0;
  ByteView session_id, cipher_suites, compression_methods;
};

// Where something is missing, `in` is broken.
inline FixedFields take_fixed_fields(Octets& in) {
  constexpr std::size_t random = 32;
  FixedFields fields;
  fields.legacy_version = static_cast<std::uint16_t>(in.number(2));
  in.take(random);
  fields.session_id = in.vector(1);
  fields.cipher_suites = in.vector(2);
  fields.compression_methods = in.vector(1);
  return fields;
}

}  // namespace sp::codec::tls_hello
