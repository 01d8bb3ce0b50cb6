#include "proxy/h2/connection.h"

#include <array>
#include <new>
#include <utility>

#include "proxy/h2/channel.h"
#include "proxy/write_all.h"
#include "runtime/loop.h"

namespace sp::proxy {

using runtime::Task;

namespace {
// With so many answers waiting to be sent nothing more is read.
constexpr std::size_t most_queued = 200;
constexpr unsigned most_wide_windows = 4;
// A client has between one of these and two for reading a response, before it is told that the rest of its request is
// not wanted.
constexpr runtime::Duration time_to_read{100};
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
  if (in_.empty() && stream_.try_read({}).status == runtime::IoStatus::would_block) {
    stream_.release_buffers();
    auto readable = stream_.readable(deadline);
    reading_ = &readable;
    auto ready = co_await readable;
    reading_ = nullptr;
    SP_CHECK(ready);
  }
  if (in_.empty()) {
    SP_CHECK(fetch_octets());
  }
  if (in_.empty()) co_return Result<void>{};
  SP_CHECK(take_octets());
  co_await share_.spend(codec.work());
  co_return Result<void>{};
}

// What the stream has, which may be nothing.
Result<void> H2Connection::fetch_octets() {
  auto got = stream_.try_read(in_.room(came_in_bulk_ ? Buffer::large : Buffer::small));
  in_.filled(got.bytes);
  in_.release_if_empty();
  if (got.status == runtime::IoStatus::end) return fail(Code::end_of_stream, "read");
  if (got.status == runtime::IoStatus::failed) return fail(got.code, "read");
  came_in_bulk_ = got.bytes >= Buffer::small;
  return {};
}

Result<void> H2Connection::take_octets() {
  auto taken = codec.receive(in_.view(), runtime::Loop::current().now());
  if (codec.wants_to_send()) send_soon();
  in_.consume(taken.value_or(in_.view().size()));
  in_.release_if_empty();
  wake_channels();
  if (!taken) return fail(taken.error());
  return {};
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
  settle_later();
  co_return Result<void>{};
}

void H2Connection::settle_later() {
  if (!codec.owes_resets() || settling_.armed()) return;
  runtime::Loop::current().timers().arm(settling_, runtime::Loop::current().now() + time_to_read);
}

void H2Connection::settle(void* connection) {
  auto& self = *static_cast<H2Connection*>(connection);
  self.codec.settle_resets();
  self.settle_later();
  if (self.codec.wants_to_send()) self.send_soon();
}

Task<void> H2Connection::say_goodbye() {
  if (codec.failed()) co_return;
  codec.end(codec::h2::ErrorCode::no_error);
  (void)co_await send_all();
}

Task<void> H2Connection::write() {
  do {
    co_await Wanted{*this};
    Result<void> sent;
    try {
      sent = co_await send_all();
    } catch (const std::bad_alloc&) {
      sent = fail(Code::out_of_memory, "write");  // the others go on
    }
    if (!sent) {
      stream_.reset_on_close();
      stream_.abort(sent.error().code == Code::timeout ? too_slow_ : sent.error().code);
      stopping_ = true;
    }
    blocked_ = false;
    unblocked_.set();
  } while (!stopping_);
}

}  // namespace sp::proxy
