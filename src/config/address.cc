#include "config/address.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ip.h"
#include "config/grammar.h"
#include "config/node.h"
#include "config/suggest.h"

namespace sp::config {
namespace {

using Failure = std::unexpected<Problem>;
Failure failure(std::string message, std::string remedy) {
  return Failure(Problem{std::move(message), std::move(remedy)});
}

constexpr std::array<std::string_view, 6> schemes{"http", "https", "h2c", "http+unix", "https+unix", "h2c+unix"};
constexpr std::array<std::string_view, 4> suggested_schemes{"http", "https", "h2c", "http+unix"};

std::string example(AddressUse use) {
  return use == AddressUse::listen ? "write `https://:443` or `http://127.0.0.1:8080`"
                                   : "write `https://host`, `http://10.0.0.7:8080` or `http+unix:///run/app.sock`";
}

Failure no_scheme(std::string_view text, AddressUse use) {
  // ":443" and "443", as other servers have it.
  const std::string_view port = text.starts_with(':') ? text.substr(1) : text;
  const bool only_port = !port.empty() && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  std::string remedy = example(use);
  if (only_port && use == AddressUse::listen)
    remedy = "write `http" + std::string(port == "443" ? "s" : "") + "://:" + std::string(port) + "`";
  return failure(backquoted(text) + " has no scheme, and every address is a URL", std::move(remedy));
}

Failure bad_scheme(std::string_view scheme, AddressUse use) {
  const std::string shown = backquoted(std::string(scheme) + "://");
  for (const std::string_view later : {"tcp", "tls", "proxy", "socks5"}) {
    if (scheme == later) return failure(shown + " is not available in this version", "use `http://` or `https://`");
  }
  for (const std::string_view http3 : {"http3", "h3", "quic"}) {
    if (scheme == http3) {
      return failure(shown + ": HTTP/3 is not available in this version",
                     "write `https://`, which speaks HTTP/2 and HTTP/1.1");
    }
  }
  if (scheme == "ws" || scheme == "wss") {
    return failure(shown + " is not an address here", std::string("write `http") + (scheme == "wss" ? "s" : "") +
                                                          "://`: WebSockets pass through HTTP routes");
  }
  if (scheme == "unix") return failure(shown + " does not say what is spoken", "write `http+unix:///run/app.sock`");
  if (scheme == "grpc" || scheme == "h2") {
    return failure(shown + " is not an address here", "write `h2c://` (HTTP/2 without TLS) or `https://`");
  }
  const std::string_view best = nearest(scheme, suggested_schemes);
  return failure(shown + " is not a scheme that is known",
                 best.empty() ? example(use) : "did you mean `" + std::string(best) + "://`?");
}

std::optional<Problem> bad_path(std::string_view path) {
  if (path.find_first_of("?#") != std::string_view::npos) {
    return Problem{"the path " + backquoted(path) + " holds a `?` or `#`", "leave the query and the fragment out"};
  }
  return request_path(path, Variables::allowed);
}

std::expected<Address, Problem> unix_address(Address address, std::string_view rest, AddressUse use) {
  const auto colon = rest.find(":/");  // a socket may have a colon in its name
  address.unix_path = rest.substr(0, colon);
  if (colon != std::string_view::npos) address.path = rest.substr(colon + 1);
  if (!address.unix_path.starts_with('/')) {
    return failure("the path of the Unix socket is not absolute",
                   "three slashes begin it: `http+unix:///run/app.sock`");
  }
  if (rest.find_first_of(" ?#%") != std::string_view::npos) {
    return failure("the path of the Unix socket holds a space, `?`, `#` or `%`", "give the socket another path");
  }
  constexpr std::size_t longest = 107;  // sun_path of unix(7), with its NUL
  if (address.unix_path.size() > longest) {
    return failure("the path of the Unix socket is longer than 107 octets", "put the socket into a shorter path");
  }
  if (colon == std::string_view::npos) return address;
  if (use != AddressUse::target) return failure("a path follows the Unix socket", "leave out what follows the `:`");
  if (auto problem = bad_path(address.path)) return Failure(std::move(*problem));
  return address;
}

// Takes ":443" off the end of an authority.
std::expected<std::uint16_t, Problem> take_port(std::string_view& authority, std::uint16_t normal) {
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  if (authority.starts_with('[') && bracket == std::string_view::npos) return normal;  // take_host() says it
  if (bracket == std::string_view::npos && std::ranges::count(authority, ':') > 1) return normal;  // the same
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) return normal;
  const std::string_view digits = authority.substr(colon + 1);
  authority = authority.substr(0, colon);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool whole = !digits.empty() && error == std::errc{} && end == digits.data() + digits.size();
  // Nor is 0, with which a system is asked for a free port: nobody would know where the gate listens.
  if (!whole || port == 0 || port > 65535) {
    return failure(backquoted(digits) + " is not a port", "a port is a number from 1 to 65535");
  }
  return static_cast<std::uint16_t>(port);
}

std::optional<Problem> take_host(Address& address, std::string_view host, bool port_is_written, AddressUse use) {
  if (host.starts_with('[')) {
    const bool closed = host.ends_with(']');
    address.host = host.substr(1, host.size() - (closed ? 2 : 1));
    const auto ip = IpAddress::parse(address.host);
    if (closed && ip && address.host.find(':') != std::string::npos) return std::nullopt;
    return Problem{backquoted(host) + " is not an IPv6 address in brackets", "write `[2001:db8::1]`"};
  }
  if (host.find(':') != std::string_view::npos) {
    return Problem{backquoted(host) + " is not a host with a port",
                   "put IPv6 addresses in brackets: `[2001:db8::1]:80`"};
  }
  address.host = host;
  if (use == AddressUse::listen) {
    const bool every = host.empty() || host == "*";
    if (every && !port_is_written)
      return Problem{"the address has neither an address nor a port", "write `" + address.scheme + "://:8080`"};
    if (every) address.host.clear();
    if (address.host.empty() || IpAddress::parse(host)) return std::nullopt;
    return Problem{backquoted(host) + " is not an address of this machine to listen on",
                   host == "localhost" ? "write `127.0.0.1`" : "write an IP address, or none for all: `https://:443`"};
  }
  if (host.empty()) return Problem{"the address has no host", "write `" + address.scheme + "://host`"};
  return host_name(host);
}

}  // namespace

