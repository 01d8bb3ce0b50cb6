// The content of one stream of HTTP/2, in both directions, as a Stream: bodies and tunnels go through it as through a
// socket. What is received waits here, bounded by the stream's window; what is to be sent stays where it is until the
// connection takes it.
#pragma once

#include "codec/h2/stream.h"
#include "proxy/buffer.h"
#include "runtime/stream.h"
#include "runtime/timer_wheel.h"

namespace sp::proxy {

class H2Connection;

class H2Channel : public codec::h2::Stream, public runtime::Stream {
 public:
  // `connection` outlives the codec's interest in it: until id() is 0.
  explicit H2Channel(H2Connection& connection) : connection_(&connection) {}

  // ---- runtime::Stream ----
  runtime::IoResult try_read(std::span<char> into) override;
  // Octets that are not taken at once are taken while the caller waits: it has to come again with the same ones, as
  // Stream::write and loops over it do.
  runtime::IoResult try_write(std::span<const iovec> pieces) override;
  void arm(runtime::Direction direction, runtime::IoWait& wait) override;
  void disarm(runtime::Direction direction) override;
  runtime::IoResult try_finish() override;
  void abort(Code why) override;
  void reset_on_close() override {}  // what has not ended is reset in any case
  void watch_hangup(const runtime::HangupWatch* watch) override { watch_ = watch; }

  // ---- for those who know that it is a stream of HTTP/2 ----
  // What is received next; to be given back by consumed().
  bool take_received(Buffer& into);
  std::size_t received() const { return in_.view().size(); }
  void consumed(std::size_t octets);
  // The octets that are written next are the last ones: the end goes with them.
  void end_with_next() { last_ = true; }
  // Behind the last octet.
  void end_with(const http::Fields* trailers) { trailers_ = trailers; }
  // Everything was sent, the end too.
  bool sent_all() const { return sent_end_; }
  // Nothing is sent but the head: it has the end.
  void sent_end() { sent_end_ = true; }
  // Why it broke; ok: it did not.
  Code fault() const { return fault_; }
  // The connection is gone.
  void connection_lost(Code why);
  // Who waits is asked soon whether he can go on.
  void look_again() { wake_soon(); }
  // Of those who wait, who can go on?
  void wake_waiting();
  H2Connection& connection() { return *connection_; }

  // ---- codec::h2::Stream ----
  void content(ByteView octets) override;
  void ended() override;
  void closed(codec::h2::ErrorCode error, bool by_peer) override;
  Offer offer(std::size_t most) override;
  void take(char* to, std::size_t octets) override;

 protected:
  // What closed() means here.
  virtual Code code_of(codec::h2::ErrorCode error, bool by_peer) const = 0;

 private:
  void break_with(Code why);
  // Those who wait are woken when the codec has returned: they may call it.
  void wake_soon();
  void wake(runtime::IoWait*& wait, Code why);
  void set_timer();
  bool waits_for_its_turn() const;
  static void expired(void* self);

  H2Connection* connection_;
  Buffer in_;
  runtime::IoWait *reader_ = nullptr, *writer_ = nullptr;
  runtime::Timer timer_{&H2Channel::expired, this};
  const runtime::HangupWatch* watch_ = nullptr;
  std::span<const iovec> offered_;  // by who waits to write
  std::size_t offered_octets_ = 0;
  std::size_t taken_ = 0;  // of what was offered, and the writer was not told of yet
  const http::Fields* trailers_ = nullptr;
  Code fault_ = Code::ok;
  bool last_ = false;
  bool finishing_ = false;
  bool sent_end_ = false;
};

}  // namespace sp::proxy
