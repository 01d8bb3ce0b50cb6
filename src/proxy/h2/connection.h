// A connection that speaks HTTP/2, toward a client or a server: the stream below, the codec, one reader and one writer.
// What is to be sent is collected until everybody who is ready has had a turn, and leaves in one write.
#pragma once

#include <coroutine>

#include "codec/h2/connection.h"
#include "proxy/buffer.h"
#include "proxy/pace.h"
#include "runtime/fair_share.h"
#include "runtime/stream.h"
#include "runtime/task.h"
#include "runtime/wait.h"

namespace sp::proxy {

class H2Channel;

class H2Connection {
 public:
  // Throws std::bad_alloc. Both outlive it.
  H2Connection(runtime::Stream& stream, codec::h2::Connection::Owner& owner, const codec::h2::Options& options,
               const Pace& pace)
      : codec(owner, options),
        stream_(stream),
        pace_(pace),
        too_slow_(options.role == codec::h2::Role::server ? Code::client_too_slow : Code::request_write_timeout) {}

  codec::h2::Connection codec;

  // What was received before anybody knew that it is HTTP/2: read() begins with it. Throws std::bad_alloc.
  void begin_with(ByteView received) { in_.append(received); }
  // Waits for octets, at most until `deadline`, and gives them to the codec, a turn's share at a time. An error is the
  // end: Code::end_of_stream, timeout, cancelled (see interrupt_reading()), those of the codec, those of the stream.
  // Throws std::bad_alloc.
  runtime::Task<Result<void>> read(runtime::TimePoint deadline);
  // A read() that waits ends with Code::cancelled, and nothing is lost.
  void interrupt_reading();
  // Runs beside the reader: sends what there is, whenever there is something, until stop_writing(). When sending fails,
  // or memory ends, the stream is aborted.
  runtime::Task<void> write();
  // There is something to send, or there may be.
  void send_soon();
  // write() ends when everything that there is has been sent.
  void stop_writing();
  // Behind that, unless it has failed: says that this was all. What the codec still had to send would be lost with it.
  runtime::Task<void> say_goodbye();
  // Sends nothing more.
  void abort(Code why);
  // H2Channel::wake_waiting() is called for it, soon, and not from within the codec.
  void wake_soon(codec::h2::Stream& channel) { to_wake_.push_back(channel); }
  void wake_channels();
  // A stream whose content is taken as fast as it comes may have a larger window; not many of a connection may. True:
  // it has one, until give_back_wide_window().
  bool take_wide_window();
  void give_back_wide_window() { --wide_windows_; }
  runtime::Stream& stream() { return stream_; }

 private:
  struct Wanted;
  runtime::Task<Result<void>> send_all();
  Result<void> fetch_octets();
  Result<void> take_octets();
  void settle_later();
  static void settle(void* connection);

  runtime::Stream& stream_;
  IntrusiveList<codec::h2::Stream> to_wake_;
  Buffer in_;  // what the codec has not taken yet
  Buffer out_;
  Pace pace_;
  Code too_slow_;  // what a peer is called that does not read
  runtime::FairShare share_;
  runtime::Stream::Operation* reading_ = nullptr;
  std::coroutine_handle<> writer_;  // while it waits to be wanted
  unsigned wide_windows_ = 0;
  runtime::Event unblocked_;                              // a write has ended, or the reader is to look again
  runtime::Timer settling_{&H2Connection::settle, this};  // see codec::h2::Connection::settle_resets()
  bool came_in_bulk_ = false;
  bool blocked_ = false;
  bool wanted_ = false;
  bool stopping_ = false;
};

}  // namespace sp::proxy
