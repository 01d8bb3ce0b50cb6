// Sets of IP addresses, for `allow`, `deny` and `trusted_proxies`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ip.h"
#include "config/network.h"

namespace sp::policy {

// Immutable. A lookup is a binary search over disjoint ranges: 15 steps for 30,000 networks.
class AddressSet {
 public:
  AddressSet() = default;
  explicit AddressSet(std::span<const config::Network> networks);

  bool empty() const { return v4_.empty() && v6_.empty(); }
  bool contains(const IpAddress& address) const { return find(address).has_value(); }
  // The number of the most specific network that holds the address (of equal ones the first).
  std::optional<std::uint32_t> find(const IpAddress& address) const;

 private:
  struct Key {  // an address as a number, high part first; IPv4 in `low`
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Range {
    Key first;
    Key last;
    std::uint32_t network;
  };
  static Key key_of(const IpAddress& address);
  static Key last_of(Key first, int host_bits);
  static Key next(Key key) { return {key.high + (key.low == ~std::uint64_t{0} ? 1 : 0), key.low + 1}; }
  static Key previous(Key key) { return {key.high - (key.low == 0 ? 1 : 0), key.low - 1}; }
  // Nested networks as disjoint ranges, each with its most specific network.
  static std::vector<Range> flatten(std::vector<Range> networks);

  std::vector<Range> v4_;
  std::vector<Range> v6_;
};

}  // namespace sp::policy
