#include "config/icap_url.h"

#include <algorithm>

#include "config/address.h"

namespace sp::config {
namespace {

constexpr std::string_view scheme = "icap://";
constexpr std::uint16_t default_port = 1344;

bool fits_a_line(std::string_view path) {
  return std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

}  // namespace

std::expected<IcapUrl, Problem> parse_icap_url(std::string_view text) {
  const Problem problem{"`" + std::string(text) + "` is no URL of an ICAP service",
                        "write `icap://127.0.0.1:1344/avscan`, with the name of the service as the path"};
  if (!text.starts_with(scheme)) return std::unexpected(problem);
  const std::string_view rest = text.substr(scheme.size());
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::string_view path = rest.substr(authority.size());
  if (authority.empty() || path.size() < 2 || !fits_a_line(path)) return std::unexpected(problem);
  auto address = parse_address("tcp://" + std::string(authority), AddressUse::relay);
  if (!address || address->host.empty()) return std::unexpected(problem);
  return IcapUrl{address->host, address->port != 0 ? address->port : default_port, std::string(path)};
}

}  // namespace sp::config
