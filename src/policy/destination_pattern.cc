#include "policy/destination_pattern.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <vector>

#include "config/node.h"
#include "http/fields.h"
#include "http/url.h"
#include "policy/a_label.h"

namespace sp::policy {
namespace {

using config::backquoted;
using config::Problem;
using Kind = DestinationPattern::Kind;
using Parsed = std::expected<DestinationPattern, Problem>;

auto wrong(std::string message, std::string remedy) {
  return std::unexpected(Problem{std::move(message), std::move(remedy)});
}

std::string write(std::string_view what) { return "write " + backquoted(what); }

// ---- what is no destination at first sight

// The authority of a URL without the user.
std::string_view authority_of(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const auto at = url.rfind('@');
  return at == std::string_view::npos ? url : url.substr(at + 1);
}

std::optional<Problem> is_url(std::string_view text) {
  if (!text.contains("://")) return std::nullopt;
  const std::string_view authority = authority_of(text);
  const std::string_view example = authority.empty() ? std::string_view("example.com") : authority;
  return Problem{
      backquoted(text) + " is a URL, not a destination",
      write(example) + "; a port is written behind it (`example.com:8080`), a path goes to `paths` of a rule"};
}

// "10.0.0.*" as the network that it means, or empty.
std::string starred_network(std::string_view text) {
  const auto star = text.find('*');
  const auto numbers = std::ranges::count(text.substr(0, star), '.');
  const bool only_stars = text.find_first_not_of(".*", star) == std::string_view::npos;
  if (!only_stars || numbers < 1 || numbers > 3) return {};
  std::string result(text.substr(0, star));
  for (auto i = numbers; i < 4; ++i) result += i == 3 ? "0" : "0.";
  result += "/" + std::to_string(numbers * 8);
  return config::parse_network(result) ? result : "";
}

std::optional<Problem> is_wildcard(std::string_view text) {
  const auto star = text.find('*');
  if (star == std::string_view::npos || text == "*" || text.starts_with("*:")) return std::nullopt;
  if (text.starts_with("*.") && text.find('*', 1) == std::string_view::npos && text.size() > 2) {
    const std::string_view name = text.substr(2);
    return Problem{
        backquoted(text) + " is not how subdomains are written here",
        write("." + std::string(name)) + " for the names below it, or " + backquoted(name) + " for itself and them"};
  }
  if (const std::string network = starred_network(text); !network.empty()) {
    return Problem{backquoted(text) + " is not how a network is written here", write(network)};
  }
  return Problem{backquoted(text) + " has a `*` inside", "`*` stands alone, for everything; a domain is `example.com`"};
}

std::optional<Problem> foreign(std::string_view text) {
  if (text.empty()) return Problem{"an empty destination", "write `example.com`, `10.0.0.0/8` or `*`"};
  const auto odd = std::ranges::find_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (odd != text.end()) return Problem{"a destination holds a control character", "write it anew"};
  if (text.contains(' '))
    return Problem{backquoted(text) + " holds a space", "make each destination an entry of its own"};
  if (text.find_first_of(",;") != std::string_view::npos) {
    return Problem{backquoted(text) + " is more than one destination", "make each an entry of its own: `[ a, b ]`"};
  }
  if (auto problem = is_url(text)) return problem;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    return Problem{backquoted(text) + " holds a user", write(text.substr(at + 1)) + "; users go to `who`"};
  }
  return is_wildcard(text);
}

// ---- the port

struct Parts {
  std::string_view host;
  std::uint16_t port = 0;
};

std::expected<std::uint16_t, Problem> parse_port(std::string_view text, std::string_view host, std::string_view port) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (error == std::errc{} && end == port.data() + port.size() && value >= 1 && value <= 65535) {
    return static_cast<std::uint16_t>(value);
  }
  if (port == "*" || port.empty()) return wrong(backquoted(text) + " names no port", write(host));
  if (port.contains('/')) return wrong(backquoted(text) + " holds a path", write(text.substr(0, text.find('/'))));
  if (port.contains('-')) {
    return wrong(backquoted(text) + " names a range of ports",
                 write(host) + " and `ports: [ " + std::string(port) + " ]`");
  }
  return wrong(backquoted(port) + " is not a port", "a port is 1 to 65535");
}

