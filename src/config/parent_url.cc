#include "config/parent_url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "config/address.h"

namespace sp::config {
namespace {

// RFC 1929 has an octet for the length of each; those of Basic are held to the same.
constexpr std::size_t most_octets = 255;

std::unexpected<Problem> no_parent_url() {
  return std::unexpected(Problem{"it is not the URL of a proxy",
                                 "write `http://HOST:PORT`, `https://HOST:PORT` or `socks5://HOST:PORT`, "
                                 "perhaps with `NAME:PASSWORD@` before the host"});
}
std::unexpected<Problem> no_user() {
  return std::unexpected(
      Problem{"the name or the password of the URL cannot be read",
              "write characters that URLs have no room for as %XX: `@` is %40, `:` in a password %3A, `/` is %2F"});
}

bool may_stand_in_user(char c) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=%";
  return plain.contains(c);
}

// Nothing where it is malformed, too long, or holds a control character.
std::optional<std::string> decoded(std::string_view text) {
  std::string octets;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!may_stand_in_user(text[i])) return std::nullopt;
    unsigned octet = static_cast<unsigned char>(text[i]);
    if (text[i] == '%') {
      const std::string_view digits = text.substr(i + 1, 2);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), octet, 16);
      if (error != std::errc{} || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
      i += 2;
    }
    if (octet < 0x20 || octet == 0x7f) return std::nullopt;
    octets += static_cast<char>(octet);
  }
  if (octets.size() > most_octets) return std::nullopt;
  return octets;
}

// False: they are malformed. A name with a colon in it is none that Basic could say.
bool take_user(std::string_view text, ParentUrl& url) {
  const auto colon = text.find(':');
  const auto user = decoded(text.substr(0, colon));
  const auto password = decoded(colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1));
  if (!user || !password || user->empty() || user->contains(':')) return false;
  url.user = *user;
  url.password = *password;
  return true;
}

std::optional<std::string> scheme_of(std::string_view text) {
  if (text == "socks5h") return "socks5";
  if (text == "http" || text == "https" || text == "socks5") return std::string(text);
  return std::nullopt;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string ParentUrl::name() const {
  const bool ipv6 = host.contains(':');
  return scheme + "://" + (ipv6 ? "[" : "") + host + (ipv6 ? "]" : "") + ":" + std::to_string(port);
}

std::expected<ParentUrl, Problem> parse_parent_url(std::string_view text) {
  ParentUrl url;
  const auto begin = text.find("://");
  if (begin == std::string_view::npos) return no_parent_url();
  std::string written(text.substr(0, begin));
  std::ranges::transform(written, written.begin(), lower);
  const auto scheme = scheme_of(written);
  if (!scheme) return no_parent_url();
  url.scheme = *scheme;
  std::string_view rest = text.substr(begin + 3);
  // The last one: who writes a password with `@` in it is told so, and nothing of it is taken for a host.
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    if (!take_user(rest.substr(0, at), url)) return no_user();
    rest.remove_prefix(at + 1);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  // What it says is wrong would repeat the text.
  const auto address = parse_address("tcp://" + std::string(rest), AddressUse::relay);
  if (!address || address->host.empty() || !address->path.empty()) return no_parent_url();
  if (address->port == 0) {
    return std::unexpected(Problem{"the URL of the proxy has no port, and programs differ about the one that is meant",
                                   "write it: `http://HOST:3128`"});
  }
  url.host = address->host;
  std::ranges::transform(url.host, url.host.begin(), lower);
  if (url.host.ends_with('.')) url.host.pop_back();
  url.port = address->port;
  return url;
}

std::expected<ParentUrl, Problem> parse_parent_variable(std::string_view text) {
  if (!text.contains("://")) return parse_parent_url("http://" + std::string(text));
  return parse_parent_url(text);
}

}  // namespace sp::config
