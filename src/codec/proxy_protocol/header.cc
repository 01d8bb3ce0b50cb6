#include "codec/proxy_protocol/header.h"

namespace sp::codec::proxy_protocol {

Transport transport_between(const Endpoint& source, const Endpoint& destination, Socket socket) {
  const bool stream = socket == Socket::stream;
  if (source.is_unix() || destination.is_unix()) {
    const Endpoint& other = source.is_unix() ? destination : source;
    if (!other.is_unix() && other != Endpoint{}) return Transport::unspecified;
    return stream ? Transport::unix_stream : Transport::unix_datagram;
  }
  if (source.address.v4 && destination.address.v4) return stream ? Transport::tcp4 : Transport::udp4;
  return stream ? Transport::tcp6 : Transport::udp6;
}

std::string_view name(Transport transport) {
  switch (transport) {
    case Transport::unspecified: break;
    case Transport::tcp4: return "tcp4";
    case Transport::udp4: return "udp4";
    case Transport::tcp6: return "tcp6";
    case Transport::udp6: return "udp6";
    case Transport::unix_stream: return "unix_stream";
    case Transport::unix_datagram: return "unix_datagram";
  }
  return "unspecified";
}

}  // namespace sp::codec::proxy_protocol
