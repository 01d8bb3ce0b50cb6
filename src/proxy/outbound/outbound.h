// The way out: who asks, whether the destination may be reached, and then to it.
#pragma once

#include "proxy/exchange.h"

namespace sp::proxy {

// As answer(), for entries of `outbound`: `exchange.response` is ready to be written, or begins a tunnel. Errors:
// denied, proxy_authentication_required, users_busy, not_for_a_proxy, destination_*, and those of forward() and
// connect_server().
runtime::Task<Result<void>> answer_outbound(Exchange& exchange);

}  // namespace sp::proxy
