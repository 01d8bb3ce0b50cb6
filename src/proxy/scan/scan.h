// Requests and responses of a way out that are shown to a scanner (`scanner`): ICAP, RFC 3507.
#pragma once

#include "proxy/exchange.h"

namespace sp::proxy {

// forward(), with the request shown before it and the response behind it, as the entry says. What a service gives in
// the place of either is the response; it has ended well then. Errors, besides those of forward(): scanner_refused,
// scanner_unavailable.
runtime::Task<Result<void>> forward_scanned(Exchange& exchange);

}  // namespace sp::proxy
