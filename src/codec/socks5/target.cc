#include "codec/socks5/target.h"

#include <algorithm>

namespace sp::codec::socks5 {
namespace {

constexpr char type_ipv4 = 1;
constexpr char type_name = 3;
constexpr char type_ipv6 = 4;
constexpr std::size_t port_octets = 2;

IpAddress read_address(ByteView octets) {
  static constexpr ByteView mapped{"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12};
  if (octets.starts_with(mapped)) octets.remove_prefix(mapped.size());  // one form of each address: base/ip.h
  IpAddress address;
  address.v4 = octets.size() == 4;
  std::ranges::copy(octets, address.bytes.begin());
  return address;
}

std::uint16_t read_port(ByteView octets) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(octets[0]) << 8 | static_cast<unsigned char>(octets[1]));
}

}  // namespace

std::optional<std::size_t> target_octets(ByteView in) {
  if (in.empty()) return 0;
  switch (in[0]) {
    case type_ipv4: return 1 + 4 + port_octets;
    case type_ipv6: return 1 + 16 + port_octets;
    case type_name: return in.size() < 2 ? 0 : 2 + static_cast<unsigned char>(in[1]) + port_octets;
    default: return std::nullopt;
  }
}

Target read_target(ByteView octets) {
  Target target;
  target.port = read_port(octets.substr(octets.size() - port_octets));
  const ByteView before_port = octets.substr(0, octets.size() - port_octets);
  if (octets[0] == type_name) {
    target.name = before_port.substr(2);
  } else {
    target.address = read_address(before_port.substr(1));
  }
  return target;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7f; });
}

void append_target(const Target& target, std::string& out) {
  if (!target.name.empty()) {
    out += {type_name, static_cast<char>(target.name.size())};
    out += target.name;
  } else {
    out += target.address.v4 ? type_ipv4 : type_ipv6;
    out.append(reinterpret_cast<const char*>(target.address.bytes.data()), target.address.v4 ? 4 : 16);
  }
  out += {static_cast<char>(target.port >> 8), static_cast<char>(target.port & 0xff)};
}

}  // namespace sp::codec::socks5
