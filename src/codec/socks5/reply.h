// What a client of SOCKS5 is told about its connection (RFC 1928, section 6).
#pragma once

#include <cstdint>
#include <string>

#include "base/code.h"
#include "base/ip.h"

namespace sp::codec::socks5 {

enum class Reply : std::uint8_t {
  succeeded = 0,
  general_failure = 1,
  not_allowed = 2,
  network_unreachable = 3,
  host_unreachable = 4,
  connection_refused = 5,
  ttl_expired = 6,
  command_unsupported = 7,
  address_type_unsupported = 8,
};

// The nearest that SOCKS5 has to say. It has no word for a time that is over: that of packets is what clients print
// something sensible for.
Reply reply_of(Code code);

// `bound` is this gate's end of the connection to the destination: of a success, where it is to be told. Without it, or
// where it has no address: 0.0.0.0:0.
std::string reply_octets(Reply reply, const Endpoint& bound = {});

}  // namespace sp::codec::socks5
