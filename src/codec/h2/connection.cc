#include "codec/h2/connection.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "codec/h2/head_writer.h"
#include "codec/h2/memory.h"

namespace sp::codec::h2 {
namespace {

constexpr std::size_t frame_head = FrameScanner::head_octets;
// SETTINGS_MAX_FRAME_SIZE as it is if nobody says otherwise.
constexpr std::uint32_t most_frame = 16'384;
// See budget.h: how many at once, and how many come back each second.
constexpr std::int32_t most_frames = 2000, frames_per_second = 200;
constexpr std::int32_t most_resets = 200, resets_per_second = 10;
// So much work is enough for one receive(), and for a turn of the loop. An octet of a field line, decoded, counts as
// four of content, since it is copied and judged more than once; each field section counts as so many more, for what is
// done about it. What they come to is looked at after so many octets of frames: a request of 64 KiB takes fewer than a
// hundred, and honest ones should not pay for it.
constexpr std::size_t most_work = std::size_t{256} * 1024, work_of_head = most_work / 16, step = 128;
constexpr std::size_t work_of_octet = 4;
// A line costs so much besides, however short it is; and an octet that nobody reads so many, since it is decoded for
// the sake of the table (up to 27 ns each where lines are put into it, as measured).
constexpr std::size_t work_of_line = 128, work_of_unread = 32;

// nghttp2 drops a field section that is larger, and 64 KiB would be its own limit. What limits.head lets in (16 MiB at
// most) fits, with what HPACK and this gate put to it; the memory is taken as it is needed.
constexpr std::size_t most_head_sent = std::size_t{40} << 20;

// Of a field section that nobody reads, in frames of the budget.
std::int32_t price_of(std::size_t octets) { return 1 + static_cast<std::int32_t>(octets / 256); }

std::string_view view_of(nghttp2_rcbuf* buffer) {
  const nghttp2_vec text = nghttp2_rcbuf_get_buf(buffer);
  return {reinterpret_cast<const char*>(text.base), text.len};
}

// Whether nghttp2 has ended the session of its own accord: it says so by a GOAWAY, and by no result. A GOAWAY that
// cannot be (it names a stream of our own) is refused as such only while no such end is under way.
bool is_terminated(nghttp2_session* session, Role role) {
  const std::int32_t own = role == Role::server ? 2 : 1;
  return nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE, own, NGHTTP2_NO_ERROR, nullptr, 0) == 0;
}

// What a call says that fails only for want of memory.
void need_memory(int result) {
  if (result == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
}

// An end without trailers, as end_alone() has it made: HEADERS without a field. What everybody knows is DATA.
void name_end(std::span<char> frame) {
  constexpr std::size_t type = 3, flags = 4;
  if (frame.size() != frame_head || frame[type] != NGHTTP2_HEADERS) return;
  frame[type] = NGHTTP2_DATA;
  frame[flags] = NGHTTP2_FLAG_END_STREAM;
}

struct OptionsDeleter {
  void operator()(nghttp2_option* options) const { nghttp2_option_del(options); }
};
struct CallbacksDeleter {
  void operator()(nghttp2_session_callbacks* callbacks) const { nghttp2_session_callbacks_del(callbacks); }
};

}  // namespace

// nghttp2's callbacks. Nothing is thrown through its frames.
struct Callbacks {
  static Connection& of(void* user) { return *static_cast<Connection*>(user); }
  static Stream* stream(nghttp2_session* session, std::int32_t id) {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  template <class Work>
  static int unless_memory_ends(Connection& connection, Work work) {
    try {
      return work();
    } catch (const std::bad_alloc&) {
      return connection.violated(ErrorCode::internal_error, "no memory", Code::out_of_memory);
    }
  }

  static int head_begins(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Connection& self = of(user);
    const std::int32_t id = frame->hd.stream_id;
    self.reading_head_ = true;
    self.head_since_ = self.now_;
    self.work_ += work_of_head;
    self.reading_ = nullptr;
    return unless_memory_ends(self, [&] {
      if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) return request_begins(self, session, frame);
      Stream* stream = Callbacks::stream(session, id);
      if (stream == nullptr || stream->broken_) return 0;
      if (stream->head_received_) {
        http::Fields* trailers = stream->trailers();
        if (trailers == nullptr) return 0;
        self.reader_.begin(HeadReader::Kind::trailers, *trailers);
      } else {
        http::ResponseHead* head = stream->response_head();
        if (head == nullptr) return 0;
        self.reader_.begin(HeadReader::Kind::response, head->fields);
      }
      self.reading_ = stream;
      return 0;
    });
  }

