#include "config/network.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "config/node.h"

namespace sp::config {
namespace {

int width(const IpAddress& address) { return address.v4 ? 32 : 128; }

IpAddress masked(IpAddress address, int bits) {
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const int kept = std::clamp(bits - static_cast<int>(i) * 8, 0, 8);
    address.bytes[i] &= static_cast<std::uint8_t>(0xFF00u >> kept);
  }
  return address;
}

std::optional<int> parse_bits(std::string_view text, int most) {
  int bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || text.front() == '-' || bits > most) return std::nullopt;
  return bits;
}

Problem not_an_address(std::string_view text) {
  if (text == "any" || text == "all")
    return {backquoted(text) + " is not an address or network", "write `*` for every address"};
  if (text == "localhost") return {"`localhost` is a name, not an address", "write `127.0.0.0/8` and `::1`"};
  return {backquoted(text) + " is not an IP address or network", "write `192.0.2.1`, `10.0.0.0/8` or `2001:db8::/32`"};
}

}  // namespace

bool Network::contains(const IpAddress& other) const {
  return every || (other.v4 == address.v4 && masked(other, bits) == address);
}

std::string Network::text() const {
  if (every) return "*";
  return bits == width(address) ? address.text() : address.text() + "/" + std::to_string(bits);
}

std::expected<Network, Problem> parse_network(std::string_view text) {
  if (text == "*") return Network{.address = {}, .every = true};
  if (text.starts_with('[') && text.ends_with(']') && text.find(':') != std::string_view::npos) {
    text = text.substr(1, text.size() - 2);
  }
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::unexpected(not_an_address(text));
  if (slash == std::string_view::npos) return Network{.address = *address, .bits = width(*address)};
  const auto bits = parse_bits(text.substr(slash + 1), width(*address));
  // IPv4-mapped IPv6 networks have become IPv4 addresses, and their lengths would not fit: they are written as IPv4.
  if (!bits) {
    return std::unexpected(Problem{backquoted(text) + " has no valid length after the `/`",
                                   "the length is 0 to " + std::to_string(width(*address)) + " bits: `" +
                                       address->text() + "/" + (address->v4 ? "24" : "64") + "`"});
  }
  const IpAddress network = masked(*address, *bits);
  if (network != *address) {
    return std::unexpected(Problem{backquoted(text) + " has bits set beyond its length of " + std::to_string(*bits),
                                   "write `" + Network{.address = network, .bits = *bits}.text() +
                                       "` for the network, or `" + address->text() + "` for the one address"});
  }
  return Network{.address = *address, .bits = *bits};
}

}  // namespace sp::config
