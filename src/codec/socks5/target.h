// Where a client wants to go, as SOCKS5 writes it (RFC 1928, section 5): type, address, port.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ip.h"

namespace sp::codec::socks5 {

inline constexpr std::size_t name_max = 255;

struct Target {
  std::string_view name;  // empty: `address` is meant
  IpAddress address;
  std::uint16_t port = 0;

  std::string host() const { return name.empty() ? address.text() : std::string(name); }
  bool operator==(const Target&) const = default;
};

// How many octets the target at the front of `in` has; 0: more are needed to know. Nothing: there is no such type.
std::optional<std::size_t> target_octets(ByteView in);
// The target that these octets are, all of them. Its name is a view into them, and may hold anything; an IPv4-mapped
// address becomes IPv4.
Target read_target(ByteView octets);

// Whether a name can be a host's: not empty, nothing but visible ASCII. What it means is for others to say.
bool is_plain_name(std::string_view name);

// The name has at most name_max octets.
void append_target(const Target& target, std::string& out);

}  // namespace sp::codec::socks5
