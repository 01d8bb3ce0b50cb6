// Addresses that are not simply hosts of the internet: every block of IANA's special-purpose registries for IPv4 and
// IPv6 (RFC 6890 and those after it), multicast, what is reserved, and the metadata services of clouds. The way out
// refuses them unless they are named, so that nobody is led to them by a name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "config/network.h"

namespace sp::policy {

struct SpecialBlock {
  enum class Kind : std::uint8_t { special, metadata };
  IpAddress address;        // what is in the block: the address that was asked about, or an IPv4 address inside of it
  config::Network network;  // 10.0.0.0/8
  std::string_view name;    // "private network (RFC 1918)"
  std::string_view reason;  // "it is an address inside of somebody's own network"
  Kind kind = Kind::special;

  // "10.0.0.1 is in 10.0.0.0/8, private network (RFC 1918): it is ..."; of an embedded one: "64:ff9b::a00:1 holds ...".
  std::string text(const IpAddress& asked) const;
};

// The block that an address is in; of nested ones the innermost. An IPv4 address inside of an IPv6 address is judged
// too, and comes first, since that is where the packets go.
std::optional<SpecialBlock> special_block(const IpAddress& address);
// The same without looking inside.
std::optional<SpecialBlock> own_special_block(const IpAddress& address);

// The IPv4 addresses that an IPv6 address carries: as IPv4-mapped, -compatible or -translated, in NAT64 (RFC 6052, in
// 64:ff9b:1::/48 by each length of prefix that can be meant), 6to4, Teredo (server and client), ISATAP.
class EmbeddedAddresses {
 public:
  explicit EmbeddedAddresses(const IpAddress& address);
  const IpAddress* begin() const { return found_.data(); }
  const IpAddress* end() const { return found_.data() + count_; }

 private:
  void add(const IpAddress& address, std::array<std::uint8_t, 4> at, std::uint8_t flip = 0);
  void add_local_nat64(const IpAddress& address);

  std::array<IpAddress, 5> found_;
  std::size_t count_ = 0;
};

// All blocks, for tests and documentation.
std::span<const SpecialBlock> special_blocks();

}  // namespace sp::policy
