#include "policy/destination_host.h"

#include <algorithm>
#include <array>

namespace sp::policy {
namespace {

constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_label = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

constexpr auto name_characters = [] {
  std::array<bool, 256> set{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")) {
    set[static_cast<unsigned char>(c)] = true;
  }
  return set;
}();
bool is_name_character(char c) { return name_characters[static_cast<unsigned char>(c)]; }

// Of a text that holds something else than the characters of a name.
HostFault character_fault(std::string_view text) {
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet == 0) return HostFault::nul;
    if (octet < 0x20 || octet == 0x7f) return HostFault::control_character;
    if (octet >= 0x80) return HostFault::not_ascii;
  }
  if (text.contains('%')) return text.contains(':') ? HostFault::zone : HostFault::percent;
  return text.starts_with('[') || text.contains(':') ? HostFault::bad_ipv6 : HostFault::bad_character;
}

std::optional<IpAddress> read_ipv6(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  return text.contains(':') ? IpAddress::parse(text) : std::nullopt;
}

std::optional<HostFault> label_fault(std::string_view name) {
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('.', at), name.size());
    if (end == at) return HostFault::empty_label;
    if (end - at > longest_label) return HostFault::label_too_long;
    at = end + 1;
  }
  return std::nullopt;
}

}  // namespace

std::string_view text(HostFault fault) {
  switch (fault) {
    case HostFault::empty: return "no host is named";
    case HostFault::nul: return "the host holds a NUL octet";
    case HostFault::control_character: return "the host holds a control character";
    case HostFault::not_ascii: return "the host has characters beyond ASCII; international names are written as xn--";
    case HostFault::percent: return "the host holds a percent sign, which no name has";
    case HostFault::zone: return "the IPv6 address names a zone, which means an interface of this machine";
    case HostFault::bad_ipv6: return "the host is not an IPv6 address, although it has its brackets or colons";
    case HostFault::bad_character: return "the host has a character that no name has";
    case HostFault::too_long: return "the name is longer than 253 octets";
    case HostFault::empty_label: return "the name has an empty label";
    case HostFault::label_too_long: return "a label of the name is longer than 63 octets";
    case HostFault::number:
      return "the host is a number in disguise; IPv4 addresses are four decimal numbers with dots";
  }
  return "";
}

bool ends_in_number(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  const std::string_view last = name.substr(name.rfind('.') + 1);
  if (last.starts_with("0x") || last.starts_with("0X")) return std::ranges::all_of(last.substr(2), is_hex);
  return !last.empty() && std::ranges::all_of(last, is_digit);
}

std::expected<DestinationHost, HostFault> read_host(std::string_view text) {
  if (text.empty()) return std::unexpected(HostFault::empty);
  if (auto address = read_ipv6(text)) return DestinationHost{.address = address, .name = {}};
  if (!std::ranges::all_of(text, is_name_character)) return std::unexpected(character_fault(text));
  if (auto address = IpAddress::parse(text)) return DestinationHost{.address = address, .name = {}};
  std::string_view name = text;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > longest_name) return std::unexpected(HostFault::too_long);
  if (auto fault = label_fault(name)) return std::unexpected(*fault);
  if (ends_in_number(name)) return std::unexpected(HostFault::number);
  return DestinationHost{.address = std::nullopt, .name = name};
}

}  // namespace sp::policy
