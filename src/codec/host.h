// host[:port] as in Host and in request targets: RFC 3986 section 3.2, RFC 9110 section 4.2, RFC 9112 section 3.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sp::codec {

struct Authority {
  std::string_view text;  // as sent, but without the colon of an empty port
  std::string_view host;  // with its brackets
  std::optional<std::uint16_t> port;
};

// A reg-name (an IPv4 address looks like one) or an IPv6 address in brackets, and a port of at most five digits.
// Nothing where it is malformed or empty, or its host has more than 255 characters. Narrower than the grammar on
// purpose: no user information, no zone or future address, and no ',', which the grammar allows in a name but by which
// a reader of lists would see two hosts.
std::optional<Authority> parse_authority(std::string_view text);

// Whether both name one host and port; a port that is not given is `default_port`.
bool same_authority(const Authority& a, const Authority& b, std::uint16_t default_port);

}  // namespace sp::codec
