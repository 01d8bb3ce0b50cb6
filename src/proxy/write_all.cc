#include "proxy/write_all.h"

#include "runtime/loop.h"

namespace sp::proxy {

void take_off(std::span<iovec>& pieces, std::size_t octets) {
  while (!pieces.empty() && octets >= pieces.front().iov_len) {
    octets -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (pieces.empty()) return;
  pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + octets;
  pieces.front().iov_len -= octets;
}

namespace {

runtime::Task<Result<void>> write_rest(runtime::Stream& stream, std::span<iovec> pieces, Pace* given,
                                       runtime::Duration idle) {
  Pace own(idle, 0);
  Pace& pace = given != nullptr ? *given : own;
  while (!pieces.empty()) {
    runtime::TimePoint deadline = pace.deadline(runtime::Loop::current().now());
    auto written = co_await stream.write(pieces, deadline);
    if (!written && written.error().code != Code::timeout) co_return fail(written.error());
    std::size_t octets = written ? *written : 0;
    take_off(pieces, octets);
    if (!pieces.empty() && !pace.moved(runtime::Loop::current().now(), octets)) co_return fail(Code::timeout, "write");
  }
  co_return Result<void>{};
}

}  // namespace

bool WritingAll::await_ready() {
  take_off(pieces_, 0);  // empty ones at the front
  if (pieces_.empty()) return true;
  runtime::IoResult tried = stream_.try_write(pieces_);
  if (tried.status == runtime::IoStatus::failed) {
    result_ = fail(tried.code, "write");
    return true;
  }
  if (tried.status == runtime::IoStatus::done) take_off(pieces_, tried.bytes);
  return pieces_.empty();
}

std::coroutine_handle<> WritingAll::await_suspend(std::coroutine_handle<> waiter) {
  rest_.emplace(write_rest(stream_, pieces_, pace_, idle_));
  return (*std::move(rest_)).operator co_await().await_suspend(waiter);
}

Result<void> WritingAll::await_resume() {
  return rest_ ? (*std::move(rest_)).operator co_await().await_resume() : std::move(result_);
}

runtime::Task<Result<void>> write_all(runtime::Stream& stream, runtime::Pipe& pipe, Pace& pace, std::uint64_t& sent) {
  while (pipe.held() != 0) {
    runtime::WriteFrom operation(stream, pipe, pace.deadline(runtime::Loop::current().now()));
    auto written = co_await operation;
    if (!written && written.error().code != Code::timeout) co_return fail(written.error());
    const std::size_t octets = written ? *written : 0;
    sent += octets;
    if (pipe.held() != 0 && !pace.moved(runtime::Loop::current().now(), octets)) co_return fail(Code::timeout, "write");
  }
  co_return Result<void>{};
}

}  // namespace sp::proxy
