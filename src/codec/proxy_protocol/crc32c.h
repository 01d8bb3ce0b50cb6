// The checksum of a header of version 2 (proxy-protocol.txt, section 2.2.3): CRC-32C of RFC 4960, appendix B.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sp::codec::proxy_protocol {

// Of `octets`, behind those whose checksum is `before`. One octet at a time: headers are short, and few have it.
std::uint32_t crc32c(ByteView octets, std::uint32_t before = 0);

}  // namespace sp::codec::proxy_protocol
