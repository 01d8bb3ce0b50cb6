#include "import/squid/sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

namespace sp::import::squid {
namespace {

using Kind = Destination::Kind;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

bool is_below(std::string_view name, std::string_view domain) {
  return name.size() > domain.size() && name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.';
}

bool is_name(std::string_view name) {
  const bool is_number = !name.empty() && name.find_first_not_of("0123456789.") == std::string_view::npos;
  return !name.empty() && !is_number && std::ranges::all_of(name, is_name_character) && !name.starts_with('.') &&
         !name.ends_with('.') && !name.contains("..") && name.size() <= 253;
}

std::optional<int> number_of(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// ---- networks

std::uint32_t value_of(const IpAddress& address) {
  return (std::uint32_t{address.bytes[0]} << 24) | (std::uint32_t{address.bytes[1]} << 16) |
         (std::uint32_t{address.bytes[2]} << 8) | address.bytes[3];
}

IpAddress address_of(std::uint32_t value) {
  IpAddress address;
  for (std::size_t i = 0; i < 4; ++i) address.bytes[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  return address;
}

std::vector<config::Network> networks_between(std::uint32_t first, std::uint32_t last) {
  std::vector<config::Network> result;
  std::uint64_t at = first;
  while (at <= last) {
    int free_bits = at == 0 ? 32 : std::countr_zero(static_cast<std::uint32_t>(at));
    while ((at + (std::uint64_t{1} << free_bits) - 1) > last) --free_bits;
    result.push_back({.address = address_of(static_cast<std::uint32_t>(at)), .bits = 32 - free_bits});
    at += std::uint64_t{1} << free_bits;
  }
  return result;
}

// The length of a mask, 255.255.0.0 or 16.
std::optional<int> bits_of(std::string_view mask, const IpAddress& address) {
  if (mask.contains('.')) {
    const auto parsed = IpAddress::parse(mask);
    if (!parsed || !parsed->v4 || !address.v4) return std::nullopt;
    const std::uint32_t value = value_of(*parsed);
    const int bits = std::countl_one(value);
    return bits + std::countr_zero(value) >= 32 ? std::optional(bits) : std::nullopt;
  }
  const auto bits = number_of(mask);
  return bits && *bits <= (address.v4 ? 32 : 128) ? bits : std::nullopt;
}

IpAddress masked(IpAddress address, int bits) {
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const int kept = std::clamp(bits - static_cast<int>(i) * 8, 0, 8);
    address.bytes[i] &= static_cast<std::uint8_t>(0xFF00u >> kept);
  }
  return address;
}

}  // namespace

std::string Destination::text() const {
  switch (kind) {
    case Kind::everything: return "*";
    case Kind::network: return network.is_everything() ? "*" : network.text();
    case Kind::below: return "." + name;
    case Kind::domain:
    case Kind::exact: break;
  }
  return name;
}

bool holds(const Destination& outer, const Destination& inner) {
  if (outer.kind == Kind::everything) return true;
  if (inner.kind == Kind::everything) return false;
  if (outer.kind == Kind::network || inner.kind == Kind::network) {
    return outer.kind == inner.kind && outer.network.bits <= inner.network.bits &&
           outer.network.contains(inner.network.address);
  }
  if (is_below(inner.name, outer.name)) return outer.kind != Kind::exact;
  if (inner.name != outer.name) return false;
  return outer.kind == Kind::domain || outer.kind == inner.kind;
}

std::optional<std::vector<Destination>> common(const std::vector<Destination>& a, const std::vector<Destination>& b,
                                               Mixed mixed) {
  std::vector<Destination> result;
  const auto add = [&](const Destination& each) {
    if (std::ranges::find(result, each) == result.end()) result.push_back(each);
  };
  for (const Destination& left : a) {
    for (const Destination& right : b) {
      const bool unlike = (left.kind == Kind::network) != (right.kind == Kind::network) &&
                          left.kind != Kind::everything && right.kind != Kind::everything;
      if (unlike && mixed == Mixed::no_answer) return std::nullopt;
      if (holds(left, right)) {
        add(right);
      } else if (holds(right, left)) {
        add(left);
      }
    }
  }
  return result;
}

std::optional<Destination> destination_of_name(std::string_view text) {
  const bool with_all_below = text.starts_with('.');
  std::string name = lower(with_all_below ? text.substr(1) : text);
  if (name.ends_with('.')) name.pop_back();
  if (!is_name(name)) return std::nullopt;
  return Destination{.kind = with_all_below ? Kind::domain : Kind::exact, .name = name, .network = {}};
}

std::optional<Destination> destination_of_regex(std::string_view text) {
  if (!text.ends_with('$')) return std::nullopt;
  text.remove_suffix(1);
  Kind kind = Kind::exact;
  constexpr std::string_view at_label = "(^|\\.)";
  if (text.starts_with(at_label)) {
    kind = Kind::domain;
    text.remove_prefix(at_label.size());
  } else if (text.starts_with("\\.")) {
    kind = Kind::below;
    text.remove_prefix(2);
  } else if (text.starts_with('^')) {
    text.remove_prefix(1);
  } else {
    return std::nullopt;
  }
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dot = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '.';
    // A dot without a backslash stands for any character.
    if (text[i] == '.' || (text[i] == '\\' && !dot)) return std::nullopt;
    name += dot ? text[++i] : text[i];
  }
  name = lower(name);
  if (!is_name(name)) return std::nullopt;
  return Destination{.kind = kind, .name = name, .network = {}};
}

std::vector<config::Network> networks_of(std::string_view text) {
  if (text == "all") return {{.address = {}, .bits = 0, .every = true}};
  if (text == "ipv4") return {{.address = IpAddress::any4(), .bits = 0}};
  if (text == "ipv6") return {{.address = IpAddress::any6(), .bits = 0}};
  const auto slash = text.find('/');
  const std::string_view addresses = text.substr(0, slash);
  const auto dash = addresses.find('-');
  const auto first = IpAddress::parse(addresses.substr(0, dash));
  if (!first) return {};
  if (dash != std::string_view::npos) {
    const auto last = IpAddress::parse(addresses.substr(dash + 1));
    if (!last || !last->v4 || !first->v4 || slash != std::string_view::npos) return {};
    return value_of(*first) <= value_of(*last) ? networks_between(value_of(*first), value_of(*last))
                                               : std::vector<config::Network>{};
  }
  const int width = first->v4 ? 32 : 128;
  const auto bits = slash == std::string_view::npos ? std::optional(width) : bits_of(text.substr(slash + 1), *first);
  if (!bits) return {};
  return {{.address = masked(*first, *bits), .bits = *bits}};
}

std::vector<config::Network> common(const std::vector<config::Network>& a, const std::vector<config::Network>& b) {
  std::vector<config::Network> result;
  const auto inside = [](const config::Network& inner, const config::Network& outer) {
    return outer.every || (!inner.every && inner.bits >= outer.bits && outer.contains(inner.address));
  };
  for (const config::Network& left : a) {
    for (const config::Network& right : b) {
      const bool left_in = inside(left, right);
      if (!left_in && !inside(right, left)) continue;
      const config::Network& inner = left_in ? left : right;
      if (std::ranges::find(result, inner) == result.end()) result.push_back(inner);
    }
  }
  return result;
}

// ---- ports

std::optional<std::pair<int, int>> port_range_of(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = number_of(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number_of(text.substr(dash + 1));
  if (!first || !last || *last > 65535 || *first > *last || *last < 1) return std::nullopt;
  return std::pair{std::max(*first, 1), *last};
}

Ports sorted(Ports ports) {
  std::ranges::sort(ports);
  Ports result;
  for (const auto& [first, last] : ports) {
    if (!result.empty() && first <= result.back().second + 1) {
      result.back().second = std::max(result.back().second, last);
    } else {
      result.emplace_back(first, last);
    }
  }
  return result;
}

Ports all_but(const Ports& ports) {
  Ports result;
  int next = 1;
  for (const auto& [first, last] : ports) {
    if (first > next) result.emplace_back(next, first - 1);
    next = last + 1;
  }
  if (next <= 65535) result.emplace_back(next, 65535);
  return result;
}

Ports common(const Ports& a, const Ports& b) {
  Ports result;
  for (const auto& [first, last] : a) {
    for (const auto& [other_first, other_last] : b) {
      const int from = std::max(first, other_first), to = std::min(last, other_last);
      if (from <= to) result.emplace_back(from, to);
    }
  }
  return sorted(std::move(result));
}

std::vector<std::string> texts_of(const Ports& ports) {
  std::vector<std::string> texts;
  for (const auto& [first, last] : ports)
    texts.push_back(first == last ? std::to_string(first) : fmt::format("{}-{}", first, last));
  return texts;
}

}  // namespace sp::import::squid
