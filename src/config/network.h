// IP networks: the address patterns of `allow`, `deny` and `trusted_proxies`.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "config/problem.h"

namespace sp::config {

// An address is a network of full length.
struct Network {
  IpAddress address;
  int bits = 32;       // how many of the address count: 0-32, or 0-128 for IPv6
  bool every = false;  // `*`: every address of both families

  bool is_everything() const { return every || bits == 0; }

  bool contains(const IpAddress& other) const;
  std::string text() const;
  bool operator==(const Network&) const = default;
};

// "192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "[2001:db8::1]", "*". Refuses an address that has bits set beyond its
// length, since it leaves open what was meant.
std::expected<Network, Problem> parse_network(std::string_view text);

}  // namespace sp::config
