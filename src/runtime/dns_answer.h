// What a name server said about one family of addresses of one name: from the octets of its message to a value.
#pragma once

#include <chrono>
#include <vector>

#include "base/bytes.h"
#include "base/ip.h"

namespace sp::runtime {

enum class Family : std::uint8_t { v4, v6 };

struct DnsAnswer {
  enum class Kind : std::uint8_t {
    addresses,
    no_address,  // the name exists, without addresses of this family
    no_name,     // it does not exist
    failure,     // the server cannot or will not say (SERVFAIL, REFUSED, a malformed message)
    no_reply,    // no server answered in time
  };
  Kind kind = Kind::no_reply;
  std::vector<IpAddress> addresses;
  // How long it holds: the smallest of the chain of aliases and its addresses; of a negative answer that of its SOA
  // record (RFC 2308 section 5), or `negative_ttl` where there is none.
  std::chrono::seconds ttl{};
};

inline constexpr std::chrono::seconds negative_ttl{5};

// `message` answers a question for A (v4) or AAAA (v6) records. Addresses count only if they belong to the name that
// was asked for, or to what its aliases lead to.
DnsAnswer read_answer(ByteView message, Family family);

}  // namespace sp::runtime
