// A connection as two directions of bytes, whatever carries it: a socket, TLS over another stream, a script in a test.
//
// The model: an operation is tried first, and only what would block waits (architecture.md, bet 2). A coroutine writes
//   auto n = co_await stream.read(buffer, deadline);
// and neither knows epoll nor allocates. One reader and one writer at a time.
#pragma once

#include <sys/uio.h>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/ip.h"
#include "base/result.h"
#include "runtime/loop.h"

namespace sp::runtime {

enum class IoStatus : std::uint8_t { done, end, would_block, failed };
struct IoResult {
  IoStatus status = IoStatus::done;
  Code code = Code::ok;   // of `failed`
  std::size_t bytes = 0;  // of `done`
  static IoResult done(std::size_t n) { return {IoStatus::done, Code::ok, n}; }
  static IoResult end() { return {IoStatus::end, Code::ok, 0}; }
  static IoResult would_block() { return {IoStatus::would_block, Code::ok, 0}; }
  static IoResult failed(Code code) { return {IoStatus::failed, code, 0}; }
};

class Pipe;

enum class Direction : std::uint8_t { read, write };

// Somebody who waits until a stream may be tried again. Lives where it waits; the stream borrows it.
class IoWait {
 public:
  // Called once, after the stream has forgotten this wait. `why` is ok (try again), or timeout or another final code.
  using Function = void (*)(IoWait& self, Code why);
  IoWait(Function function, TimePoint until) : deadline(until), wake(function) {}
  TimePoint deadline;
  Function wake;
};

// Called when the peer is known to be gone: not when it has merely finished sending.
struct HangupWatch {
  using Function = void (*)(void* context);
  // What a peer that is gone has sent before may still be there to be read. After a reset nobody waits for what comes
  // of it; what both sides have ended is no reset.
  enum class For : std::uint8_t { end, reset };
  Function function = nullptr;
  void* context = nullptr;
  For what = For::end;
};

class Stream {
 public:
  Stream() = default;
  virtual ~Stream() = default;  // closes at once
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // ---- what a kind of stream provides ----
  // Reads at most into.size() octets. `end` when the peer has finished sending. An empty `into` asks whether reading is
  // worth trying: done(0), or would_block.
  virtual IoResult try_read(std::span<char> into) = 0;
  // The same, and leaves what it reads to be read again. Only of a stream over which nothing else was built.
  virtual IoResult try_peek(std::span<char> into);
  // Writes some of the pieces, at least one octet unless it would block.
  virtual IoResult try_write(std::span<const iovec> pieces) = 0;
  // After would_block: calls wait.wake when it is worth trying again, or at wait.deadline with Code::timeout, or with
  // the code of abort(). One wait for each direction.
  virtual void arm(Direction direction, IoWait& wait) = 0;
  // Forgets the wait of that direction, if any; wake is not called.
  virtual void disarm(Direction direction) = 0;
  // "I have sent everything": FIN, with TLS a close_notify before it. would_block: try again after arm(write).
  virtual IoResult try_finish() = 0;
  // Every operation from now on, and those that wait, end with `why`. The descriptor stays until destruction.
  virtual void abort(Code why) = 0;
  // The connection is not to end cleanly: destruction resets it (RFC 9112 section 8: a truncated message must be seen
  // as such).
  virtual void reset_on_close() = 0;
  // At most one watch; null ends watching.
  virtual void watch_hangup(const HangupWatch* watch) = 0;
  // After `end`: whether the peer said itself that it was the end. What only stops may have been cut by somebody else.
  virtual bool clean_end() const { return true; }
  // Gives back what memory an idle connection does not need.
  virtual void release_buffers() {}
  // The peer may be holding back octets until what it sent is acknowledged (Nagle's algorithm, against our delayed
  // acknowledgements: 40 ms): acknowledges at once.
  virtual void acknowledge() {}
  // How many octets have been sent so far: a mark for may_have_arrived().
  virtual std::uint64_t sent() const { return 0; }
  // Whether the program on the other side can have read any octet that was sent behind `mark`. False is a proof, looked
  // for after the connection broke: what cannot be known counts as arrived.
  virtual bool may_have_arrived([[maybe_unused]] std::uint64_t mark) const { return true; }
  // The descriptor if plain octets pass through it unchanged (splice works), else -1.
  virtual int plain_descriptor() const { return -1; }
  // Where plain_descriptor() is one, try_read() and try_write() without copying: at most `most` octets into a pipe that
  // is empty; what a pipe holds out of it (runtime/pipe.h).
  virtual IoResult try_read_into(Pipe& pipe, std::size_t most);
  virtual IoResult try_write_from(Pipe& pipe);

