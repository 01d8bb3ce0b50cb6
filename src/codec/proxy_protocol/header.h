// The header of HAProxy's PROXY protocol as a value: who speaks with whom through the proxy that opened this connection
// (proxy-protocol.txt, section 2). One value for both versions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/ip.h"
#include "codec/proxy_protocol/tlv.h"

namespace sp::codec::proxy_protocol {

enum class Version : std::uint8_t {
  v1 = 1,  // a line of text
  v2 = 2,  // octets
};

enum class Command : std::uint8_t {
  local = 0,  // the proxy speaks for itself, as in a health check: the connection's own addresses are the right ones
  proxy = 1,  // it speaks for a client
};

// Family and protocol. The numbers are those of version 2.
enum class Transport : std::uint8_t {
  unspecified = 0x00,  // the sender could not say ("UNKNOWN" in version 1): as with Command::local
  tcp4 = 0x11,
  udp4 = 0x12,
  tcp6 = 0x21,
  udp6 = 0x22,
  unix_stream = 0x31,
  unix_datagram = 0x32,
};

struct Header {
  Version version = Version::v2;
  Command command = Command::proxy;
  Transport transport = Transport::unspecified;
  // The client, and what it connected to. With tcp6 and udp6 either may be an IPv4 address: that is what an IPv4-mapped
  // one is read as (base/ip.h). Of a Unix socket without a name nothing but the transport says that it is one: its path
  // is empty. A path that begins with NUL is in the abstract namespace of Linux.
  Endpoint source;
  Endpoint destination;
  // Of what was read, in version 2; the writer takes Attributes instead. A view into the octets that were read.
  Tlvs tlvs;

  // Whether source and destination take the place of the connection's own addresses.
  bool has_addresses() const { return command == Command::proxy && transport != Transport::unspecified; }
};

enum class Socket : std::uint8_t { stream, datagram };

// What to write for a connection between these two: IPv4 where both are; else IPv6, in which an IPv4 address can be
// expressed; Unix where one is and the other is too or has no name (the Endpoint of nothing); else unspecified.
Transport transport_between(const Endpoint& source, const Endpoint& destination, Socket socket = Socket::stream);

// "unspecified", "tcp4", ...
std::string_view name(Transport transport);

}  // namespace sp::codec::proxy_protocol
