#include "http/url.h"

#include <algorithm>
#include <array>

#include "base/ip.h"

namespace sp::http {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

constexpr std::array<bool, 256> characters(std::string_view others) {
  std::array<bool, 256> set{};
  for (unsigned char c = 0; c < 128; ++c) set[c] = is_digit(static_cast<char>(c)) || is_alpha(static_cast<char>(c));
  for (char c : others) set[static_cast<unsigned char>(c)] = true;
  return set;
}
constexpr auto name_characters = characters("-._");                 // of a host: names and IPv4
constexpr auto path_characters = characters("-._~!$&'()*+,;=:@/");  // RFC 3986: pchar and '/'
constexpr auto query_characters = characters("-._~!$&'()*+,;=:@/?");

bool all_of(std::string_view text, const std::array<bool, 256>& set) {
  return std::ranges::all_of(text, [&](char c) { return set[static_cast<unsigned char>(c)]; });
}

// The length of `${name}` at the front of `text`, or 0.
std::size_t placeholder(std::string_view text) {
  if (!text.starts_with("${")) return 0;
  std::size_t end = text.find('}');
  return end == std::string_view::npos || end == 2 ? 0 : end + 1;
}

bool well_formed(std::string_view text, const std::array<bool, 256>& set, UrlUse use) {
  while (!text.empty()) {
    std::size_t length = 1;
    if (text.front() == '%') {
      length = 3;
      if (text.size() < 3 || !is_hex(text[1]) || !is_hex(text[2])) return false;
    } else if (std::size_t found = use == UrlUse::target ? placeholder(text) : 0; found != 0) {
      length = found;
    } else if (!set[static_cast<unsigned char>(text.front())]) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  unsigned port = 0;
  for (char c : text) port = port * 10 + static_cast<unsigned>(c - '0');
  if (port == 0 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

std::optional<Authority> split_ipv6(std::string_view text) {
  std::size_t close = text.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  Authority result{.host = text.substr(1, close - 1), .ipv6 = true};
  if (result.host.find(':') == std::string_view::npos || !IpAddress::parse(result.host)) return std::nullopt;
  std::string_view rest = text.substr(close + 1);
  if (rest.empty()) return result;
  auto port = rest.front() == ':' ? parse_port(rest.substr(1)) : std::nullopt;
  if (!port) return std::nullopt;
  result.port = *port;
  return result;
}

// Takes the scheme off the front; lower case, or empty when it is malformed.
std::string take_scheme(std::string_view& text) {
  std::size_t end = text.find("://");
  if (end == std::string_view::npos || end == 0 || !is_alpha(text[0])) return {};
  std::string_view scheme = text.substr(0, end);
  if (!std::ranges::all_of(scheme,
                           [](char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; })) {
    return {};
  }
  text.remove_prefix(end + 3);
  return to_lower(scheme);
}

// Takes the path and the query, which are all that is left of `text`.
bool take_path(std::string_view text, UrlUse use, Url& url) {
  std::size_t question = text.find('?');
  url.path = text.substr(0, question);
  url.has_query = question != std::string_view::npos;
  if (url.has_query) url.query = text.substr(question + 1);
  return well_formed(url.path, path_characters, use) && well_formed(url.query, query_characters, use);
}

// Of the path of a socket: no space and no control character, nor what would make it look like the rest of a URL.
bool is_socket_character(char c) {
  auto u = static_cast<unsigned char>(c);
  return u > 0x20 && u != 0x7f && c != '?' && c != '#' && c != '%';
}

// http+unix:///run/x.sock[:/path]
bool take_unix(std::string_view text, UrlUse use, Url& url) {
  url.scheme.resize(url.scheme.size() - std::string_view("+unix").size());
  if (url.scheme.empty() || !text.starts_with('/')) return false;
  std::size_t colon = text.find(":/");
  std::string_view socket = text.substr(0, colon);
  url.unix_path = socket;
  if (socket.size() < 2 || !std::ranges::all_of(socket, is_socket_character)) return false;
  return colon == std::string_view::npos || take_path(text.substr(colon + 1), use, url);
}

bool take_authority(std::string_view text, UrlUse use, Url& url) {
  if (use == UrlUse::listen && (text.starts_with(':') || text.starts_with("*:"))) {
    auto port = parse_port(text.substr(text.find(':') + 1));
    url.port = port.value_or(0);
    return port.has_value();
  }
  auto authority = split_authority(text);
  if (!authority) return false;
  url.host = to_lower(authority->host);
  url.port = authority->port;
  return true;
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return result;
}

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "http" || scheme == "ws" || scheme == "h2c") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  return 0;
}

std::optional<Authority> split_authority(std::string_view text) {
  if (text.starts_with('[')) return split_ipv6(text);
  Authority result;
  std::size_t colon = text.find(':');
  result.host = text.substr(0, colon);
  if (result.host.ends_with('.')) result.host.remove_suffix(1);
  bool empty_label =
      result.host.empty() || result.host.starts_with('.') || result.host.ends_with('.') || result.host.contains("..");
  if (empty_label || !all_of(result.host, name_characters)) return std::nullopt;
  if (colon == std::string_view::npos) return result;
  auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;
  result.port = *port;
  return result;
}

std::optional<Url> parse_url(std::string_view text, UrlUse use) {
  Url url;
  url.scheme = take_scheme(text);
  if (url.scheme.empty()) return std::nullopt;
  if (url.scheme.ends_with("+unix")) return take_unix(text, use, url) ? std::optional(url) : std::nullopt;
  std::size_t end = std::min(text.find_first_of("/?"), text.size());
  if (!take_authority(text.substr(0, end), use, url)) return std::nullopt;
  if (!take_path(text.substr(end), use, url)) return std::nullopt;
  return url;
}

std::uint16_t Url::effective_port() const { return port != 0 ? port : default_port(scheme); }

std::string Url::authority() const {
  if (is_unix()) return "localhost";
  std::string result = is_ipv6() ? "[" + host + "]" : host;
  if (port != 0 && port != default_port(scheme)) result += ":" + std::to_string(port);
  return result;
}

std::string Url::origin() const { return is_unix() ? scheme + "+unix://" + unix_path : scheme + "://" + authority(); }

std::string Url::text() const {
  std::string result = origin();
  if (is_unix() && !path.empty()) result += ":";
  result += path;
  if (has_query) result += "?" + query;
  return result;
}

}  // namespace sp::http
