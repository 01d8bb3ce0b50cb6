#include "proxy/h2_connection.h"

#include <array>
#include <utility>

#include "proxy/h2_channel.h"
#include "proxy/write_all.h"
#include "runtime/loop.h"

namespace sp::proxy {

using runtime::Task;

namespace {
// With so many answers waiting to be sent nothing more is read.
constexpr std::size_t most_queued = 200;
constexpr unsigned most_wide_windows = 4;
}  // namespace

// Until something is to be sent; goes on when the others who were ready have had their turn.
struct H2Connection::Wanted {
  H2Connection& self;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) const {
    if (self.wanted_ || self.stopping_) {
      runtime::Loop::current().post_to_next_turn(handle);
    } else {
      self.writer_ = handle;
    }
  }
  void await_resume() const { self.wanted_ = false; }
};

void H2Connection::send_soon() {
  wanted_ = true;
  if (!writer_) return;
  runtime::Loop::current().post_to_next_turn(std::exchange(writer_, nullptr));
}

void H2Connection::stop_writing() {
  stopping_ = true;
  send_soon();
}

void H2Connection::abort(Code why) {
  stopping_ = true;
  stream_.abort(why);
  send_soon();
}

Task<Result<void>> H2Connection::read(runtime::TimePoint deadline) {
  if (codec.failed()) co_return fail(codec.error());
  if (codec.finished()) co_return fail(Code::end_of_stream, "both sides have ended");
  if (blocked_ && codec.queued() > most_queued) {
    // It does not read our answers: it is not heard either, until it does or the writer gives up.
    unblocked_.clear();
    SP_CHECK(co_await unblocked_.wait(deadline));
    co_return fail(Code::cancelled, "answers were not read");
  }
  Buffer in;
  if (stream_.try_read({}).status == runtime::IoStatus::would_block) {
    stream_.release_buffers();
    auto readable = stream_.readable(deadline);
    reading_ = &readable;
    auto ready = co_await readable;
    reading_ = nullptr;
    SP_CHECK(ready);
  }
  auto got = stream_.try_read(in.room(came_in_bulk_ ? Buffer::large : Buffer::small));
  if (got.status == runtime::IoStatus::would_block) co_return Result<void>{};
  if (got.status == runtime::IoStatus::end) co_return fail(Code::end_of_stream, "read");
  if (got.status == runtime::IoStatus::failed) co_return fail(got.code, "read");
  in.filled(got.bytes);
  came_in_bulk_ = got.bytes >= Buffer::small;
  auto taken = codec.receive(in.view(), runtime::Loop::current().now());
  if (codec.wants_to_send()) send_soon();
  in.release();
  wake_channels();
  SP_CHECK(taken);
  co_await share_.spend(got.bytes);
  co_return Result<void>{};
}

bool H2Connection::take_wide_window() {
  if (wide_windows_ == most_wide_windows) return false;
  ++wide_windows_;
  return true;
}

void H2Connection::interrupt_reading() {
  if (reading_ != nullptr) reading_->interrupt(Code::cancelled);
  unblocked_.set();
}

void H2Connection::wake_channels() {
  while (codec::h2::Stream* channel = to_wake_.pop_front()) static_cast<H2Channel*>(channel)->wake_waiting();
}

Task<Result<void>> H2Connection::send_all() {
  for (;;) {
    auto produced = codec.produce(out_.room(Buffer::large));
    wake_channels();
    if (codec.failed() || codec.finished()) interrupt_reading();
    SP_TRY(const std::size_t size, std::move(produced));
    if (size == 0) break;
    out_.filled(size);
    std::array<iovec, 1> pieces{piece_of(out_.view())};
    blocked_ = true;
    auto sent = co_await write_all(stream_, pieces, pace_);
    blocked_ = false;
    unblocked_.set();
    SP_CHECK(sent);
    out_.consume(size);
    co_await share_.spend(size);
  }
  out_.release();
  co_return Result<void>{};
}

Task<void> H2Connection::say_goodbye() {
  if (codec.failed()) co_return;
  codec.end(codec::h2::ErrorCode::no_error);
  (void)co_await send_all();
}

Task<void> H2Connection::write() {
  do {
    co_await Wanted{*this};
    auto sent = co_await send_all();
    if (!sent) {
      stream_.reset_on_close();
      stream_.abort(sent.error().code == Code::timeout ? too_slow_ : sent.error().code);
      stopping_ = true;
    }
  } while (!stopping_);
}

}  // namespace sp::proxy
