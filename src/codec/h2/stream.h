// One stream of a connection of HTTP/2, as its codec sees it: where what comes goes, and where what is to go comes
// from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/intrusive_list.h"
#include "base/result.h"
#include "http/message.h"

namespace sp::codec::h2 {

class Connection;

// RFC 9113 section 7, those that are used here.
enum class ErrorCode : std::uint32_t {
  no_error = 0,
  protocol_error = 1,
  internal_error = 2,
  flow_control_error = 3,
  stream_closed = 5,
  frame_size_error = 6,
  refused_stream = 7,
  cancel = 8,
  compression_error = 9,
  connect_error = 10,
  enhance_your_calm = 11,
  inadequate_security = 12,
  http_1_1_required = 13,
};

class Stream : public ListHook {
 public:
  Stream() = default;
  virtual ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // ---- what the codec asks of it, from within Connection::receive() and produce() ----

  // Where the next head goes (server: once; client: for each of several). Null: nobody wants one.
  virtual http::RequestHead* request_head() { return nullptr; }
  virtual http::ResponseHead* response_head() { return nullptr; }
  virtual http::Fields* trailers() { return nullptr; }
  // The head is complete, or `fault` says why it is not. `ended`: nothing follows.
  virtual void head_read(const Result<void>& fault, bool ended) = 0;
  // Before it: how much the fields of the head are, decoded. False: there is no room for them here.
  virtual bool affords([[maybe_unused]] std::uint64_t octets) { return true; }
  // Content that came. The sender's window opens again as it is consumed: Connection::consumed().
  virtual void content(ByteView octets) = 0;
  // The other side has sent all of it: the message is complete.
  virtual void ended() = 0;
  // The stream is over, in both directions, and is not the codec's any more. `error` is what a RST_STREAM said, or
  // no_error where both sides had ended; `by_peer`: it was the other side's (or for a fault of its). That can say
  // no_error, too.
  virtual void closed(ErrorCode error, bool by_peer) = 0;

  struct Offer {
    std::size_t octets = 0;                  // 0 and not `last`: nothing at the moment; data_ready() when there is
    bool last = false;                       // nothing comes behind them
    const http::Fields* trailers = nullptr;  // but these, if `last`
  };
  // How much content can go, at most `most` octets (0: it is only asked whether the end is all that is left); then they
  // are taken.
  virtual Offer offer(std::size_t most) = 0;
  virtual void take(char* to, std::size_t octets) = 0;

  // 0: it is no stream of a connection (yet, or any more).
  std::int32_t id() const { return id_; }
  // It was reset here: nothing more can be sent.
  bool broken() const { return broken_; }
  // Server: the client may go on sending when the response has ended.
  void keep_two_ways() { two_ways_ = true; }
  // Whether the other side has ended its direction.
  bool remote_ended() const { return remote_ended_; }

 private:
  friend class Connection;
  friend struct Callbacks;
  struct Asking : ListHook {
    explicit Asking(Stream& asks) : stream(asks) {}
    Stream& stream;
  };
  std::int32_t id_ = 0;
  Connection* connection_ = nullptr;
  std::optional<std::uint64_t> declared_;  // Content-Length
  std::uint64_t received_ = 0;
  bool head_received_ = false;
  bool remote_ended_ = false;
  bool without_content_ = false;  // of a response: HEAD, 204, 304
  bool tunnel_ = false;           // client: extended CONNECT
  bool two_ways_ = false;
  bool sending_ = false;     // its head was given to the codec, and offer() has not had its end
  bool broken_ = false;      // a RST_STREAM of ours is on its way, or will be
  bool taken_back_ = false;  // one of the other side's has come
  http::Method asked_ = http::Method::get;
  Asking asking_{*this};
};

}  // namespace sp::codec::h2
