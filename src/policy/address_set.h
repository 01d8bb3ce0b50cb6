// Sets of IP addresses, for `allow`, `deny` and `trusted_proxies`.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace sp::policy {

// An address, a network (CIDR), or `*`, which is every address of both families.
struct AddressPattern {
  IpAddress network;
  int bits = 32;  // of the prefix: 0-32 or 0-128
  bool every = false;

  std::string text() const;
  bool operator==(const AddressPattern&) const = default;
};

// "192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "[2001:db8::1]", "*". The error is a sentence for the person who wrote
// it; for a network with host bits it names the network that was meant.
std::expected<AddressPattern, std::string> parse_address_pattern(std::string_view text);

// Immutable. A lookup is a binary search over disjoint ranges: 15 steps for 30,000 patterns.
class AddressSet {
 public:
  AddressSet() = default;
  explicit AddressSet(std::span<const AddressPattern> patterns);

  bool empty() const { return v4_.empty() && v6_.empty(); }
  bool contains(const IpAddress& address) const { return find(address).has_value(); }
  // The number of the most specific pattern that holds the address (of equal ones the first).
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
    std::uint32_t pattern;
  };
  static Key key_of(const IpAddress& address);
  static Key last_of(Key first, int host_bits);
  static Key next(Key key) { return {key.high + (key.low == ~std::uint64_t{0} ? 1 : 0), key.low + 1}; }
  static Key previous(Key key) { return {key.high - (key.low == 0 ? 1 : 0), key.low - 1}; }
  // Nested networks as disjoint ranges, each with its most specific pattern.
  static std::vector<Range> flatten(std::vector<Range> networks);

  std::vector<Range> v4_;
  std::vector<Range> v6_;
};

}  // namespace sp::policy
