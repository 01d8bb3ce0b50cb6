// IP addresses and endpoints as values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sp {

// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address is turned into its IPv4 form when it is read, so that there is
// one form of each address to compare.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // IPv4: the first four
  bool v4 = true;

  // "192.0.2.1" and "2001:db8::1"; no brackets, no zone, no port, no octal or short forms.
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress any4() { return {}; }
  static IpAddress any6() {
    IpAddress a;
    a.v4 = false;
    return a;
  }
  static IpAddress loopback4() {
    IpAddress a;
    a.bytes = {127, 0, 0, 1};
    return a;
  }
  // Of this machine: 127.0.0.0/8 and ::1.
  bool is_loopback() const;
  std::string text() const;  // RFC 5952, without brackets
  bool operator==(const IpAddress&) const = default;
  auto operator<=>(const IpAddress&) const = default;
};

// Where one end of a connection is: an address with a port, or the path of a Unix socket.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  std::string unix_path;  // not empty: a Unix socket, and the others mean nothing

  bool is_unix() const { return !unix_path.empty(); }
  std::string text() const;  // "192.0.2.1:80", "[2001:db8::1]:80", "unix:/run/x.sock"
  bool operator==(const Endpoint&) const = default;
  auto operator<=>(const Endpoint&) const = default;
};

}  // namespace sp
