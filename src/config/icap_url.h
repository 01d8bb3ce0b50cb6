// Where an ICAP service is: icap://host[:port]/path.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "config/problem.h"

namespace sp::config {

struct IcapUrl {
  std::string host;  // IPv6 without brackets
  std::uint16_t port = 0;
  std::string path;  // with its '/', perhaps with a query
};

std::expected<IcapUrl, Problem> parse_icap_url(std::string_view text);

}  // namespace sp::config
