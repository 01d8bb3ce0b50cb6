// Two streams joined for good, as after "101 Switching Protocols": octets go both ways, and each direction ends by
// itself.
#pragma once

#include "base/bytes.h"
#include "runtime/scope.h"
#include "runtime/stream.h"

namespace sp::proxy {

struct TunnelResult {
  std::uint64_t from_client = 0;
  std::uint64_t from_upstream = 0;
  Code code = Code::ok;  // ok: both sides ended; timeout: nothing passed for `idle`; else what broke it
};

struct TunnelBegin {
  ByteView from_client, from_upstream;  // received behind the heads
};

// Ends when both directions have ended (each passes on the other's end), when one breaks, or when nothing passes in
// either for `idle`. Idle tunnels hold no buffers. `parent` cancels it.
runtime::Task<TunnelResult> run_tunnel(runtime::Stream& client, runtime::Stream& upstream, TunnelBegin begin,
                                       runtime::Duration idle, runtime::CancelToken& parent);

}  // namespace sp::proxy
