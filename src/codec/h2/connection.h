// One connection of HTTP/2 (RFC 9113), either side of it, without its socket: octets in, octets out. nghttp2 does the
// frames and HPACK; nothing above this folder sees it. What it is lenient about is checked here as a frame begins.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/intrusive_list.h"
#include "base/result.h"
#include "codec/h2/budget.h"
#include "codec/h2/frame_scanner.h"
#include "codec/h2/head_reader.h"
#include "codec/h2/priority.h"
#include "codec/h2/recent_ids.h"
#include "codec/h2/stream.h"
#include "codec/limits.h"

struct nghttp2_session;

namespace sp::codec::h2 {

enum class Role : std::uint8_t { server, client };

struct Options {
  Role role = Role::server;
  std::uint32_t most_streams = 100;  // that the other side may have open
  std::int32_t stream_window = 65535, connection_window = 65535;
  Limits limits;
};

class Connection {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Server: what is told of the connection as a whole, from within receive().
  class Owner {
   public:
    virtual ~Owner() = default;
    // A request begins: the stream that takes it, or null: it is refused (REFUSED_STREAM: it can be sent again). Lives
    // until closed() was called for it, or release(). May not throw.
    virtual Stream* stream_begins() = 0;
    // SETTINGS have come: what the other side allows is known.
    virtual void settings_read() {}
    // The other side wants no more streams; those above `last` were not looked at. Told of before their closed().
    virtual void going_away([[maybe_unused]] std::int32_t last) {}
  };