  static int request_begins(Connection& self, nghttp2_session* session, const nghttp2_frame* frame) {
    const std::int32_t id = frame->hd.stream_id;
    // Behind the last one that a GOAWAY names, which may still wait to be sent: its client sends it again.
    Stream* stream = id > self.last_served_ ? nullptr : self.owner_.stream_begins();
    if (stream == nullptr) {
      self.refusing_ = true;  // at its end: nghttp2 does not tell of the end of what has been reset
      return 0;
    }
    stream->id_ = id;
    stream->connection_ = &self;
    nghttp2_session_set_stream_user_data(session, id, stream);
    self.reader_.begin(HeadReader::Kind::request, stream->request_head()->fields);
    self.reading_ = stream;
    if ((frame->hd.flags & NGHTTP2_FLAG_PRIORITY) != 0 && frame->headers.pri_spec.stream_id == id) {
      self.malformed(*stream);  // RFC 7540 section 5.3.1
    }
    return 0;
  }

  static int field(nghttp2_session*, const nghttp2_frame*, nghttp2_rcbuf* name, nghttp2_rcbuf* value, std::uint8_t,
                   void* user) {
    Connection& self = of(user);
    const std::string_view name_text = view_of(name), value_text = view_of(value);
    self.work_ += work_of_octet * (name_text.size() + value_text.size()) + work_of_line;
    if (self.reading_ == nullptr) return 0;
    return unless_memory_ends(self, [&] {
      self.reader_.add(name_text, value_text, nghttp2_rcbuf_is_static(name) != 0);
      if (self.reader_.flooded()) return self.violated(ErrorCode::enhance_your_calm, "fields", Code::http2_flood);
      return 0;
    });
  }