bool looks_like_url(std::string_view text) { return text.find("://") != std::string_view::npos; }

std::expected<Address, Problem> parse_address(std::string_view text, AddressUse use) {
  const auto separator = text.find("://");
  if (separator == std::string_view::npos) return no_scheme(text, use);
  std::string_view scheme = text.substr(0, separator);
  std::string_view rest = text.substr(separator + 3);
  if (std::ranges::find(schemes, scheme) == schemes.end()) return bad_scheme(scheme, use);
  Address address;
  if (scheme.ends_with("+unix")) {
    address.scheme = scheme.substr(0, scheme.size() - 5);
    return unix_address(std::move(address), rest, use);
  }
  address.scheme = scheme;
  const auto slash = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) address.path = rest.substr(slash);
  if (authority.find('@') != std::string_view::npos) {
    return failure("the address holds a user name or password", "set the field `Authorization` in `request_headers`");
  }
  const std::size_t whole = authority.size();
  auto port = take_port(authority, scheme == "https" ? 443 : 80);
  if (!port) return Failure(port.error());
  address.port = *port;
  if (auto problem = take_host(address, authority, authority.size() < whole, use)) return Failure(std::move(*problem));
  if (address.path.empty()) return address;
  if (use != AddressUse::target && address.path != "/") {
    return failure(backquoted(address.path) + " follows the address, which has no path here",
                   use == AddressUse::listen ? "say the path in a route: `path: " + address.path + "`"
                                             : "give `to` of the route a URL with the path instead of an upstream");
  }
  if (use == AddressUse::target) {
    if (auto problem = bad_path(address.path)) return Failure(std::move(*problem));
  }
  return address;
}

}  // namespace sp::config
