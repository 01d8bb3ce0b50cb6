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

constexpr std::array<std::string_view, 4> mail_schemes{"smtp", "imap", "pop3", "sieve"};
constexpr std::array<std::string_view, 12> schemes{"http", "https", "h2c",   "tcp",       "tls",        "smtp",
                                                   "imap", "pop3",  "sieve", "http+unix", "https+unix", "h2c+unix"};
constexpr std::array<std::string_view, 4> ways_out{"proxy", "http", "https", "socks5"};
constexpr std::array<std::string_view, 10> suggested_schemes{"http", "https", "h2c",  "tcp",   "tls",
                                                             "smtp", "imap",  "pop3", "sieve", "http+unix"};

std::uint16_t port_of(std::string_view scheme) {
  if (is_relayed(scheme)) return 0;
  return scheme == "https" ? 443 : 80;
}

bool listens(AddressUse use) { return use == AddressUse::listen || use == AddressUse::way_out; }

std::string example(AddressUse use) {
  if (use == AddressUse::way_out) return "write `proxy://127.0.0.1:3128`, or `http://`, `https://` or `socks5://`";
  if (use == AddressUse::relay)
    return "write `tcp://10.0.0.7:10993`, `tls://mail.internal:993` or the name of an upstream";
  return use == AddressUse::listen ? "write `https://:443` or `http://127.0.0.1:8080`"
                                   : "write `https://host`, `http://10.0.0.7:8080` or `http+unix:///run/app.sock`";
}

// Where a listener of the scheme usually is.
std::string listen_example(std::string_view scheme) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> ports{
      {{"smtp", ":25"}, {"imap", ":143"}, {"pop3", ":110"}, {"sieve", ":4190"}}};
  const auto known = std::ranges::find(ports, scheme, &std::pair<std::string_view, std::string_view>::first);
  const std::string_view usual = is_relayed(scheme) ? ":993" : ":8080";
  return "write `" + std::string(scheme) + "://" + std::string(known == ports.end() ? usual : known->second) + "`";
}

Failure no_scheme(std::string_view text, AddressUse use) {
  // ":443" and "443", as other servers have it.
  const std::string_view port = text.starts_with(':') ? text.substr(1) : text;
  const bool only_port = !port.empty() && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  std::string remedy = example(use);
  if (only_port && use == AddressUse::listen)
    remedy = "write `http" + std::string(port == "443" ? "s" : "") + "://:" + std::string(port) + "`";
  // "127.0.0.1:3129"
  const bool is_place = !only_port && text.contains(':') && text.find_first_of(" /?#@`") == std::string_view::npos;
  if (is_place && use == AddressUse::way_out)
    remedy = "write `proxy://" + std::string(text) + "`, or `http://`, `https://` or `socks5://`";
  return failure(backquoted(text) + " has no scheme, and every address is a URL", std::move(remedy));
}

Failure bad_scheme(std::string_view scheme, AddressUse use) {
  const std::string shown = backquoted(std::string(scheme) + "://");
  if (use == AddressUse::way_out) return failure(shown + " is nothing that a way out listens for", example(use));
  for (const std::string_view outbound : {"proxy", "socks5"}) {
    if (scheme == outbound) return failure(shown + " is for entries of `outbound`", "move the entry there");
  }
  for (const std::string_view spelled : {"smtps", "imaps", "pop3s", "sieves", "submissions"}) {
    if (scheme == spelled) return failure(shown + " is not a scheme that is known", "use `tls://`, with its port");
  }
  if (scheme == "submission") return failure(shown + " is not a scheme that is known", "use `smtp://`, with its port");
  if (scheme == "managesieve") return failure(shown + " is not a scheme that is known", "use `sieve://`");
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
  if (scheme.ends_with("+unix")) {
    return failure(shown + " is not available in this version: Unix sockets are for HTTP",
                   "let the server listen on an address, such as 127.0.0.1");
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
  if (listens(use)) {
    const bool every = host.empty() || host == "*";
    if ((every || is_relayed(address.scheme) || use == AddressUse::way_out) && !port_is_written)
      return Problem{every ? "the address has neither an address nor a port" : "the address has no port",
                     use == AddressUse::way_out ? example(use) : listen_example(address.scheme)};
    if (every) address.host.clear();
    if (address.host.empty() || IpAddress::parse(host)) return std::nullopt;
    return Problem{backquoted(host) + " is not an address of this machine to listen on",
                   host == "localhost" ? "write `127.0.0.1`"
                   : is_relayed(address.scheme)
                       ? listen_example(address.scheme) + " for all addresses, or an IP address with a port"
                       : "write an IP address, or none for all: `https://:443`"};
  }
  if (host.empty()) return Problem{"the address has no host", "write `" + address.scheme + "://host`"};
  return host_name(host);
}

}  // namespace

bool looks_like_url(std::string_view text) { return text.find("://") != std::string_view::npos; }

bool is_mail(std::string_view scheme) { return std::ranges::find(mail_schemes, scheme) != mail_schemes.end(); }
bool is_relayed(std::string_view scheme) { return scheme == "tcp" || scheme == "tls" || is_mail(scheme); }

// What a scheme has no business with.
static std::optional<Problem> misplaced(std::string_view scheme, AddressUse use) {
  const std::string shown = backquoted(std::string(scheme) + "://");
  if (use == AddressUse::target && is_relayed(scheme)) {
    return Problem{shown + " is not for routes: it passes on octets, and a route requests",
                   "give the entry `to` instead of `sites`, and let it listen on `tcp://` or `tls://`"};
  }
  if (use == AddressUse::relay && !is_relayed(scheme)) {
    return Problem{shown + " is for routes: an entry with `to` passes on octets", example(use)};
  }
  return std::nullopt;
}

std::expected<Address, Problem> parse_address(std::string_view text, AddressUse use) {
  const auto separator = text.find("://");
  if (separator == std::string_view::npos) return no_scheme(text, use);
  std::string_view scheme = text.substr(0, separator);
  std::string_view rest = text.substr(separator + 3);
  const bool known = use == AddressUse::way_out ? std::ranges::find(ways_out, scheme) != ways_out.end()
                                                : std::ranges::find(schemes, scheme) != schemes.end();
  if (!known) return bad_scheme(scheme, use);
  if (auto problem = misplaced(scheme, use)) return Failure(std::move(*problem));
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
    return failure("the address holds a user name or password",
                   is_relayed(scheme) ? "leave it out" : "set the field `Authorization` in `request_headers`");
  }
  const std::size_t whole = authority.size();
  auto port = take_port(authority, port_of(scheme));
  if (!port) return Failure(port.error());
  address.port = *port;
  if (auto problem = take_host(address, authority, authority.size() < whole, use)) return Failure(std::move(*problem));
  if (address.path.empty()) return address;
  if (use != AddressUse::target && address.path != "/") {
    return failure(backquoted(address.path) + " follows the address, which has no path here",
                   is_relayed(scheme) || use == AddressUse::way_out ? "leave it out"
                   : use == AddressUse::listen ? "say the path in a route: `path: " + address.path + "`"
                                               : "give `to` of the route a URL with the path instead of an upstream");
  }
  if (use == AddressUse::target) {
    if (auto problem = bad_path(address.path)) return Failure(std::move(*problem));
  }
  return address;
}

}  // namespace sp::config
