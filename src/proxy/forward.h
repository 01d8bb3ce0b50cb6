// The end of a request's way: a server is chosen, a connection found or made, the request sent, its response begun.
#pragma once

#include "proxy/exchange.h"

namespace sp::proxy {

// Asks the route's upstream, and tries again where nothing can have been done twice: another server after a connection
// failed, another connection where a kept one was closed under us. The failure is noted in `exchange`.
runtime::Task<Result<Response>> forward(Exchange& exchange);

// At the end of an exchange, however it ended: the connection goes back to its pool if it may be used again, else it is
// closed. Waits for the upload to end.
runtime::Task<void> leave_upstream(Exchange& exchange);

}  // namespace sp::proxy
