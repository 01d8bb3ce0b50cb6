// The protocols that are offered by ALPN, to clients and to servers.
#pragma once

#include <span>
#include <string_view>

#include "policy/site_table.h"

namespace sp::proxy {

// Of HTTP: HTTP/1.1, and HTTP/2 before it where that is on.
std::span<const std::string_view> offered_protocols(config::OnOff http2);
// To the servers of an upstream. None where octets are passed on: what is offered there is what clients offer.
std::span<const std::string_view> offered_protocols(const policy::Upstream& upstream);

}  // namespace sp::proxy