  // ---- what coroutines use ----
  class Operation;
  class Read;
  class Write;
  class Readable;
  class Finish;
  // Up to buffer.size() octets; 0: the peer has finished sending. Code::timeout at the deadline.
  Read read(std::span<char> buffer, TimePoint deadline = never);
  // Some of the pieces, at least one octet. `pieces` must live until it ends.
  Write write(std::span<const iovec> pieces, TimePoint deadline = never);
  // Until reading is worth trying, without a buffer.
  Readable readable(TimePoint deadline = never);
  Finish finish(TimePoint deadline = never);
};

// Tries, waits, tries again; resumes its coroutine only with a result.
class Stream::Operation : public IoWait {
 public:
  Operation(Stream& stream, Direction direction, TimePoint until)
      : IoWait(&Operation::woken, until), stream_(stream), direction_(direction) {}
  Operation(const Operation&) = delete;
  bool await_ready() {
    result_ = attempt();
    return result_.status != IoStatus::would_block;
  }
  void await_suspend(std::coroutine_handle<> handle) {
    waiter_ = handle;
    armed_ = true;
    stream_.arm(direction_, *this);
  }
  // If it waits: ends it with `why`, in a later turn. The stream is none the worse for it.
  void interrupt(Code why) {
    if (!armed_) return;
    armed_ = false;
    stream_.disarm(direction_);
    result_ = IoResult::failed(why);
    Loop::current().post(waiter_);
  }

 protected:
  ~Operation() = default;
  virtual IoResult attempt() = 0;
  Stream& stream_;
  IoResult result_;

 private:
  static void woken(IoWait& self, Code why) {
    auto& op = static_cast<Operation&>(self);
    op.armed_ = false;
    op.result_ = why == Code::ok ? op.attempt() : IoResult::failed(why);
    if (op.result_.status == IoStatus::would_block) {
      op.armed_ = true;
      op.stream_.arm(op.direction_, op);
    } else if (why == Code::ok) {
      op.waiter_.resume();
    } else {
      Loop::current().post(op.waiter_);  // whoever aborts a stream is not to find itself inside its reader
    }
  }
  Direction direction_;
  bool armed_ = false;
  std::coroutine_handle<> waiter_;
};

class Stream::Read final : public Operation {
 public:
  Read(Stream& stream, std::span<char> buffer, TimePoint until)
      : Operation(stream, Direction::read, until), buffer_(buffer) {}
  Result<std::size_t> await_resume() const {
    if (result_.status == IoStatus::failed) return fail(result_.code, "read");
    return result_.bytes;
  }

 private:
  IoResult attempt() override { return stream_.try_read(buffer_); }
  std::span<char> buffer_;
};

class Stream::Readable final : public Operation {
 public:
  Readable(Stream& stream, TimePoint until) : Operation(stream, Direction::read, until) {}
  Result<void> await_resume() const {
    if (result_.status == IoStatus::failed) return fail(result_.code, "wait");
    return {};
  }

 private:
  IoResult attempt() override { return stream_.try_read({}); }
};

class Stream::Write final : public Operation {
 public:
  Write(Stream& stream, std::span<const iovec> pieces, TimePoint until)
      : Operation(stream, Direction::write, until), pieces_(pieces) {}
  Result<std::size_t> await_resume() const {
    if (result_.status == IoStatus::failed) return fail(result_.code, "write");
    return result_.bytes;
  }

 private:
  IoResult attempt() override { return stream_.try_write(pieces_); }
  std::span<const iovec> pieces_;
};

class Stream::Finish final : public Operation {
 public:
  Finish(Stream& stream, TimePoint until) : Operation(stream, Direction::write, until) {}
  Result<void> await_resume() const {
    if (result_.status == IoStatus::failed) return fail(result_.code, "finish");
    return {};
  }

 private:
  IoResult attempt() override { return stream_.try_finish(); }
};

inline IoResult Stream::try_peek(std::span<char>) { return IoResult::failed(Code::io_error); }
inline IoResult Stream::try_read_into(Pipe&, std::size_t) { return IoResult::failed(Code::io_error); }
inline IoResult Stream::try_write_from(Pipe&) { return IoResult::failed(Code::io_error); }
inline Stream::Read Stream::read(std::span<char> buffer, TimePoint deadline) { return {*this, buffer, deadline}; }
inline Stream::Write Stream::write(std::span<const iovec> pieces, TimePoint deadline) {
  return {*this, pieces, deadline};
}
inline Stream::Readable Stream::readable(TimePoint deadline) { return {*this, deadline}; }
inline Stream::Finish Stream::finish(TimePoint deadline) { return {*this, deadline}; }

}  // namespace sp::runtime