  static int frame_read(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Connection& self = of(user);
    if (self.failed_) return NGHTTP2_ERR_CALLBACK_FAILURE;
    return unless_memory_ends(self, [&] {
      switch (frame->hd.type) {
        case NGHTTP2_HEADERS: head_ends(self, session, frame->hd); break;
        case NGHTTP2_DATA:
          if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
            // Nothing but padding.
            if (frame->hd.length != 0 && frame->hd.length == frame->data.padlen && !self.frames_.spend())
              return self.violated(ErrorCode::enhance_your_calm, "frames", Code::http2_flood);
            break;
          }
          if (Stream* stream = Callbacks::stream(session, frame->hd.stream_id)) self.message_ended(*stream);
          break;
        case NGHTTP2_RST_STREAM:
          if (Stream* stream = Callbacks::stream(session, frame->hd.stream_id)) stream->taken_back_ = true;
          break;
        case NGHTTP2_PRIORITY:
          if (frame->priority.pri_spec.stream_id == frame->hd.stream_id)
            return self.violated(ErrorCode::protocol_error, "PRIORITY");
          break;
        case NGHTTP2_SETTINGS:
          if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) break;
          note_settings(self, {frame->settings.iv, frame->settings.niv});
          self.owner_.settings_read();
          break;
        case NGHTTP2_PRIORITY_UPDATE:
          self.prioritized_.add(static_cast<const nghttp2_ext_priority_update*>(frame->ext.payload)->stream_id);
          break;
        case NGHTTP2_GOAWAY:
          self.going_away_ = true;
          self.owner_.going_away(frame->goaway.last_stream_id);
          break;
        default: break;
      }
      return 0;
    });
  }

  static void note_settings(Connection& self, std::span<const nghttp2_settings_entry> entries) {
    for (const nghttp2_settings_entry& entry : entries) {
      if (entry.settings_id == NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE) self.window_set_ = true;
    }
  }

  static void head_ends(Connection& self, nghttp2_session* session, const nghttp2_frame_hd& head_of_frame) {
    const bool ended = (head_of_frame.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    self.reading_head_ = false;
    if (std::exchange(self.refusing_, false)) {
      self.reset_here_.add(head_of_frame.stream_id);
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, head_of_frame.stream_id, NGHTTP2_REFUSED_STREAM);
      self.count_refused(head_of_frame.length);
      return;
    }
    Stream* stream = std::exchange(self.reading_, nullptr);
    if (stream == nullptr) return unread_head_ends(self, Callbacks::stream(session, head_of_frame.stream_id), ended);
    if (stream->broken_) return;
    if (stream->head_received_) return trailers_end(self, *stream, ended);
    Result<void> read;
    if (self.options_.role == Role::server) {
      http::RequestHead& head = *stream->request_head();
      read = self.reader_.finish(head, ended);
      stream->head_received_ = true;
      if (head.body.kind == http::BodySize::Kind::known) stream->declared_ = head.body.bytes;
    } else {
      http::ResponseHead& head = *stream->response_head();
      read = self.reader_.finish(head, stream->asked_, ended);
      if (read && head.interim()) return stream->head_read(read, false);
      stream->head_received_ = true;
      // RFC 9110 section 9.3.6: what opens a tunnel has no length.
      const bool tunnel = stream->tunnel_ && head.status / 100 == 2;
      stream->without_content_ = read && !tunnel && head.body.kind == http::BodySize::Kind::none;
      if (read && !stream->without_content_ && !tunnel) stream->declared_ = head.content_length;
    }
    if (!read && HeadReader::malformed(read.error().code)) self.malformed(*stream);
    if (read && !stream->affords(self.reader_.octets())) {
      read = fail(Error{.code = Code::too_many_fields, .side = Side::client, .where = "all requests of a connection"});
      self.reset(*stream, ErrorCode::refused_stream);
      self.count_refused(head_of_frame.length);
    }
    stream->remote_ended_ = ended;
    stream->head_read(read, ended);
  }

  // Nobody wanted the trailers; that they are the end of the message counts.
  static void unread_head_ends(Connection& self, Stream* stream, bool ended) {
    if (stream == nullptr || stream->broken_ || !stream->head_received_) return;
    if (!ended) return self.malformed(*stream);
    self.message_ended(*stream);
  }

  static void trailers_end(Connection& self, Stream& stream, bool ended) {
    auto read = self.reader_.finish_trailers();
    if (!ended || !read) {
      if (stream.trailers() != nullptr) stream.trailers()->clear();
      return self.malformed(stream);
    }
    self.message_ended(stream);
  }

  static int content(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                     std::size_t length, void* user) {
    Connection& self = of(user);
    self.to_consume_ += length;
    Stream* stream = Callbacks::stream(session, id);
    if (stream == nullptr || stream->broken_) return 0;
    stream->received_ += length;
    if (!stream->head_received_ || !self.length_fits(*stream, false)) {
      self.malformed(*stream);
      return 0;
    }
    return unless_memory_ends(self, [&] {
      stream->content({reinterpret_cast<const char*>(data), length});
      return 0;
    });
  }

  static int stream_closes(nghttp2_session* session, std::int32_t id, std::uint32_t error, void* user) {
    Connection& self = of(user);
    if (self.options_.role == Role::client) --self.requested_;
    Stream* stream = Callbacks::stream(session, id);
    if (stream == nullptr) return 0;
    if (self.reading_ == stream) self.reading_ = nullptr;
    nghttp2_session_set_stream_user_data(session, id, nullptr);
    stream->asking_.unlink();
    const bool by_peer = !stream->broken_ && (stream->taken_back_ || error != NGHTTP2_NO_ERROR);
    stream->id_ = 0;
    stream->connection_ = nullptr;
    if (!by_peer && error == NGHTTP2_NO_ERROR) {
      self.resets_.earn();
      self.frames_.earn(10);
    } else if (by_peer && self.options_.role == Role::server && !self.count_reset()) {
      // What nghttp2 does to the stream it has to finish: a failure would make it do so again.
      self.violated(ErrorCode::enhance_your_calm, "resets", Code::http2_flood);
    }
    stream->closed(ErrorCode{error}, by_peer);
    return 0;
  }

  static int invalid_frame(nghttp2_session* session, const nghttp2_frame* frame, int, void* user) {
    Connection& self = of(user);
    const std::int32_t id = frame->hd.stream_id;
    // Also one that nghttp2 refuses before we hear of it.
    if (Callbacks::stream(session, id) != nullptr || (id % 2 == 1 && id <= self.last_opened_)) self.reset_here_.add(id);
    // More streams than are allowed, of which a client may not have heard: nghttp2 refuses them by itself.
    return frame->hd.type == NGHTTP2_HEADERS ? self.count_refused(frame->hd.length) : 0;
  }

  // ---- sending ----

  // Of a RST_STREAM: it was not asked for here.
  static bool by_library(nghttp2_session* session, std::int32_t id) {
    const Stream* stream = Callbacks::stream(session, id);
    return stream != nullptr && !stream->broken_;
  }

  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Connection& self = of(user);
    const std::int32_t id = frame->hd.stream_id;
    switch (frame->hd.type) {
      case NGHTTP2_RST_STREAM:
        self.reset_here_.add(id);  // also by the library, of its own accord
        // Section 6.9.2: a setting that makes a window too large is an error of the connection.
        if (self.window_set_ && frame->rst_stream.error_code == NGHTTP2_FLOW_CONTROL_ERROR && by_library(session, id))
          self.violated(ErrorCode::flow_control_error, "SETTINGS_INITIAL_WINDOW_SIZE");
        break;
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA: {
        Stream* stream = Callbacks::stream(session, id);
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) return end_sent(self, stream, id);
        // It may have said before its head left that there is nothing else.
        if (frame->hd.type == NGHTTP2_HEADERS && stream != nullptr && stream->sending_)
          self.asking_.push_back(stream->asking_);
        break;
      }
      default: break;
    }
    return 0;
  }

  // The library drops a field section that is too large for it: nobody is to wait for it. Heads of that size are
  // refused before it has them, so that what is left is trailers.
  static int frame_not_sent(nghttp2_session* session, const nghttp2_frame* frame, int error, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || error != NGHTTP2_ERR_FRAME_SIZE_ERROR) return 0;
    if (Stream* stream = Callbacks::stream(session, frame->hd.stream_id))
      of(user).reset(*stream, ErrorCode::internal_error);
    return 0;
  }

  // What is still to come of a request that was answered is not wanted.
  static int end_sent(Connection& self, Stream* stream, std::int32_t id) {
    if (self.options_.role == Role::client || nghttp2_session_get_stream_remote_close(self.session_, id) != 0) return 0;
    if (stream != nullptr && stream->two_ways_) return 0;
    if (stream != nullptr) stream->broken_ = true;
    return unless_memory_ends(self, [&] {
      self.owed_.push_back(id);
      return 0;
    });
  }

  static ssize_t offer(nghttp2_session* session, std::int32_t id, std::uint8_t*, std::size_t length,
                       std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Connection& self = of(user);
    Stream* stream = Callbacks::stream(session, id);
    if (stream == nullptr || stream->broken_) return NGHTTP2_ERR_DEFERRED;
    const auto room = static_cast<std::size_t>(self.out_end_ - self.out_);
    if (room < frame_head + 1) return NGHTTP2_ERR_PAUSE;
    const Stream::Offer offer = stream->offer(std::min(length, room - frame_head));
    if (offer.octets == 0 && !offer.last) return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (!offer.last) return static_cast<ssize_t>(offer.octets);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    stream->sending_ = false;
    if (offer.trailers == nullptr) return static_cast<ssize_t>(offer.octets);
    const int failed = unless_memory_ends(self, [&] {
      HeadWriter lines;
      if (!lines.add_trailers(*offer.trailers)) return 0;
      need_memory(nghttp2_submit_trailer(session, id, lines.data(), lines.size()));
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      return 0;
    });
    return failed != 0 ? failed : static_cast<ssize_t>(offer.octets);
  }

  static int send(nghttp2_session* session, nghttp2_frame* frame, const std::uint8_t* head, std::size_t length,
                  nghttp2_data_source*, void* user) {
    Connection& self = of(user);
    std::memcpy(self.out_, head, frame_head);
    self.out_ += frame_head;
    Stream* stream = Callbacks::stream(session, frame->hd.stream_id);
    if (length != 0) stream->take(self.out_, length);
    self.out_ += length;
    self.frames_.earn(2);  // the other side will open its windows again
    return 0;
  }
};

