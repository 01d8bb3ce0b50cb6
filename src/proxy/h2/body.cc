#include "proxy/h2/body.h"

#include "proxy/h2/connection.h"

#include "runtime/loop.h"

namespace sp::proxy {

using runtime::Loop;

// The piece before has been passed on: its sender may send as much again.
void H2Body::give_back() {
  const std::size_t octets = piece_.view().size();
  piece_.release();
  channel_.consumed(octets);
  widen();
}

H2Body::~H2Body() {
  if (wide_) channel_.connection().give_back_wide_window();
}

// A long upload over a long way: its window is what it is slow by, when the server takes all that comes.
void H2Body::widen() {
  constexpr std::uint64_t long_enough = std::uint64_t{4} * Buffer::huge;
  if (wide_ || sender_ != Side::client || taken_ < long_enough || channel_.received() != 0) return;
  wide_ = channel_.connection().take_wide_window();
  if (wide_) channel_.connection().codec.widen(channel_, Buffer::huge);
}

Result<ByteView> H2Body::buffered() {
  give_back();
  if (!channel_.take_received(piece_)) return ByteView{};
  taken_ += piece_.view().size();
  if (taken_ > limit_) return fail({.code = Code::body_too_large, .side = sender_, .where = "max_body"});
  return piece_.view();
}

runtime::Task<Result<ByteView>> H2Body::read() {
  while (!complete()) {
    if (interrupted_) co_return fail(broken(Code::cancelled));
    auto piece = buffered();
    if (!piece || !piece->empty()) co_return piece;
    auto operation = channel_.readable(pace_.deadline(Loop::current().now()));
    waiting_ = &operation;
    auto ready = co_await operation;
    waiting_ = nullptr;
    if (!ready && ready.error().code != Code::timeout) co_return fail(broken(ready.error().code));
    if (!pace_.moved(Loop::current().now(), channel_.received())) co_return fail(timed_out());
  }
  give_back();
  co_return ByteView{};
}

void H2Body::interrupt() {
  interrupted_ = true;  // also for a reader that is about to be resumed
  if (waiting_ != nullptr) waiting_->interrupt(Code::cancelled);
}

Error H2Body::timed_out() const {
  if (sender_ == Side::client)
    return {.code = Code::body_too_slow, .side = sender_, .where = "reading the request body"};
  return {.code = Code::response_body_timeout, .side = sender_, .where = "reading the response body"};
}

// What a stream that ended before its content did means depends on who was to send.
Error H2Body::broken(Code code) const {
  if (code == Code::upstream_reset || code == Code::io_error || code == Code::upstream_closed ||
      code == Code::end_of_stream) {
    code = sender_ == Side::client ? Code::client_closed : Code::response_incomplete;
  }
  return {.code = code, .side = sender_, .where = "the stream ended before all of its content had come"};
}

}  // namespace sp::proxy
