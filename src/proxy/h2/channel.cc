#include "proxy/h2/channel.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "proxy/h2/connection.h"
#include "runtime/loop.h"

namespace sp::proxy {

using runtime::Direction;
using runtime::IoResult;
using runtime::IoWait;

namespace {
// How often it is asked whether a stream still waits for its turn.
constexpr runtime::Duration patience_for_turn{1000};
}  // namespace

// ---- receiving ----

void H2Channel::content(ByteView octets) {
  // Beyond a large buffer it grows at once to what a window holds.
  if (in_.view().size() + octets.size() > Buffer::large) in_.make_room(Buffer::huge);
  in_.append(octets);
  wake_soon();
}

void H2Channel::ended() { wake_soon(); }

bool H2Channel::take_received(Buffer& into) {
  if (in_.empty()) return false;
  into.release();
  in_.swap(into);
  return true;
}

void H2Channel::consumed(std::size_t octets) {
  if (octets == 0 || id() == 0) return;
  connection_->codec.consumed(*this, octets);
  if (connection_->codec.wants_to_send()) connection_->send_soon();
}

IoResult H2Channel::try_read(std::span<char> into) {
  if (into.empty() && !in_.empty()) return IoResult::done(0);
  if (!in_.empty()) {
    const std::size_t octets = std::min(into.size(), in_.view().size());
    std::memcpy(into.data(), in_.view().data(), octets);
    in_.consume(octets);
    in_.release_if_empty();
    consumed(octets);
    return IoResult::done(octets);
  }
  if (remote_ended()) return into.empty() ? IoResult::done(0) : IoResult::end();
  if (fault_ != Code::ok) return IoResult::failed(fault_);
  return IoResult::would_block();
}

// ---- sending ----

IoResult H2Channel::try_write(std::span<const iovec> pieces) {
  if (taken_ != 0) {
    offered_ = {};
    return IoResult::done(std::exchange(taken_, 0));
  }
  if (fault_ != Code::ok) return IoResult::failed(fault_);
  offered_ = pieces;
  offered_octets_ = 0;
  for (const iovec& piece : pieces) offered_octets_ += piece.iov_len;
  return IoResult::would_block();
}

IoResult H2Channel::try_finish() {
  if (sent_end_) return IoResult::done(0);
  if (fault_ != Code::ok) return IoResult::failed(fault_);
  finishing_ = true;
  return IoResult::would_block();
}

codec::h2::Stream::Offer H2Channel::offer(std::size_t most) {
  if (writer_ == nullptr) return {};  // what was offered need not be there any more
  const std::size_t left = offered_.empty() ? 0 : offered_octets_ - taken_;
  Offer offer{.octets = std::min(most, left), .last = false, .trailers = nullptr};
  offer.last = offer.octets == left && (finishing_ || (last_ && left != 0));
  if (offer.last) {
    offer.trailers = trailers_;
    sent_end_ = true;
    if (left == 0) wake_soon();
  }
  return offer;
}

void H2Channel::take(char* to, std::size_t octets) {
  std::size_t skip = taken_;
  taken_ += octets;
  for (const iovec& piece : offered_) {
    if (skip >= piece.iov_len) {
      skip -= piece.iov_len;
      continue;
    }
    const std::size_t part = std::min(octets, piece.iov_len - skip);
    std::memcpy(to, static_cast<const char*>(piece.iov_base) + skip, part);
    to += part;
    octets -= part;
    skip = 0;
    if (octets == 0) break;
  }
  wake_soon();
}

// ---- waiting ----

void H2Channel::arm(Direction direction, IoWait& wait) {
  (direction == Direction::read ? reader_ : writer_) = &wait;
  set_timer();
  if (direction == Direction::read) return;
  connection_->codec.data_ready(*this);
  connection_->send_soon();
}

void H2Channel::disarm(Direction direction) {
  if (direction == Direction::read) {
    reader_ = nullptr;
  } else {
    writer_ = nullptr;
    offered_ = {};
  }
  set_timer();
}

void H2Channel::set_timer() {
  runtime::TimePoint first = runtime::never;
  for (const IoWait* wait : {reader_, writer_}) {
    if (wait != nullptr) first = std::min(first, wait->deadline);
  }
  timer_.unlink();
  if (first != runtime::never) runtime::Loop::current().timers().arm(timer_, first);
}

// Behind others that are more urgent, on a connection that is not stuck: nobody is slow. A connection that is has its
// own limit.
bool H2Channel::waits_for_its_turn() const { return id() != 0 && !connection_->codec.waits_for_window(*this); }

void H2Channel::expired(void* self) {
  auto& channel = *static_cast<H2Channel*>(self);
  const runtime::TimePoint now = runtime::Loop::current().now();
  if (channel.writer_ != nullptr && channel.writer_->deadline <= now && channel.waits_for_its_turn())
    channel.writer_->deadline = now + patience_for_turn;
  // Whoever is woken may be the end of this channel: the last thing that is done with it. The timer sees to the other.
  if (channel.reader_ != nullptr && channel.reader_->deadline <= now)
    return channel.wake(channel.reader_, Code::timeout);
  if (channel.writer_ != nullptr && channel.writer_->deadline <= now) {
    channel.offered_ = {};
    return channel.wake(channel.writer_, Code::timeout);
  }
  channel.set_timer();
}

void H2Channel::wake_soon() { connection_->wake_soon(*this); }

void H2Channel::wake(IoWait*& wait, Code why) {
  IoWait* woken = std::exchange(wait, nullptr);
  if (woken == nullptr) return;
  set_timer();
  woken->wake(*woken, why);
}

void H2Channel::wake_waiting() {
  const bool broken = fault_ != Code::ok;
  // A stream that its peer has ended before is not taken back by what becomes of its connection.
  if (broken && watch_ != nullptr && (watch_->what == runtime::HangupWatch::For::end || !remote_ended())) {
    const runtime::HangupWatch* watch = std::exchange(watch_, nullptr);
    watch->function(watch->context);
  }
  // Of what has gone the writer is told at once: his patience begins anew with it, and not when it would have ended.
  const bool write = writer_ != nullptr && (broken || sent_end_ || taken_ != 0);
  const bool read = reader_ != nullptr && (broken || !in_.empty() || remote_ended());
  if (write && read) wake_soon();  // the other one, in the next round
  // Whoever is woken may be the end of this channel: the last thing that is done with it.
  if (write) return wake(writer_, Code::ok);
  if (read) wake(reader_, Code::ok);
}

// ---- the end ----

void H2Channel::break_with(Code why) {
  if (fault_ == Code::ok) fault_ = why;
  wake_soon();
}

void H2Channel::closed(codec::h2::ErrorCode error, bool by_peer) {
  if (error == codec::h2::ErrorCode::no_error && !by_peer && remote_ended() && sent_end_) return;
  break_with(code_of(error, by_peer));
}

void H2Channel::connection_lost(Code why) {
  if (fault_ == Code::ok) break_with(why);
}

void H2Channel::abort(Code why) {
  if (fault_ == Code::ok) fault_ = why;
  wake(reader_, why);
  wake(writer_, why);
}

}  // namespace sp::proxy
