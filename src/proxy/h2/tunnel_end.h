// The client's end of a tunnel over HTTP/2: a view of its stream, which is the session's.
#pragma once

#include "proxy/h2/channel.h"
#include "runtime/wait.h"

namespace sp::proxy {

class H2TunnelEnd final : public runtime::Stream {
 public:
  // `over` is set when it is destroyed. Both outlive it.
  H2TunnelEnd(H2Channel& channel, runtime::Event& over) : channel_(channel), over_(over) {}
  ~H2TunnelEnd() override { over_.set(); }

  runtime::IoResult try_read(std::span<char> into) override;
  runtime::IoResult try_write(std::span<const iovec> pieces) override { return channel_.try_write(pieces); }
  void arm(runtime::Direction direction, runtime::IoWait& wait) override;
  void disarm(runtime::Direction direction) override { channel_.disarm(direction); }
  runtime::IoResult try_finish() override;
  void abort(Code why) override { channel_.abort(why); }
  void reset_on_close() override { channel_.reset_on_close(); }
  void watch_hangup(const runtime::HangupWatch* watch) override { channel_.watch_hangup(watch); }

 private:
  bool holds_back_end();

  H2Channel& channel_;
  runtime::Event& over_;
  runtime::TimePoint end_until_ = runtime::never;  // while the client's end is held back
  bool finishing_ = false;                         // the server has ended
};

}  // namespace sp::proxy
