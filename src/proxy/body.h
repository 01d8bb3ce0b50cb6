// The content of a message as something to pull from: backpressure is the absence of a read, and nothing is collected.
#pragma once

#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "http/fields.h"
#include "proxy/pace.h"
#include "runtime/pipe.h"
#include "runtime/task.h"

namespace sp::proxy {

class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next piece, valid until the next call; empty only at the end. After an error nothing more comes.
  virtual runtime::Task<Result<ByteView>> read() = 0;
  // What is there without waiting (perhaps nothing), taken like a piece of read(): so that a head and its content leave
  // in one write.
  virtual Result<ByteView> buffered() = 0;
  // How much of what comes next may go from the sender's socket through a pipe instead, unseen; 0: it has to be read.
  // All ones: up to the end of the connection.
  virtual std::uint64_t passable() const { return 0; }
  // Where passable() says so: like read(), into an empty pipe. How many octets; 0 only at the end.
  virtual runtime::Task<Result<std::size_t>> pass_into(runtime::Pipe&) {
    co_return fail(Code::io_error, "content that has to be read");
  }
  // All of it has been taken.
  virtual bool complete() const = 0;
  // From now on more content than this in all is an error (body_too_large), and it must come at this pace.
  virtual void govern(std::uint64_t most_octets, const Pace& pace) = 0;
  // A read() that waits ends with `cancelled`, and so does every later one.
  virtual void interrupt() {}
  // After interrupt(), when nobody waits any more: reading goes on where it was.
  virtual void resume() {}
  // Trailer fields, once complete; null where there are none.
  virtual const http::Fields* trailers() const { return nullptr; }
};

// Content that is in memory, as of an error page. Borrows it.
class MemoryBody final : public BodySource {
 public:
  explicit MemoryBody(ByteView text) : text_(text) {}
  runtime::Task<Result<ByteView>> read() override { co_return buffered(); }
  Result<ByteView> buffered() override { return std::exchange(text_, ByteView{}); }
  bool complete() const override { return text_.empty(); }
  void govern(std::uint64_t, const Pace&) override {}  // it is all here

 private:
  ByteView text_;
};

}  // namespace sp::proxy
