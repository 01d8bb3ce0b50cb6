// A stream over another one that takes what is written at once, as much as it has room for. Streams of HTTP/2 take
// octets only while their writer waits with them; TLS, when it is built over one, cannot hold still like that.
#pragma once

#include <memory>
#include <string>

#include "runtime/stream.h"

namespace sp::proxy {

class HeldWrites final : public runtime::Stream, private runtime::IoWait {
 public:
  explicit HeldWrites(std::unique_ptr<runtime::Stream> lower)
      : IoWait(&HeldWrites::woken, runtime::never), lower_(std::move(lower)) {}
  ~HeldWrites() override {
    if (armed_) lower_->disarm(runtime::Direction::write);
  }

  runtime::IoResult try_read(std::span<char> into) override { return lower_->try_read(into); }
  runtime::IoResult try_write(std::span<const iovec> pieces) override;
  void arm(runtime::Direction direction, runtime::IoWait& wait) override;
  void disarm(runtime::Direction direction) override;
  runtime::IoResult try_finish() override;
  void abort(Code why) override { lower_->abort(why); }
  void reset_on_close() override { lower_->reset_on_close(); }
  void watch_hangup(const runtime::HangupWatch* watch) override { lower_->watch_hangup(watch); }
  bool clean_end() const override { return lower_->clean_end(); }

 private:
  static constexpr std::size_t most = std::size_t{32} * 1024;
  static void woken(runtime::IoWait& self, Code why);
  static void expired(void* self);
  void push();
  void wake(Code why);

  std::unique_ptr<runtime::Stream> lower_;
  std::string held_;
  iovec piece_{};                      // of `held_`, as it was offered below
  runtime::IoWait* writer_ = nullptr;  // waits until nothing is held
  runtime::Timer timer_{&HeldWrites::expired, this};
  Code fault_ = Code::ok;
  bool armed_ = false;
};

}  // namespace sp::proxy
