// A socket as a Stream: registered once, edge-triggered, for life. Readiness is remembered, so that a call that could
// only say EAGAIN is not made.
#pragma once

#include "runtime/epoll_loop.h"
#include "runtime/stream.h"

namespace sp::runtime {

class EpollStream final : public Stream, private Pollable {
 public:
  // Takes over `descriptor`, a connected (or connecting) non-blocking stream socket. start() registers it.
  EpollStream(EpollLoop& loop, int descriptor);
  ~EpollStream() override;
  Result<void> start();

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const iovec> pieces) override;
  void arm(Direction direction, IoWait& wait) override;
  void disarm(Direction direction) override;
  IoResult try_finish() override;
  void abort(Code why) override;
  void reset_on_close() override { reset_ = true; }
  void watch_hangup(const HangupWatch* watch) override { hangup_ = watch; }
  void acknowledge() override;
  std::uint64_t sent() const override { return sent_; }
  bool may_have_arrived(std::uint64_t mark) const override;
  int plain_descriptor() const override { return descriptor_; }
  IoResult try_read_into(Pipe& pipe, std::size_t most) override;
  IoResult try_write_from(Pipe& pipe) override;

  // Whether the socket has become writable since it began to connect; then SO_ERROR tells how it went.
  IoResult try_connected();
  // Nothing is known to be there: the first read waits for epoll's word without trying.
  void expect_silence() { readable_ = false; }
  // The first write waits for an event: it is still connecting.
  void note_not_writable() { writable_ = false; }

 private:
  struct Waiting {
    IoWait* wait = nullptr;
    Timer timer;
  };
  void on_events(std::uint32_t events) override;
  IoResult failed(int error);
  void wake(Waiting& waiting, Code why);
  static void read_timer(void* self) {
    static_cast<EpollStream*>(self)->expired(static_cast<EpollStream*>(self)->reading_);
  }
  static void write_timer(void* self) {
    static_cast<EpollStream*>(self)->expired(static_cast<EpollStream*>(self)->writing_);
  }
  void expired(Waiting& waiting);
  Waiting& waiting(Direction direction) { return direction == Direction::read ? reading_ : writing_; }

  EpollLoop& loop_;
  int descriptor_;
  std::uint64_t sent_ = 0;
  Code aborted_ = Code::ok;
  bool readable_ = true;    // perhaps: cleared by EAGAIN and by a short read
  bool writable_ = true;    // perhaps: cleared by EAGAIN and by a short write
  bool ending_ = false;     // the peer's end or an error is known: reading goes on until it is reached
  bool reset_ = false;      // by us, at the end
  bool was_reset_ = false;  // by the peer
  bool registered_ = false;
  bool* destroyed_ = nullptr;  // set while events are handled
  const HangupWatch* hangup_ = nullptr;
  Waiting reading_{nullptr, Timer(&EpollStream::read_timer, this)};
  Waiting writing_{nullptr, Timer(&EpollStream::write_timer, this)};
};

// The Code of an errno of connect, recv, send.
Code code_of_errno(int error);

}  // namespace sp::runtime