namespace {

nghttp2_session_callbacks* make_callbacks() {
  nghttp2_session_callbacks* made = nullptr;
  need_memory(nghttp2_session_callbacks_new(&made));
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, &Callbacks::head_begins);
  nghttp2_session_callbacks_set_on_header_callback2(made, &Callbacks::field);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, &Callbacks::frame_read);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, &Callbacks::invalid_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, &Callbacks::content);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, &Callbacks::stream_closes);
  nghttp2_session_callbacks_set_send_data_callback(made, &Callbacks::send);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, &Callbacks::frame_sent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(made, &Callbacks::frame_not_sent);
  return made;
}

nghttp2_option* make_options(Role role) {
  nghttp2_option* made = nullptr;
  need_memory(nghttp2_option_new(&made));
  nghttp2_option_set_no_auto_window_update(made, 1);
  nghttp2_option_set_no_http_messaging(made, 1);  // HeadReader is stricter, and says what is wrong
  nghttp2_option_set_no_closed_streams(made, 1);
  nghttp2_option_set_max_outbound_ack(made, 500);
  constexpr std::size_t priority = 5;  // that it reckons with in a request
  nghttp2_option_set_max_send_header_block_length(made, most_head_sent + priority);
  // Frames are counted here; nghttp2 would count each piece in which the first octets of one come.
  nghttp2_option_set_max_continuations(made, std::size_t{10} * most_frames);
  // So are resets, and others than honest ones: nghttp2's own limit would end the session without a word to us.
  nghttp2_option_set_stream_reset_rate_limit(made, std::uint64_t{1} << 40, std::uint64_t{1} << 20);
  if (role == Role::server) nghttp2_option_set_builtin_recv_extension_type(made, NGHTTP2_PRIORITY_UPDATE);
  return made;
}

}  // namespace

