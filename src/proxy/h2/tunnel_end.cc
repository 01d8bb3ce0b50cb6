#include "proxy/h2/tunnel_end.h"

#include <algorithm>

#include "runtime/loop.h"

namespace sp::proxy {

using runtime::Direction;
using runtime::IoResult;

namespace {
// How long a server may take to answer the last message.
constexpr runtime::Duration time_to_answer{2000};
}  // namespace

// Chromium ends its side with its last message, which in HTTP/1.1 nobody does: servers take the end of the connection
// for the end of both sides, and do not answer any more. They get to know of it a moment later, or when they have
// ended.
bool H2TunnelEnd::holds_back_end() {
  if (!channel_.remote_ended() || channel_.received() != 0 || channel_.fault() != Code::ok || finishing_) return false;
  const runtime::TimePoint now = runtime::Loop::current().now();
  if (end_until_ == runtime::never) end_until_ = now + time_to_answer;
  return now < end_until_;
}

IoResult H2TunnelEnd::try_read(std::span<char> into) {
  return holds_back_end() ? IoResult::would_block() : channel_.try_read(into);
}

void H2TunnelEnd::arm(Direction direction, runtime::IoWait& wait) {
  if (direction == Direction::read) wait.deadline = std::min(wait.deadline, end_until_);
  channel_.arm(direction, wait);
}

IoResult H2TunnelEnd::try_finish() {
  if (!finishing_) {
    finishing_ = true;
    channel_.look_again();
  }
  return channel_.try_finish();
}

}  // namespace sp::proxy