std::expected<Parts, Problem> with_port(std::string_view text, std::string_view host, std::string_view port) {
  auto number = parse_port(text, host, port);
  if (!number) return std::unexpected(number.error());
  return Parts{host, *number};
}

std::expected<Parts, Problem> split_brackets(std::string_view text) {
  const auto close = text.find(']');
  const std::string_view inside = text.substr(1, close == std::string_view::npos ? close : close - 1);
  if (close == std::string_view::npos || !inside.contains(':')) {
    return wrong(backquoted(text) + " is not an IPv6 address in brackets", "write `[2001:db8::1]:443`");
  }
  const std::string_view rest = text.substr(close + 1);
  if (rest.empty()) return Parts{inside};
  if (rest.starts_with('/')) {
    const std::string length(rest.substr(0, rest.find(':')));
    const std::string network = std::string(inside) + length;
    return wrong(backquoted(text) + " has the length of the network outside of the brackets",
                 write(network) + ", or " + backquoted("[" + network + "]:443") + " with a port");
  }
  if (!rest.starts_with(':')) return wrong(backquoted(text) + " goes on after `]`", "write `[2001:db8::1]:443`");
  auto parts = with_port(text, text.substr(0, close + 1), rest.substr(1));
  if (parts) parts->host = inside;
  return parts;
}

std::expected<Parts, Problem> split_port(std::string_view text) {
  if (text.starts_with('[')) return split_brackets(text);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) return Parts{text};
  if (colon == 0) return wrong(backquoted(text) + " names a port and no host", write("*" + std::string(text)));
  return with_port(text, text.substr(0, colon), text.substr(colon + 1));
}

// ---- numbers in disguise

// How inet_aton(), and with it most programs in C, reads it.
std::optional<std::string> read_by_others(std::string_view host) {
  in_addr address{};
  if (inet_aton(std::string(host).c_str(), &address) == 0) return std::nullopt;
  char buffer[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &address, buffer, sizeof buffer);
}

// "10.1" or "10.1." as "10.1.0.0/16", as lists for other programs mean it; empty for anything else.
std::string short_network(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto numbers = std::ranges::count(host, '.') + 1;
  if (numbers > 3) return {};
  std::string padded(host);
  for (auto i = numbers; i < 4; ++i) padded += ".0";
  padded += "/" + std::to_string(numbers * 8);
  return config::parse_network(padded) ? padded : "";
}

auto number_in_disguise(std::string_view host) {
  const std::string message = backquoted(host) + " is neither a name nor an address, and programs differ about it";
  const std::string network = host.contains('.') ? short_network(host) : "";
  const auto address = read_by_others(host);
  std::string remedy = "write IPv4 addresses as four decimal numbers: `192.0.2.1`";
  if (address) remedy = write(*address) + " if you mean this address";
  if (!network.empty()) remedy += std::string(address ? ", or " : "; ") + backquoted(network) + " for a network";
  return wrong(message, remedy);
}

// ---- the host

DestinationPattern of_network(config::Network network) { return {.kind = Kind::network, .network = network}; }

// "255.255.0.0" as 16, or nothing.
std::optional<int> bits_of_mask(std::string_view text) {
  const auto mask = IpAddress::parse(text);
  if (!mask || !mask->v4) return std::nullopt;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | mask->bytes[i];
  const int bits = std::countl_one(number);
  return std::countr_zero(number) >= 32 - bits ? std::optional(bits) : std::nullopt;
}