Stream::~Stream() {
  if (connection_ != nullptr) connection_->release(*this, ErrorCode::cancel);
}

Connection::Connection(Owner& owner, const Options& options)
    : owner_(owner),
      options_(options),
      scanner_(options.role == Role::server ? NGHTTP2_CLIENT_MAGIC_LEN : 0),
      reader_(options.limits),
      frames_(most_frames, frames_per_second),
      resets_(most_resets, resets_per_second) {
  static const std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> callbacks(make_callbacks());
  static const std::unique_ptr<nghttp2_option, OptionsDeleter> server_options(make_options(Role::server));
  static const std::unique_ptr<nghttp2_option, OptionsDeleter> client_options(make_options(Role::client));
  const bool server = options.role == Role::server;
  const auto make = server ? &nghttp2_session_server_new3 : &nghttp2_session_client_new3;
  nghttp2_mem memory = session_memory(memory_ended_);
  need_memory(make(&session_, callbacks.get(), this, (server ? server_options : client_options).get(), &memory));
  std::array<nghttp2_settings_entry, 5> settings{};
  std::size_t count = 0;
  const auto say = [&](std::int32_t id, std::uint32_t value) { settings[count++] = {id, value}; };
  if (server) {
    say(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.most_streams);
    say(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1);
    say(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1);
  } else {
    say(NGHTTP2_SETTINGS_ENABLE_PUSH, 0);
  }
  if (options.stream_window != NGHTTP2_INITIAL_WINDOW_SIZE)
    say(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(options.stream_window));
  say(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(options.limits.head));
  int result = nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), count);
  if (result == 0 && options.connection_window > NGHTTP2_INITIAL_CONNECTION_WINDOW_SIZE) {
    result = nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, options.connection_window);
  }
  if (result != 0) nghttp2_session_del(session_);
  need_memory(result);
}

Connection::~Connection() { nghttp2_session_del(session_); }

