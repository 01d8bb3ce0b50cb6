// The bounds of one HTTP/1 connection's reading. Everything that a peer can make long or many is here; all are in
// octets unless they count something.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sp::codec {

// What happens to request fields whose name holds '_'. CGI and its heirs read "X_Real_IP" and "X-Real-IP" as the same
// variable, so that the first, which no rule about the second stops, can forge it.
enum class Underscores : std::uint8_t { drop, keep };

// What a Host has to be beside a target that says itself whom it is for (absolute-form, or of CONNECT). Servers could
// read either; a proxy ignores the field (RFC 9112 section 3.2.2), and libraries that open tunnels name the proxy in
// it.
enum class HostBesideTarget : std::uint8_t { the_same, ignored };

struct Limits {
  std::size_t request_line = 8192;  // with its CRLF: 414 beyond it
  std::size_t head = 65536;         // the whole head, from its first octet to its empty line: 431 beyond it
  std::uint32_t fields = 128;       // field lines in a head: 431 beyond it
  std::size_t trailers = 8192;      // the whole trailer section
  std::uint32_t trailer_fields = 32;
  std::size_t chunk_line = 256;  // one chunk's size and extensions, without the CRLF
  Underscores underscores = Underscores::drop;
  HostBesideTarget host_beside_target = HostBesideTarget::the_same;
};

}  // namespace sp::codec
