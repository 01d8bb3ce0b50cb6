// What readers and writers of this folder share about the octets of a header (proxy-protocol.txt, sections 2.1
// and 2.2).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "codec/proxy_protocol/header.h"

namespace sp::codec::proxy_protocol {

inline constexpr ByteView v1_signature = "PROXY";
inline constexpr ByteView v2_signature{"\r\n\r\n\0\r\nQUIT\n", 12};

inline constexpr std::size_t fixed_octets = 16;    // of version 2: signature, version and command, family, length
inline constexpr std::size_t unix_octets = 108;    // one path
inline constexpr std::size_t ssl_head_octets = 5;  // of the value of tlv_ssl: client and verify

// How long the block of addresses of version 2 is.
constexpr std::size_t address_octets(Transport transport) {
  switch (transport) {
    case Transport::tcp4:
    case Transport::udp4: return 12;
    case Transport::tcp6:
    case Transport::udp6: return 36;
    case Transport::unix_stream:
    case Transport::unix_datagram: return 2 * unix_octets;
    case Transport::unspecified: break;
  }
  return 0;
}

// The path in a field that is filled up with NUL. A name in the abstract namespace of Linux begins with NUL and ends
// before those that fill up; any other path ends at the first NUL, since senders copy what lies behind it as it lies.
constexpr ByteView unix_path(ByteView field) {
  if (field.empty() || field.front() != '\0') return field.substr(0, field.find('\0'));
  return field.substr(0, field.find_last_not_of('\0') + 1);
}

// `octets` as one number, the highest first: the order of the network.
constexpr std::uint64_t big_endian(ByteView octets) {
  std::uint64_t value = 0;
  for (char c : octets) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace sp::codec::proxy_protocol