// The connection is over, and the other side is told why.
int Connection::violated(ErrorCode error, const char* where, Code code) {
  if (!failed_) {
    error_ = {.code = code, .side = options_.role == Role::server ? Side::client : Side::upstream, .where = where};
    if (code == Code::out_of_memory) error_.side = Side::local;
    if (error_.side == Side::upstream) error_.code = Code::upstream_http2_error;
    failed_ = true;
    terminate(error);
  }
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

// False: the connection is over, since it had to take what is set aside.
bool Connection::has_memory() {
  return !memory_ended_ || violated(ErrorCode::internal_error, "no memory", Code::out_of_memory) == 0;
}

// Section 10.5: what costs work and asks for nothing.
bool Connection::affords(const FrameHead& frame) {
  switch (frame.type) {
    case NGHTTP2_HEADERS: return true;
    case NGHTTP2_DATA: return frame.length != 0 || (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0 || frames_.spend();
    case NGHTTP2_SETTINGS: return frames_.spend(20);
    case NGHTTP2_PING: return frames_.spend(5);
    default: return frames_.spend();
  }
}

// What the library is lenient about. False: the connection is over. What came before has been read already where
// depends_on_state() says so.
bool Connection::judge(const FrameHead& frame) {
  // A stream that was let go of in the middle of a head does not hear of its end.
  if (frame.type != NGHTTP2_CONTINUATION) reading_head_ = false;
  if (!affords(frame)) return violated(ErrorCode::enhance_your_calm, "frames", Code::http2_flood) == 0;
  if (frame.length > most_frame) return violated(ErrorCode::frame_size_error, "frame size") == 0;
  if (frame.type == NGHTTP2_PRIORITY) {
    if (frame.stream == 0) return violated(ErrorCode::protocol_error, "PRIORITY") == 0;
    if (frame.length != 5) return violated(ErrorCode::frame_size_error, "PRIORITY") == 0;
  }
  // Section 8.4: it was said that none is wanted.
  if (frame.type == NGHTTP2_PUSH_PROMISE) return violated(ErrorCode::protocol_error, "PUSH_PROMISE") == 0;
  if (frame.type == NGHTTP2_CONTINUATION) return reading_ != nullptr || judge_unread(frame);
  if (frame.type != NGHTTP2_HEADERS && frame.type != NGHTTP2_DATA) return true;
  if (options_.role == Role::client) return is_open(frame.stream) || judge_unread(frame);
  if (frame.stream % 2 == 0) return true;  // never a stream of a client: the library says so
  if (frame.stream <= last_opened_) return judge_late(frame);
  if (frame.type == NGHTTP2_HEADERS) {
    last_opened_ = frame.stream;
    opened_.add(frame.stream);
  }
  return frame.stream <= last_served_ || judge_unread(frame);
}

bool Connection::depends_on_state(const FrameHead& frame) const {
  if (options_.role == Role::client) return false;
  if (frame.type == NGHTTP2_CONTINUATION) return true;
  return (frame.type == NGHTTP2_HEADERS || frame.type == NGHTTP2_DATA) && frame.stream % 2 == 1 &&
         frame.stream <= last_opened_;
}

bool Connection::is_open(std::int32_t id) const { return nghttp2_session_get_stream_remote_close(session_, id) >= 0; }

// Section 5.1, "closed": only a stream that was reset here may still get what was under way; section 6.8: and those
// behind the last one that a GOAWAY named.
bool Connection::judge_late(const FrameHead& frame) {
  if (is_open(frame.stream)) {
    const Stream* stream = Callbacks::stream(session_, frame.stream);
    return (stream != nullptr && !stream->broken_) || judge_unread(frame);
  }
  if (reset_here_.has(frame.stream, true) && opened_.has(frame.stream, true)) return judge_unread(frame);
  if (frame.stream > last_served_) return judge_unread(frame);
  const bool was_open = opened_.has(frame.stream, true);
  return violated(was_open ? ErrorCode::stream_closed : ErrorCode::protocol_error, "frame on a closed stream") == 0;
}

// The library drops content without a word, but decodes fields, to keep the table of HPACK right. What a server says of
// requests that were taken back is only work: how many there are is up to clients, and others have theirs on this
// connection.
bool Connection::judge_unread(const FrameHead& frame) {
  if (frame.type == NGHTTP2_DATA) return true;
  work_ += frame.length * work_of_unread;
  if (options_.role == Role::client || frames_.spend(price_of(frame.length))) return true;
  return violated(ErrorCode::enhance_your_calm, "fields that nobody reads", Code::http2_flood) == 0;
}

bool Connection::count_reset() { return resets_.spend(); }

// Nobody works on it, but it was read, and is answered.
int Connection::count_refused(std::size_t octets) {
  if (frames_.spend(price_of(octets))) return 0;
  return violated(ErrorCode::enhance_your_calm, "refused requests", Code::http2_flood);
}

// Section 8.1.1.
void Connection::malformed(Stream& stream) {
  reset(stream, ErrorCode::protocol_error);
  if (options_.role == Role::server && !count_reset())
    violated(ErrorCode::enhance_your_calm, "malformed requests", Code::http2_flood);
}

bool Connection::length_fits(Stream& stream, bool at_end) const {
  if (stream.without_content_) return stream.received_ == 0;
  if (!stream.declared_) return true;
  return at_end ? stream.received_ == *stream.declared_ : stream.received_ <= *stream.declared_;
}

void Connection::message_ended(Stream& stream) {
  if (stream.broken_) return;
  if (!stream.head_received_ || !length_fits(stream, true)) return malformed(stream);
  stream.remote_ended_ = true;
  stream.ended();
}

// Gives octets to the library. False: the connection is over.
bool Connection::feed(ByteView octets) {
  if (octets.empty() || failed_) return !failed_;
  const ssize_t taken =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
  if (failed_) return false;
  if (taken >= 0 && (ended_ || !is_terminated(session_, options_.role))) return true;
  if (taken == NGHTTP2_ERR_NOMEM) {
    violated(ErrorCode::internal_error, "no memory", Code::out_of_memory);
  } else if (taken == NGHTTP2_ERR_FLOODED) {
    violated(ErrorCode::enhance_your_calm, "frames", Code::http2_flood);
  } else {
    violated(ErrorCode::protocol_error, "frames");
  }
  return false;
}

// A frame that has to be judged by the state of its stream is judged when all that came before it has been read: the
// last octet of its head is held back until then. Behind the head of a frame is where it stops when there is much work:
// `octets` is what was taken.
bool Connection::judge_and_feed(ByteView& octets) {
  std::size_t at = 0, fed = 0;
  while (auto frame = scanner_.next(octets, at)) {
    if (depends_on_state(*frame) || at - fed > step) {
      if (!feed(octets.substr(fed, at - 1 - fed))) return false;
      fed = at - 1;
    }
    if (!judge(*frame)) return false;
    if (work_ >= most_work) octets = octets.substr(0, at);
  }
  return feed(octets.substr(fed));
}

Result<std::size_t> Connection::receive(ByteView octets, TimePoint now) {
  now_ = now;
  work_ = 0;
  frames_.time_is(now);
  resets_.time_is(now);
  if (failed_) return fail(error_);
  const bool goes_on = judge_and_feed(octets);
  if (to_consume_ != 0) nghttp2_session_consume_connection(session_, std::exchange(to_consume_, 0));
  if (!goes_on || !has_memory()) return fail(error_);
  work_ = std::max(work_, octets.size());
  return octets.size();
}

Result<std::size_t> Connection::produce(std::span<char> room) {
  out_ = room.data();
  out_end_ = room.data() + room.size();
  const auto left = [this] { return static_cast<std::size_t>(out_end_ - out_); };
  (void)has_memory();
  while (left() >= least_room || !unsent_.empty()) {
    if (unsent_.empty()) {
      const std::uint8_t* frame = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &frame);
      if (size == NGHTTP2_ERR_NOMEM) return fail(Code::out_of_memory, "frames to send");
      if (size < 0) return fail(Code::http2_error, "frames to send");
      if (size == 0) {
        if (end_some()) continue;
        window_set_ = false;
        break;
      }
      unsent_ = {reinterpret_cast<const char*>(frame), static_cast<std::size_t>(size)};
    }
    // Content may have gone before it, in the same call: then there may not be enough room any more.
    if (left() < unsent_.size()) break;
    std::memcpy(out_, unsent_.data(), unsent_.size());
    name_end({out_, unsent_.size()});
    out_ += unsent_.size();
    unsent_ = {};
  }
  return static_cast<std::size_t>(out_ - room.data());
}

bool Connection::wants_to_send() const {
  return !unsent_.empty() || !asking_.empty() || nghttp2_session_want_write(session_) != 0;
}
bool Connection::finished() const { return nghttp2_session_want_read(session_) == 0 && !wants_to_send(); }
std::size_t Connection::queued() const { return nghttp2_session_get_outbound_queue_size(session_); }

Result<void> Connection::request(Stream& stream, const http::RequestHead& head, std::string_view scheme,
                                 std::string_view authority, std::string_view target, bool ended) {
  constexpr Error refused{
      .code = Code::upstream_stream_refused, .side = Side::upstream, .retry = Retry::safe, .where = "no more streams"};
  if (!accepts_requests()) return fail(refused);
  HeadWriter lines;
  if (!lines.add_request(head, scheme, authority, target)) return fail(Code::internal, "request fields");
  if (lines.most_octets() > most_head_sent)
    return fail({.code = Code::fields_too_large, .side = Side::client, .where = "request for HTTP/2"});
  const nghttp2_data_provider content{.source = {}, .read_callback = &Callbacks::offer};
  const std::int32_t id =
      nghttp2_submit_request(session_, nullptr, lines.data(), lines.size(), ended ? nullptr : &content, &stream);
  if (id == NGHTTP2_ERR_NOMEM) return fail(Code::out_of_memory, "request");
  if (id < 0) return fail(refused);
  ++requested_;
  stream.id_ = id;
  stream.connection_ = this;
  stream.sending_ = !ended;
  stream.asked_ = head.method;
  stream.tunnel_ = !head.upgrade.empty();
  return {};
}

Result<void> Connection::respond(Stream& stream, const http::ResponseHead& head, bool ended) {
  if (stream.id_ == 0 || stream.broken_) return fail(Code::client_closed, "response");
  HeadWriter lines;
  if (!lines.add_response(head)) return fail(Code::internal, "response fields");
  if (lines.most_octets() > most_head_sent)
    return fail({.code = Code::response_fields_too_large, .side = Side::upstream, .where = "response for HTTP/2"});
  int result = 0;
  if (head.interim()) {
    result =
        nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id_, nullptr, lines.data(), lines.size(), nullptr);
  } else {
    const nghttp2_data_provider content{.source = {}, .read_callback = &Callbacks::offer};
    result = nghttp2_submit_response(session_, stream.id_, lines.data(), lines.size(), ended ? nullptr : &content);
  }
  if (result == NGHTTP2_ERR_NOMEM) return fail(Code::out_of_memory, "response");
  if (result != 0) return fail(Code::internal, "response");
  stream.sending_ = !ended && !head.interim();
  return {};
}

