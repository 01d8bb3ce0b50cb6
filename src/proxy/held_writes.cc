#include "proxy/held_writes.h"

#include <algorithm>
#include <utility>

namespace sp::proxy {

using runtime::Direction;
using runtime::IoResult;
using runtime::IoStatus;

IoResult HeldWrites::try_write(std::span<const iovec> pieces) {
  if (fault_ != Code::ok) return IoResult::failed(fault_);
  if (!held_.empty()) return IoResult::would_block();
  for (const iovec& piece : pieces) {
    held_.append(static_cast<const char*>(piece.iov_base), std::min(piece.iov_len, most - held_.size()));
  }
  const std::size_t taken = held_.size();
  push();
  return fault_ != Code::ok ? IoResult::failed(fault_) : IoResult::done(taken);
}

IoResult HeldWrites::try_finish() {
  if (fault_ != Code::ok) return IoResult::failed(fault_);
  return held_.empty() ? lower_->try_finish() : IoResult::would_block();
}

// What is offered stays where it is until it was taken.
void HeldWrites::push() {
  while (!held_.empty()) {
    piece_ = {.iov_base = held_.data(), .iov_len = held_.size()};
    const IoResult put = lower_->try_write({&piece_, 1});
    if (put.status == IoStatus::would_block) {
      armed_ = true;
      return lower_->arm(Direction::write, *this);
    }
    if (put.status == IoStatus::failed) fault_ = put.code;
    held_.erase(0, put.status == IoStatus::failed ? held_.size() : put.bytes);
  }
}

void HeldWrites::woken(IoWait& self, Code why) {
  auto& stream = static_cast<HeldWrites&>(self);
  stream.armed_ = false;
  if (why == Code::ok) {
    stream.push();
    if (!stream.held_.empty()) return;
  } else {
    stream.fault_ = why;
    stream.held_.clear();
  }
  stream.wake(why);
}

void HeldWrites::expired(void* self) { static_cast<HeldWrites*>(self)->wake(Code::timeout); }

// Whoever is woken may be the end of this stream: the last thing that is done with it.
void HeldWrites::wake(Code why) {
  timer_.unlink();
  if (runtime::IoWait* writer = std::exchange(writer_, nullptr)) writer->wake(*writer, why);
}

void HeldWrites::arm(Direction direction, IoWait& wait) {
  if (direction == Direction::read || held_.empty()) return lower_->arm(direction, wait);
  writer_ = &wait;
  if (wait.deadline != runtime::never) runtime::Loop::current().timers().arm(timer_, wait.deadline);
}

void HeldWrites::disarm(Direction direction) {
  if (direction == Direction::read || held_.empty()) return lower_->disarm(direction);
  writer_ = nullptr;
  timer_.unlink();
}

}  // namespace sp::proxy
