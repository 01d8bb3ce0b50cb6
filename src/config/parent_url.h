// The URL of a parent proxy: http://NAME:PASSWORD@HOST:PORT, https:// or socks5://. What is wrong with one is said
// without a word of it, since it may hold a password.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "config/problem.h"

namespace sp::config {

struct ParentUrl {
  std::string scheme;  // http, https or socks5
  std::string host;    // in lower case; IPv6 without brackets
  std::uint16_t port = 0;
  std::string user, password;  // decoded; an empty user: none

  // As it may be shown: "http://192.168.4.5:3128".
  std::string name() const;
};

// "socks5h" is "socks5": names are the parent's to resolve in any case.
std::expected<ParentUrl, Problem> parse_parent_url(std::string_view text);
// Of HTTP_PROXY and the like, where the scheme may be left out: it is http then.
std::expected<ParentUrl, Problem> parse_parent_variable(std::string_view text);

}  // namespace sp::config