void Connection::data_ready(Stream& stream) {
  if (stream.id_ == 0 || !stream.sending_) return;
  asking_.push_back(stream.asking_);
  nghttp2_session_resume_data(session_, stream.id_);
}

// When nothing can go any more: those that had something to say, and may have been left for want of a window.
bool Connection::end_some() {
  bool any = false;
  while (Stream::Asking* asking = asking_.pop_front()) any = end_alone(asking->stream) || any;
  return any;
}

// Where the end is all that there is to send it needs no window (section 6.9.1). nghttp2 would wait for one, and asks
// for no content before; HEADERS it sends at once. False: there is more, or the head of the stream has to leave first.
bool Connection::end_alone(Stream& stream) {
  if (!stream.sending_ || stream.broken_ || failed_ || ended_ || !has_begun(stream)) return false;
  const Stream::Offer offer = stream.offer(0);
  if (!offer.last) return false;
  stream.sending_ = false;
  Callbacks::unless_memory_ends(*this, [&] {
    HeadWriter lines;
    const bool some = offer.trailers != nullptr && lines.add_trailers(*offer.trailers);
    need_memory(nghttp2_submit_trailer(session_, stream.id_, lines.data(), some ? lines.size() : 0));
    return 0;
  });
  return true;
}

bool Connection::waits_for_window(const Stream& stream) const {
  return nghttp2_session_get_remote_window_size(session_) <= 0 ||
         nghttp2_session_get_stream_remote_window_size(session_, stream.id_) <= 0;
}

