// A socket as a Stream: registered once, edge-triggered, for life. Readiness is remembered, so that a call that could
// only say EAGAIN is not made.
#pragma once

#include "base/slab.h"
#include "runtime/epoll_loop.h"
#include "runtime/stream.h"

namespace sp::runtime {

class EpollStream final : public Stream, private Pollable, public Lasting {
 public:
  // Takes over `descriptor`, a connected (or connecting) non-blocking stream socket. start() registers it.
  EpollStream(EpollLoop& loop, int descriptor);
  ~EpollStream() override;
  Result<void> start();

  IoResult try_read(std::span<char> into) override;
  IoResult try_peek(std::span<char> into) override;
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
  void on_events(std::uint32_t events) override;
  IoResult receive(std::span<char> into, int flags);
  IoResult failed(int error);
  IoWait*& waiting(Direction direction) { return direction == Direction::read ? reader_ : writer_; }
  static void wake(IoWait*& waiting, Code why);
  static void time_is_up(void* self) { static_cast<EpollStream*>(self)->time_is_up(); }
  void time_is_up();

  // There are two of these for every idle tunnel: each octet counts.
  EpollLoop& loop_;
  std::uint64_t sent_ = 0;
  IoWait* reader_ = nullptr;
  IoWait* writer_ = nullptr;
  Timer timer_{&EpollStream::time_is_up, this};  // for the earlier of the two, or earlier still
  const HangupWatch* hangup_ = nullptr;
  bool* destroyed_ = nullptr;  // set while events are handled
  int descriptor_;
  Code aborted_ = Code::ok;
  bool readable_ : 1 = true;    // perhaps: cleared by EAGAIN and by a short read
  bool writable_ : 1 = true;    // perhaps: cleared by EAGAIN and by a short write
  bool ending_ : 1 = false;     // the peer's end or an error is known: reading goes on until it is reached
  bool at_end_ : 1 = false;     // ... and it is
  bool urgent_ : 1 = false;     // there was an octet that TCP calls so, which is skipped
  bool broken_ : 1 = false;     // an error, or both directions have ended: the kernel is to be asked
  bool reset_ : 1 = false;      // by us, at the end
  bool was_reset_ : 1 = false;  // by the peer
  bool registered_ : 1 = false;
};

// The Code of an errno of connect, recv, send.
Code code_of_errno(int error);

}  // namespace sp::runtime