  // Throws std::bad_alloc. `owner` outlives it; a stream does so only once closed() was called for it, or release().
  Connection(Owner& owner, const Options& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Takes the octets, and says how many: all of them, unless few stand for so many (HPACK) that the others should have
  // their turn first; at least one. An error is the end of the connection: what produce() still has (a GOAWAY that says
  // why) is to be sent, then it is closed. Errors: http2_error, http2_flood, upstream_http2_error, out_of_memory.
  Result<std::size_t> receive(ByteView octets, TimePoint now);
  // What the last receive() was in work: the octets that it took, or what they stood for where that is more (8 KiB for
  // each head, and its lines as they are decoded).
  std::size_t work() const { return work_; }
  // Writes what is to be sent into `room`, which holds at least `least_room` octets. 0: there is nothing (at the
  // moment). Content is asked of the streams by their priority.
  static constexpr std::size_t least_room = 16'384 + 1024;
  Result<std::size_t> produce(std::span<char> room);
  bool wants_to_send() const;
  // Nothing more will come or go: the connection can be closed.
  bool finished() const;
  // Frames that wait to be sent, besides content. Who does not read answers is not to send questions.
  std::size_t queued() const;
  // A field section has begun and not ended; since when.
  bool head_begun() const { return reading_head_; }
  TimePoint head_since() const { return head_since_; }
  bool failed() const { return failed_; }
  const Error& error() const { return error_; }

  // ---- sending ----
  // Client: a new stream with this request. `authority` and `target` as they are to be sent. `ended`: no content.
  // Errors: upstream_stream_refused (no more streams on this connection), internal (a field that may not be written),
  // fields_too_large (beyond 40 MiB).
  Result<void> request(Stream& stream, const http::RequestHead& head, std::string_view scheme,
                       std::string_view authority, std::string_view target, bool ended);
  // Server. A final response, or an interim one (`ended` is false then). Errors: client_closed, internal,
  // response_fields_too_large (beyond 40 MiB; nothing was sent).
  Result<void> respond(Stream& stream, const http::ResponseHead& head, bool ended);
  // offer() has something again.
  void data_ready(Stream& stream);
  // Content of this stream waits for the other side to open a window: not for its turn among the others.
  bool waits_for_window(const Stream& stream) const;
  // So much content was taken on: the sender may send as much again.
  void consumed(Stream& stream, std::size_t octets);
  // The sender of this stream may have `octets` under way from now on, not fewer than before.
  void widen(Stream& stream, std::int32_t octets);
  void prioritize(Stream& stream, const Priority& priority);
  // Ends the stream, in both directions; closed() follows when it has been sent.
  void reset(Stream& stream, ErrorCode error);
  // The codec forgets the stream, which may be destroyed then; it is reset if it is not over.
  void release(Stream& stream, ErrorCode error);
  // The same for a stream on which everything was said that there was to say, to its end: it closes by itself. Server:
  // what the client still has to send is not wanted.
  void forget(Stream& stream);
  // Server: responses have ended before their requests, whose rest is not wanted. Clients are told so (RST_STREAM with
  // NO_ERROR, RFC 9113 section 8.1) when they have had time to read the response: some take the one for the other when
  // they find both at once.
  bool owes_resets() const { return !owed_.empty(); }
  // To be called now and then as long as it owes some. Resets the streams that were owed it at the last call already,
  // unless their requests have ended meanwhile.
  void settle_resets();
  // What is still to come of a head of it that has begun has nowhere to go any more.
  void drop_head(const Stream& stream);

  // ---- ending ----
  // Server: the other side should open no more streams here (it may have done so already: those are served).
  void announce_end();
  // Server: streams that come from now on are refused.
  void refuse_more();
  // The connection ends with `error`.
  void end(ErrorCode error);

  // Client: whether another stream may be opened now.
  bool has_room_for_stream() const;
  // How many the other side allows at a time.
  std::size_t most_streams() const;
  // SETTINGS_MAX_HEADER_LIST_SIZE of the other side: very much as long as it has not said it.
  std::uint64_t most_head() const;
  // So much content can go now, of all streams together.
  std::size_t window() const;
  // Client: it has been written, or has begun to be. Else the other side cannot know of it.
  bool has_begun(const Stream& stream) const;
  // The other side knows extended CONNECT (RFC 8441).
  bool knows_extended_connect() const;
  bool ended_by_peer() const { return going_away_; }

 private:
  friend struct Callbacks;
  int violated(ErrorCode error, const char* where, Code code = Code::http2_error);
  bool has_memory();
  bool affords(const FrameHead& frame);
  bool depends_on_state(const FrameHead& frame) const;
  bool judge(const FrameHead& frame);
  bool judge_late(const FrameHead& frame);
  bool judge_and_feed(ByteView& octets);
  bool feed(ByteView octets);
  bool judge_unread(const FrameHead& frame);
  bool is_open(std::int32_t id) const;
  bool end_some();
  bool end_alone(Stream& stream);
  bool count_reset();
  int count_refused(std::size_t octets);
  bool accepts_requests() const;
  void terminate(ErrorCode error);
  void malformed(Stream& stream);
  void message_ended(Stream& stream);
  bool length_fits(Stream& stream, bool at_end) const;

  Owner& owner_;
  Options options_;
  nghttp2_session* session_ = nullptr;
  FrameScanner scanner_;
  HeadReader reader_;
  Stream* reading_ = nullptr;  // whose field section is being read; null: one that nobody wants
  Budget frames_, resets_;
  RecentIds opened_, reset_here_, prioritized_;
  IntrusiveList<Stream::Asking> asking_;  // have, or may have, something to send
  std::vector<std::int32_t> owed_;        // see settle_resets()
  std::size_t due_ = 0;                   // of them, from the front
  std::int32_t last_opened_ = 0;
  std::int32_t last_served_ = std::numeric_limits<std::int32_t>::max();  // by refuse_more()
  std::uint32_t requested_ = 0;                                          // client: streams that are not over
  std::size_t work_ = 0;
  std::size_t to_consume_ = 0;  // of the connection's window
  char* out_ = nullptr;         // while produce() runs: where the next frame goes
  char* out_end_ = nullptr;
  ByteView unsent_;  // a frame that found no room, in nghttp2's memory until it is asked for the next
  Error error_{.code = Code::ok};
  TimePoint now_{}, head_since_{};
  bool window_set_ = false;  // by the other side, since everything was sent
  bool reading_head_ = false;
  bool refusing_ = false;  // the request whose field section is being read
  bool failed_ = false;
  bool memory_ended_ = false;
  bool ended_ = false;  // by end()
  bool going_away_ = false;
};

}  // namespace sp::codec::h2