void Connection::consumed(Stream& stream, std::size_t octets) {
  if (stream.id_ != 0 && !stream.broken_) nghttp2_session_consume_stream(session_, stream.id_, octets);
}

void Connection::widen(Stream& stream, std::int32_t octets) {
  if (stream.id_ != 0) nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, stream.id_, octets);
}

void Connection::prioritize(Stream& stream, const Priority& priority) {
  // What the client has said by PRIORITY_UPDATE wins: RFC 9218 section 7.
  if (prioritized_.has(stream.id_, false)) return;
  const nghttp2_extpri value{.urgency = priority.urgency, .inc = priority.incremental ? 1 : 0};
  nghttp2_session_change_extpri_stream_priority(session_, stream.id_, &value, 0);
}

void Connection::reset(Stream& stream, ErrorCode error) {
  if (stream.id_ == 0 || stream.broken_) return;
  stream.broken_ = true;
  reset_here_.add(stream.id_);
  if (nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id_, static_cast<std::uint32_t>(error)) != 0)
    violated(ErrorCode::internal_error, "no memory", Code::out_of_memory);
}

void Connection::release(Stream& stream, ErrorCode error) {
  if (stream.id_ == 0) return;
  reset(stream, error);
  forget(stream);
}

void Connection::forget(Stream& stream) {
  if (stream.id_ == 0) return;
  nghttp2_session_set_stream_user_data(session_, stream.id_, nullptr);
  stream.asking_.unlink();
  if (reading_ == &stream) reading_ = nullptr;
  stream.id_ = 0;
  stream.connection_ = nullptr;
}

void Connection::settle_resets() {
  for (const std::int32_t id : std::span(owed_).first(due_)) {
    // 0: it is there, and its request has not ended.
    if (nghttp2_session_get_stream_remote_close(session_, id) == 0)
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
  }
  owed_.erase(owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(due_));
  due_ = owed_.size();
}

void Connection::drop_head(const Stream& stream) {
  if (reading_ == &stream) reading_ = nullptr;
}

void Connection::announce_end() { nghttp2_submit_shutdown_notice(session_); }

void Connection::refuse_more() {
  last_served_ = std::min(last_served_, nghttp2_session_get_last_proc_stream_id(session_));
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last_served_, NGHTTP2_NO_ERROR, nullptr, 0);
}

void Connection::end(ErrorCode error) {
  ended_ = true;
  terminate(error);
}

// Section 6.8: the last stream that a GOAWAY names is never above that of one before, though that still waits to be
// sent.
void Connection::terminate(ErrorCode error) {
  last_served_ = std::min(last_served_, nghttp2_session_get_last_proc_stream_id(session_));
  nghttp2_session_terminate_session2(session_, last_served_, static_cast<std::uint32_t>(error));
}

bool Connection::accepts_requests() const {
  return !going_away_ && !failed_ && nghttp2_session_check_request_allowed(session_) != 0;
}

bool Connection::has_room_for_stream() const {
  return accepts_requests() &&
         requested_ < nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

std::size_t Connection::most_streams() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

std::uint64_t Connection::most_head() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE);
}

std::size_t Connection::window() const {
  return static_cast<std::size_t>(std::max(0, nghttp2_session_get_remote_window_size(session_)));
}

// The library opens a stream as it makes the frame that does.
bool Connection::has_begun(const Stream& stream) const {
  return stream.id_ != 0 && nghttp2_session_get_stream_remote_close(session_, stream.id_) >= 0;
}

bool Connection::knows_extended_connect() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

}  // namespace sp::codec::h2
