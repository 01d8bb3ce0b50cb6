#include "codec/socks5/reply.h"

#include "codec/socks5/target.h"

namespace sp::codec::socks5 {

Reply reply_of(Code code) {
  switch (code) {
    case Code::ok: return Reply::succeeded;
    case Code::denied:
    case Code::destination_refused:
    case Code::destination_address_refused:
    case Code::user_rate:
    case Code::user_tunnels:
    case Code::user_bytes:
    case Code::destination_rate:
    case Code::destination_tunnels:
    case Code::destination_bytes:
    case Code::parent_denied:
    case Code::parent_refused: return Reply::not_allowed;
    case Code::connection_unreachable: return Reply::network_unreachable;
    case Code::dns_error:
    case Code::dns_no_address: return Reply::host_unreachable;
    case Code::connection_refused: return Reply::connection_refused;
    case Code::connection_timeout:
    case Code::dns_timeout:
    case Code::timeout: return Reply::ttl_expired;
    default: return Reply::general_failure;
  }
}

std::string reply_octets(Reply reply, const Endpoint& bound) {
  std::string octets{5, static_cast<char>(reply), 0};
  append_target(bound.is_unix() ? Target{} : Target{.address = bound.address, .port = bound.port}, octets);
  return octets;
}

}  // namespace sp::codec::socks5
