// A connection for a request: one that is kept, a stream of one that is shared, or a new one.
#pragma once

#include "proxy/exchange.h"
#include "proxy/server_pool.h"

namespace sp::proxy {

enum class Reuse : std::uint8_t {
  any,
  shared,  // only a stream: a kept connection was closed under the request already
};

// If there is one that the request may use: it is `exchange.connection` then.
bool take_kept(Exchange& exchange, ServerPool& pool, Reuse reuse);

// A new one, or a stream of one that somebody else is making. Why not is noted in `exchange`, too.
runtime::Task<Result<void>> connect(Exchange& exchange, ServerPool& pool);

}  // namespace sp::proxy