Parsed parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  const std::string_view length = text.substr(slash + 1);
  if (auto ip = IpAddress::parse(address)) {
    if (const auto bits = ip->v4 ? bits_of_mask(length) : std::nullopt) {
      return wrong(backquoted(text) + " has a mask where the length of the network goes",
                   write(std::string(address) + "/" + std::to_string(*bits)));
    }
    auto network = config::parse_network(text);
    if (!network) return std::unexpected(network.error());
    return of_network(*network);
  }
  if (ends_in_number(address) && std::ranges::all_of(length, [](char c) { return c >= '0' && c <= '9'; })) {
    std::string padded(address);
    for (auto dots = std::ranges::count(address, '.'); dots < 3; ++dots) padded += ".0";
    padded += "/" + std::string(length);
    return wrong(backquoted(text) + " is not a network in full",
                 config::parse_network(padded) ? write(padded) : "write `10.0.0.0/8`");
  }
  if (address.contains(':')) return wrong(backquoted(text) + " is not an IPv6 network", "write `2001:db8::/32`");
  return wrong(backquoted(text) + " holds a path", address.empty()
                                                       ? "write a domain, such as `example.com`"
                                                       : write(address) + "; a path goes to `paths` of a rule");
}

Parsed parse_ipv6(std::string_view text) {
  if (text.contains('%')) {
    return wrong(backquoted(text) + " names a zone", write(text.substr(0, text.find('%'))) + ", without the zone");
  }
  auto address = IpAddress::parse(text);
  if (!address) {
    return wrong(backquoted(text) + " is not an IPv6 address",
                 "write `2001:db8::1`, or `[2001:db8::1]:443` with a port");
  }
  return of_network({.address = *address, .bits = address->v4 ? 32 : 128});
}

std::expected<std::string, Problem> ascii_name(std::string_view name) {
  if (std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return std::string(name);
  auto made = to_a_labels(name);
  if (!made)
    return wrong(backquoted(name) + " is not an international name: " + made.error(), "write its A-label, `xn--...`");
  if (!read_host(*made) || read_host(*made)->address) {
    return wrong(backquoted(name) + " has characters that stand for others", "write it in ASCII");
  }
  return made.value();
}

Parsed parse_name(std::string_view text) {
  const bool below = text.starts_with('.');
  auto name = ascii_name(text.substr(below ? 1 : 0));
  if (!name) return std::unexpected(name.error());
  if (name->empty()) return wrong("`.` names no domain", "write `*` for everything, or `.example.com`");
  const auto host = read_host(*name);
  if (host && host->address) return wrong(backquoted(text) + " is an address behind a dot", write(*name));
  if (host) {
    return DestinationPattern{.kind = below ? Kind::subdomains : Kind::domain, .name = http::to_lower(host->name)};
  }
  if (host.error() == HostFault::number) return number_in_disguise(*name);
  return wrong(backquoted(text) + " is not a destination: " + std::string(policy::text(host.error())),
               "write a domain (`example.com`), an address, a network (`10.0.0.0/8`) or `*`");
}

Parsed parse_host(std::string_view text) {
  if (text == "*") return DestinationPattern{};
  if (text.contains('/')) return parse_network(text);
  if (text.contains(':')) return parse_ipv6(text);
  if (auto address = IpAddress::parse(text)) return of_network({.address = *address, .bits = 32});
  return parse_name(text);
}

}  // namespace

bool DestinationPattern::holds(const DestinationHost& host) const {
  if (kind == Kind::everything) return true;
  if (kind == Kind::network) return host.address && network.contains(*host.address);
  if (host.address || host.name.size() < name.size()) return false;
  const std::size_t above = host.name.size() - name.size();
  if (!http::iequals(host.name.substr(above), name)) return false;
  return above == 0 ? kind == Kind::domain : host.name[above - 1] == '.';
}

std::string DestinationPattern::text() const {
  const std::string behind = port == 0 ? "" : ":" + std::to_string(port);
  switch (kind) {
    case Kind::everything: return "*" + behind;
    case Kind::domain: return name + behind;
    case Kind::subdomains: return "." + name + behind;
    case Kind::network: break;
  }
  const bool brackets = port != 0 && !network.address.v4;
  return (brackets ? "[" + network.text() + "]" : network.text()) + behind;
}

Parsed parse_destination(std::string_view text) {
  if (auto problem = foreign(text)) return std::unexpected(*problem);
  auto parts = split_port(text);
  if (!parts) return std::unexpected(parts.error());
  auto result = parse_host(parts->host);
  if (result) result->port = parts->port;
  return result;
}

}  // namespace sp::policy
