#include "testing/pipe_stream.h"

#include <algorithm>
#include <cstring>

namespace sp::testing {

using runtime::Direction;
using runtime::IoResult;

PipePair make_pipe(FakeLoop& loop, PipeOptions options) {
  auto shared = std::make_shared<PipeStream::Shared>();
  shared->options = options;
  shared->random.seed(options.seed);
  PipePair pair;
  pair.a.reset(new PipeStream(loop, shared, 0));
  pair.b.reset(new PipeStream(loop, shared, 1));
  return pair;
}

PipeStream::PipeStream(FakeLoop& loop, std::shared_ptr<Shared> shared, int side)
    : loop_(loop), shared_(std::move(shared)), side_(side) {
  shared_->ends[side_] = this;
}

// As TCP does: closing with octets that nobody read is a reset, and otherwise the end of what was sent.
PipeStream::~PipeStream() {
  shared_->ends[side_] = nullptr;
  const bool unread = !in().bytes.empty();
  in().closed = true;
  in().bytes.clear();
  if (reset_on_close_ || unread) {
    break_connection();
    return;
  }
  out().finished = true;
  if (peer() != nullptr) peer()->wake_if_ready();
}

std::optional<IoResult> PipeStream::broken() const {
  if (aborted_ != Code::ok) return IoResult::failed(aborted_);
  if (shared_->reset) return IoResult::failed(Code::upstream_reset);
  return std::nullopt;
}

// Now and then a would_block that need not be.
bool PipeStream::hiccup() { return shared_->options.seed != 0 && shared_->random() % 8 == 0; }

// What is written, or the end, is under way for some time.
void PipeStream::maybe_delay() {
  const PipeOptions& options = shared_->options;
  if (options.seed == 0 || options.delays_one_in == 0 || out().delay.armed()) return;
  if (shared_->random() % options.delays_one_in != 0) return;
  const auto longest = static_cast<std::uint64_t>(options.longest_delay.count());
  out().stalled = true;
  loop_.timers().arm(out().delay, loop_.now() + runtime::Duration(1 + shared_->random() % longest));
}

void PipeStream::Channel::delayed(void* self) {
  auto* channel = static_cast<Channel*>(self);
  channel->stalled = false;
  channel->wake_reader();
}

void PipeStream::Channel::wake_reader() const {
  PipeStream* reader = shared.ends[1 - side];
  if (reader != nullptr) reader->wake_if_ready();
}

std::size_t PipeStream::cut(std::size_t most) {
  if (shared_->options.seed == 0 || most < 2) return most;
  const std::size_t bound = shared_->random() % 2 == 0 ? std::min<std::size_t>(most, 16) : most;
  return 1 + shared_->random() % bound;
}

bool PipeStream::can_read() const {
  if (aborted_ != Code::ok || shared_->reset) return true;
  return !in().stalled && (!in().bytes.empty() || in().finished);
}

bool PipeStream::can_write() const {
  if (aborted_ != Code::ok || shared_->reset || out().closed) return true;
  return out().bytes.size() < shared_->options.capacity;
}

IoResult PipeStream::try_read(std::span<char> into) {
  if (auto failure = broken()) return *failure;
  if (into.empty()) return can_read() ? IoResult::done(0) : IoResult::would_block();
  // Who reads one octet wants to know whether there is any, and no kernel denies one that has come.
  if (!can_read() || (into.size() > 1 && hiccup())) {
    ++counts_.blocked;
    return IoResult::would_block();
  }
  std::string& bytes = in().bytes;
  if (bytes.empty()) return IoResult::end();
  const std::size_t n = cut(std::min(into.size(), bytes.size()));
  std::memcpy(into.data(), bytes.data(), n);
  bytes.erase(0, n);
  in().read += n;
  ++counts_.reads;
  if (peer() != nullptr) peer()->wake_if_ready();
  return IoResult::done(n);
}

IoResult PipeStream::try_peek(std::span<char> into) {
  if (auto failure = broken()) return *failure;
  if (!can_read() || (into.size() > 1 && hiccup())) return IoResult::would_block();
  const std::string& bytes = in().bytes;
  if (bytes.empty()) return IoResult::end();
  const std::size_t n = cut(std::min(into.size(), bytes.size()));
  std::memcpy(into.data(), bytes.data(), n);
  return IoResult::done(n);
}

IoResult PipeStream::try_write(std::span<const iovec> pieces) {
  if (auto failure = broken()) return *failure;
  if (out().closed || out().finished) return IoResult::failed(Code::upstream_reset);
  std::size_t total = 0;
  for (const iovec& piece : pieces) total += piece.iov_len;
  if (total == 0) return IoResult::done(0);
  if (!can_write() || hiccup()) {
    ++counts_.blocked;
    return IoResult::would_block();
  }
  const std::size_t n = cut(std::min(total, shared_->options.capacity - out().bytes.size()));
  std::string taken;
  for (const iovec& piece : pieces) {
    taken.append(static_cast<const char*>(piece.iov_base), std::min(piece.iov_len, n - taken.size()));
  }
  if (tap_) tap_(taken);
  out().bytes += taken;
  maybe_delay();
  ++counts_.writes;
  counts_.bytes_written += n;
  if (peer() != nullptr) peer()->wake_if_ready();
  return IoResult::done(n);
}

IoResult PipeStream::try_finish() {
  if (auto failure = broken()) return *failure;
  out().finished = true;
  maybe_delay();
  if (peer() != nullptr) peer()->wake_if_ready();
  return IoResult::done(0);
}

void PipeStream::arm(Direction direction, runtime::IoWait& wait) {
  Slot& waiting = slot(direction);
  waiting.wait = &wait;
  loop_.timers().arm(waiting.timer, wait.deadline);
  wake_if_ready();
}

void PipeStream::disarm(Direction direction) {
  Slot& waiting = slot(direction);
  waiting.wait = nullptr;
  waiting.timer.unlink();
  waiting.wake.unlink();
}

void PipeStream::abort(Code why) {
  aborted_ = why;
  wake_if_ready();
}

void PipeStream::watch_hangup(const runtime::HangupWatch* watch) {
  watch_ = watch;
  hangup_.unlink();
  if (watch_ != nullptr && shared_->reset) loop_.defer(hangup_);
}

void PipeStream::stall(bool stalled) {
  out().stalled = stalled;
  if (peer() != nullptr) peer()->wake_if_ready();
}

void PipeStream::break_connection() {
  shared_->reset = true;
  for (Channel& channel : shared_->channels) channel.bytes.clear();
  for (PipeStream* end : shared_->ends) {
    if (end == nullptr) continue;
    end->wake_if_ready();
    if (end->watch_ != nullptr) loop_.defer(end->hangup_);
  }
}

void PipeStream::wake_if_ready() {
  if (read_slot_.wait != nullptr && can_read()) loop_.defer(read_slot_.wake);
  if (write_slot_.wait != nullptr && can_write()) loop_.defer(write_slot_.wake);
}

void PipeStream::hung_up(void* self) {
  const runtime::HangupWatch* watch = static_cast<PipeStream*>(self)->watch_;
  if (watch != nullptr) watch->function(watch->context);
}

void PipeStream::Slot::ready(void* self) {
  auto* slot = static_cast<Slot*>(self);
  slot->end(slot->owner->aborted_);
}

void PipeStream::Slot::end(Code why) {
  runtime::IoWait* ended = wait;
  wait = nullptr;
  timer.unlink();
  wake.unlink();
  if (ended != nullptr) ended->wake(*ended, why);
}

}  // namespace sp::testing
