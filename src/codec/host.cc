#include "codec/host.h"

#include "base/ip.h"
#include "codec/characters.h"
#include "http/fields.h"

namespace sp::codec {
namespace {

// RFC 3986 section 3.2.2: no name that is looked up anywhere is longer.
constexpr std::size_t most_host = 255;

// How many characters from the front are a reg-name.
std::size_t name_length(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    if (!has_class(*at, class_host)) {
      if (*at != '%' || !is_percent_encoded(at, end)) break;
      at += 2;
    }
    ++at;
  }
  return static_cast<std::size_t>(at - text.data());
}

// The same for an IPv6 address in brackets; 0: it is none.
std::size_t bracketed_length(std::string_view text) {
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos) return 0;
  const auto address = IpAddress::parse(text.substr(1, close - 1));
  const bool has_colon = text.substr(0, close).contains(':');
  return address && has_colon ? close + 1 : 0;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  if (digits.size() > 5) return std::nullopt;
  std::uint32_t port = 0;
  for (char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const std::size_t end = text.front() == '[' ? bracketed_length(text) : name_length(text);
  if (end == 0 || end > most_host) return std::nullopt;
  Authority authority{text, text.substr(0, end), std::nullopt};
  if (end == text.size()) return authority;
  if (text[end] != ':') return std::nullopt;
  if (end + 1 == text.size()) {
    authority.text = authority.host;
    return authority;
  }
  authority.port = parse_port(text.substr(end + 1));
  if (!authority.port) return std::nullopt;
  return authority;
}

bool same_authority(const Authority& a, const Authority& b, std::uint16_t default_port) {
  return a.port.value_or(default_port) == b.port.value_or(default_port) && http::iequals(a.host, b.host);
}

}  // namespace sp::codec
