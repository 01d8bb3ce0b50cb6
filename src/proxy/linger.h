// The end of a connection that was written to (RFC 9112 section 9.6).
#pragma once

#include "runtime/stream.h"
#include "runtime/task.h"

namespace sp::proxy {

// Sends the end. The other side may still be sending: closing at once would reset the connection, and could take what
// was sent with it. So what it sends is read, for a moment, and dropped.
runtime::Task<void> linger(runtime::Stream& stream, runtime::TimePoint now);
// The same after the end has been sent.
runtime::Task<void> drop_input(runtime::Stream& stream, runtime::TimePoint deadline);

// How long linger() takes at most.
inline constexpr runtime::Duration linger_time{2000};

}  // namespace sp::proxy
