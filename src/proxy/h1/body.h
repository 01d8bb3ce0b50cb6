// The content of an HTTP/1 message as it comes from a stream, in either direction.
#pragma once

#include <cstdint>
#include <limits>

#include "codec/h1/body_reader.h"
#include "proxy/body.h"
#include "proxy/buffer.h"
#include "proxy/pace.h"
#include "runtime/stream.h"

namespace sp::proxy {

class H1Body final : public BodySource {
 public:
  // `head` holds what was received behind the head. What is before that is never written to while the body streams, so
  // that the head's views stay alive; what follows the body is put back into it by finish().
  H1Body(Buffer& head, const codec::Limits& limits, Side sender)
      : head_(head), decoder_(limits, sender), sender_(sender) {}

  struct Options {
    Pace pace;
    std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();  // body_too_large beyond it
    http::Fields* trailers = nullptr;                                 // where they are kept; null: dropped
  };
  void start(runtime::Stream& stream, const codec::h1::Framing& framing, const Options& options);

  runtime::Task<Result<ByteView>> read() override;
  Result<ByteView> buffered() override;
  std::uint64_t passable() const override;
  runtime::Task<Result<std::size_t>> pass_into(runtime::Pipe& pipe) override;
  void govern(std::uint64_t most_octets, const Pace& pace) override {
    options_.limit = most_octets;
    options_.pace = pace;
  }
  void interrupt() override {
    interrupted_ = true;  // also for a reader that is about to be resumed
    if (waiting_ != nullptr) waiting_->interrupt(Code::cancelled);
  }
  void resume() override { interrupted_ = false; }
  bool complete() const override { return decoder_.done() || ended_; }
  const http::Fields* trailers() const override { return options_.trailers; }

  // After the exchange, when the head is not needed any more: octets behind the body go back to the head's buffer.
  void finish();
  // Octets of content taken so far.
  std::uint64_t taken() const { return taken_; }
  // Octets of a body of known length that are still to come; all ones if that is not known.
  std::uint64_t remaining() const;

 private:
  Result<ByteView> next();
  Result<ByteView> gather(Buffer& from, ByteView& in);
  Result<ByteView> decode(ByteView& in);
  std::size_t room_wanted() const;
  Result<void> count(std::size_t octets);
  Result<void> end();
  void acknowledge();
  Error timed_out() const;
  Error broken(Code code) const;

  Buffer& head_;
  Buffer body_;
  runtime::Stream* stream_ = nullptr;
  runtime::Stream::Operation* waiting_ = nullptr;  // of a read() that goes on
  codec::h1::BodyReader decoder_;
  codec::h1::Framing framing_;
  Options options_;
  Side sender_;
  std::uint64_t taken_ = 0;
  bool came_in_bulk_ = false;  // the last read filled its buffer
  bool acknowledged_ = false;
  bool interrupted_ = false;
  bool ended_ = false;  // by the end of the connection
};

}  // namespace sp::proxy
