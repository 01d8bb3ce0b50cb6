#include "proxy/offered_protocols.h"

#include <array>

#include "config/address.h"

namespace sp::proxy {

std::span<const std::string_view> offered_protocols(config::OnOff http2) {
  static constexpr std::array<std::string_view, 2> both{"h2", "http/1.1"};
  return std::span(both).subspan(http2 == config::OnOff::on ? 0 : 1);
}

std::span<const std::string_view> offered_protocols(const policy::Upstream& upstream) {
  if (config::is_relayed(upstream.servers.front().url.scheme)) return {};
  return offered_protocols(upstream.tls.http2);
}

}  // namespace sp::proxy
