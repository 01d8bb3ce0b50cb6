// A Connection of HTTP/2 between streams that do what the script says and a peer: one that sends whatever octets the
// script holds, or a faithful one (nghttp2 itself), which finds fault with nothing that the Connection sends. For the
// fuzz targets h2_server and h2_client.
#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "codec/h2/connection.h"
#include "codec/h2/frames_for_tests.h"

namespace sp::fuzz {

using namespace codec::h2;

inline void expect(bool condition) {
  if (!condition) std::abort();
}

// Notes in which order it is called, and sends what it was given.
class FuzzStream final : public Stream {
 public:
  explicit FuzzStream(Role role) : role_(role) {}

  http::RequestHead* request_head() override { return &request; }
  http::ResponseHead* response_head() override { return &response; }
  http::Fields* trailers() override { return wants_trailers ? &received_trailers : nullptr; }
  void head_read(const Result<void>& fault, bool end) override {
    expect(!over && !head_done);
    if (role_ == Role::client && fault && response.interim()) return expect(!end);
    head_done = true;
    message_done = end;
    expect(fault || !HeadReader::malformed(fault.error().code) || broken());
    if (fault && role_ == Role::server) expect(!request.method_text.empty() && !request.authority.empty());
  }
  void content(ByteView octets) override {
    expect(!over && head_done && !message_done && !broken() && !octets.empty());
    unconsumed += octets.size();
    received += octets.size();
    if (role_ == Role::server && request.body.kind == http::BodySize::Kind::known) {
      expect(received <= request.body.bytes);
    }
  }
  void ended() override {
    expect(!over && head_done && !message_done && !broken() && remote_ended());
    message_done = true;
  }
  void closed(ErrorCode error, bool by_peer) override {
    expect(!over && id() == 0);
    if (error == ErrorCode::no_error && !by_peer && !broken()) expect(message_done && last_offered);
    over = true;
  }
  Offer offer(std::size_t most) override {
    expect(!over && !broken());
    offered = std::min({most, left, piece});
    last_offered = last && offered == left;
    return {.octets = offered, .last = last_offered, .trailers = with_trailers ? &sent_trailers : nullptr};
  }
  void take(char* to, std::size_t octets) override {
    expect(!over && octets == offered);
    std::fill_n(to, octets, 'a');
    left -= octets;
  }

  Arena arena;
  http::RequestHead request{arena};
  http::ResponseHead response{arena};
  http::Fields received_trailers{arena}, sent_trailers{arena};
  bool wants_trailers = true, with_trailers = false;
  bool over = false, head_done = false, message_done = false, answered = false;
  bool last = true, last_offered = false;
  std::uint64_t unconsumed = 0, received = 0;
  std::size_t left = 0, piece = 100'000, offered = 0;

 private:
  Role role_;
};

// The faithful peer.
class FaithfulPeer {
 public:
  explicit FaithfulPeer(Role role) : role_(role) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame*, int, void*) -> int { std::abort(); });
    nghttp2_session_callbacks_set_on_begin_headers_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) -> int {
          static_cast<FaithfulPeer*>(user)->ids.push_back(frame->hd.stream_id);
          return 0;
        });
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, 1);
    (role == Role::client ? nghttp2_session_client_new2 : nghttp2_session_server_new2)(&session_, callbacks, this,
                                                                                       option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
  }
  ~FaithfulPeer() { nghttp2_session_del(session_); }
  FaithfulPeer(const FaithfulPeer&) = delete;
  FaithfulPeer& operator=(const FaithfulPeer&) = delete;

  // Takes all that the Connection says, and has nothing to say against it.
  void hear(std::string_view octets) {
    const auto taken =
        nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
    expect(taken == static_cast<ssize_t>(octets.size()));
  }
  std::string say() {
    std::string all;
    const std::uint8_t* octets = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &octets)) > 0;)
      all.append(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(size));
    return all;
  }

  void step(unsigned what, unsigned argument) {
    const std::int32_t id = ids.empty() ? 0 : ids[argument % ids.size()];
    switch (what % 8) {
      case 0: message(id, argument, false); break;
      case 1: message(id, argument, true); break;
      case 2:
        if (nghttp2_session_get_stream_local_close(session_, id) < 0) break;  // not begun, or over
        nghttp2_submit_rst_stream(session_, 0, id, argument % 16);
        break;
      case 3: nghttp2_session_consume(session_, id, std::size_t{argument} * 300); break;
      case 4: {
        const nghttp2_settings_entry entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, argument * 1000};
        nghttp2_submit_settings(session_, 0, &entry, 1);
        break;
      }
      case 5: nghttp2_submit_ping(session_, 0, nullptr); break;
      case 6:
        nghttp2_submit_window_update(session_, 0, argument % 2 == 0 ? 0 : id, static_cast<int>(argument * 100));
        break;
      case 7:
        if (argument % 8 == 0) nghttp2_submit_shutdown_notice(session_);
        break;
    }
  }

  std::vector<std::int32_t> ids;  // of which something is known

 private:
  static nghttp2_nv line(std::string_view name, std::string_view value) {
    const auto octets = [](std::string_view text) {
      return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    return {octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
  }
  // Content of a size that its source holds, with trailers if it is odd.
  static ssize_t read(nghttp2_session* session, std::int32_t id, std::uint8_t* to, std::size_t most,
                      std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& left = source->fd;
    const auto octets = std::min(most, static_cast<std::size_t>(left));
    std::fill_n(to, octets, 'b');
    left -= static_cast<int>(octets);
    if (left > 0) return static_cast<ssize_t>(octets);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (octets % 2 == 1) {
      const nghttp2_nv trailer = line("x-checked", "yes");
      if (nghttp2_submit_trailer(session, id, &trailer, 1) == 0) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    }
    return static_cast<ssize_t>(octets);
  }
  void message(std::int32_t id, unsigned argument, bool with_content) {
    nghttp2_data_provider content{};
    content.source.fd = static_cast<int>(argument * 400);
    content.read_callback = &read;
    const nghttp2_data_provider* provider = with_content ? &content : nullptr;
    if (role_ == Role::client) {
      const std::array lines{line(":method", with_content ? "POST" : "GET"), line(":scheme", "https"),
                             line(":authority", "a.test"), line(":path", "/a?b"), line("user-agent", "a")};
      const std::int32_t made =
          nghttp2_submit_request(session_, nullptr, lines.data(), lines.size(), provider, nullptr);
      if (made > 0) ids.push_back(made);
      return;
    }
    const bool interim = argument % 8 == 7;
    const std::array lines{line(":status", interim ? "103" : "200"), line("server", "a")};
    if (id == 0) return;
    if (interim) {
      nghttp2_submit_headers(session_, 0, id, nullptr, lines.data(), lines.size(), nullptr);
    } else if (!nghttp2_session_get_stream_local_close(session_, id) &&
               std::ranges::find(answered_, id) == answered_.end()) {
      answered_.push_back(id);
      nghttp2_submit_response(session_, id, lines.data(), lines.size(), provider);
    }
  }

  Role role_;
  nghttp2_session* session_ = nullptr;
  std::vector<std::int32_t> answered_;
};

class Play final : public Connection::Owner {
 public:
  Play(Role role, std::string_view script) : role_(role), script_(script) {
    const unsigned kind = octet();
    faithful_ = (kind & 1) != 0;
    Options options{.role = role};
    options.most_streams = (kind & 2) != 0 ? 3 : 100;
    // A stream that was reset here counts for nghttp2 until the RST_STREAM goes, and it ends the connection over one
    // too many: the peer does not know of that.
    if (faithful_) options.most_streams = 10'000;
    if ((kind & 4) != 0) options.stream_window = 1000;
    if ((kind & 8) != 0) options.stream_window = options.connection_window = 1 << 20;
    if ((kind & 16) != 0) options.limits.head = 300;
    window_ = static_cast<std::uint64_t>(options.stream_window);
    connection_ = std::make_unique<Connection>(*this, options);
    if (faithful_) {
      peer_ = std::make_unique<FaithfulPeer>(role == Role::server ? Role::client : Role::server);
      peer_->step(4, 255);
    } else {
      std::ignore = produce(Connection::least_room);
      if (role == Role::server) receive(frames::preface);
      receive((kind & 32) != 0 ? frames::settings({{frames::initial_window_size, 10}, {frames::header_table_size, 0}})
                               : frames::settings());
      if ((kind & 64) == 0) receive(frames::settings_ack());
    }
  }

  void run() {
    while (!script_.empty()) {
      const unsigned what = octet();
      step(what & 15, what >> 4);
      check();
    }
    for (int i = 0; i < 50; ++i) {
      deliver(std::size_t{1} << 20);
      if (!produce(Connection::least_room)) break;
    }
    check();
    // What is left goes in this order: streams, connection.
  }

  Stream* stream_begins() override {
    if (refuses_) return nullptr;
    streams_.push_back(std::make_unique<FuzzStream>(role_));
    streams_.back()->wants_trailers = !unwanted_trailers_;
    return streams_.back().get();
  }

 private:
  unsigned octet() {
    const auto taken = take(1);
    return taken.empty() ? 0 : static_cast<unsigned char>(taken.front());
  }
  std::string_view take(std::size_t count) {
    const std::string_view taken = script_.substr(0, count);
    script_.remove_prefix(taken.size());
    return taken;
  }
  FuzzStream* chosen() {
    if (streams_.empty()) return nullptr;
    return streams_[octet() % streams_.size()].get();
  }

  void receive(std::string_view octets) {
    while (!octets.empty()) {
      const std::vector<char> copy(octets.begin(), octets.end());
      const bool failed = connection_->failed();
      const auto taken = connection_->receive({copy.data(), copy.size()}, now_);
      expect(taken.has_value() ? !failed && !connection_->failed() : connection_->failed());
      // A faithful peer can do too much; it does nothing wrong.
      if (!taken && faithful_) expect(taken.error().code == Code::http2_flood);
      if (!taken) return;
      expect(*taken != 0 && *taken <= octets.size());
      octets.remove_prefix(*taken);
    }
  }
  // Of the octets that the faithful peer has sent.
  void deliver(std::size_t octets) {
    if (!faithful_) return;
    wire_ += peer_->say();
    octets = std::min(octets, wire_.size());
    receive(wire_.substr(0, octets));
    wire_.erase(0, octets);
  }

  bool produce(std::size_t size) {
    const auto room = std::make_unique<char[]>(size);
    const auto produced = connection_->produce({room.get(), size});
    expect(produced.has_value() && *produced <= size);
    std::string_view octets(room.get(), *produced);
    if (faithful_) {
      peer_->hear(octets);
    } else {
      if (role_ == Role::client && !greeted_) octets.remove_prefix(frames::preface.size());
      greeted_ = true;
      const std::string text = decoder_.describe(octets);
      expect(!text.ends_with("broken") && !text.contains("bad HPACK"));
    }
    if (*produced == 0) expect(!connection_->failed() || connection_->finished());
    return *produced != 0;
  }

  void check() {
    for (const auto& stream : streams_) {
      expect(stream->over || !stream->broken() || stream->id() != 0);
      // What is more than the window comes in the frame that nghttp2 answers with RST_STREAM, if at all.
      expect(stream->unconsumed <= std::max<std::uint64_t>(window_, 65535) + 16384);
    }
    if (connection_->finished()) expect(!connection_->wants_to_send());
  }

  void answer(FuzzStream& stream, unsigned how) {
    if (stream.id() == 0) return;
    stream.left = how % 4 * 9000;
    stream.last = how != 9;
    if (how > 10 && stream.sent_trailers.empty()) {
      stream.with_trailers = true;
      stream.sent_trailers.add("a", trailer_);
    }
    if (stream.answered) return;
    const bool interim = how == 8;
    const bool ended = !interim && stream.left == 0 && stream.last && !stream.with_trailers;
    stream.answered = !interim;
    stream.last_offered = ended;
    http::ResponseHead head(stream.arena);
    head.status = interim ? 100 : 200;
    const auto made = connection_->respond(stream, head, ended);
    expect(made.has_value() || stream.broken());
  }

  void ask(unsigned how) {
    if (streams_.size() > 50) return;
    auto stream = std::make_unique<FuzzStream>(role_);
    stream->left = how % 4 * 9000;
    stream->last = how != 9;
    stream->wants_trailers = !unwanted_trailers_;
    if (how > 10) {
      stream->with_trailers = true;
      stream->sent_trailers.add("a", trailer_);
    }
    http::RequestHead head(stream->arena);
    head.method_text = how == 5 ? "HEAD" : "GET";
    head.method = http::method_of(head.method_text);
    const bool ended = stream->left == 0 && stream->last && !stream->with_trailers;
    stream->last_offered = ended;
    const auto made = connection_->request(*stream, head, "https", "a.test", "/", ended);
    expect(made.has_value() || made.error().code == Code::upstream_stream_refused);
    if (made) streams_.push_back(std::move(stream));
  }

  // Frames that are well formed, so that the fuzzer need not find them. Of a stream near the last one.
  std::string ready_frame(unsigned which) {
    using namespace frames;
    const Lines head =
        role_ == Role::client
            ? Lines{{":status", which == 1 ? "103" : "200"}}
            : Lines{
                  {":method", which == 1 ? "POST" : "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
    if (role_ == Role::server && which < 3) next_id_ += 2;
    const std::uint32_t back = octet();
    const std::uint32_t id = role_ == Role::server && which < 3 ? next_id_ : 1 + back % 8 * 2;
    switch (which) {
      case 0: return headers(id, head);
      case 1: return headers(id, head, end_headers);
      case 2: return headers(id, head, end_stream);
      case 3: return continuation(id, "");
      case 4: return data(id, std::string(back * 40, 'a'));
      case 5: return data(id, "a", end_stream);
      case 6: return padded_data(id, "a", static_cast<std::uint8_t>(back));
      case 7: return headers(id, {{"x", "y"}});
      case 8: return rst_stream(id, back % 14);
      case 9: return window_update(back % 2 == 0 ? 0 : id, back << 8);
      case 10: return settings({{initial_window_size, back << 4}});
      case 11: return settings({{header_table_size, back}, {max_concurrent_streams, back}});
      case 12: return ping();
      case 13: return priority_update(id, back % 2 == 0 ? "u=1, i" : "u=7");
      case 14: return goaway(back, back % 14);
      default: return headers(id, head + Lines{{"content-length", std::to_string(back)}}, end_headers);
    }
  }

  void step(unsigned what, unsigned how) {
    switch (what) {
      case 0:
        if (!faithful_) return receive(take(1 + how));
        return deliver(how * 7 + 1);
      case 1:
        if (!faithful_) return receive(take(octet()));
        return deliver(how * 1000 + 1);
      case 2: return faithful_ ? peer_->step(how, octet()) : receive(ready_frame(how));
      case 3: return faithful_ ? peer_->step(how, octet()) : receive(ready_frame(how));
      case 4:
        if (role_ == Role::client) return ask(how);
        if (FuzzStream* stream = chosen()) answer(*stream, how);
        return;
      case 5:
        if (FuzzStream* stream = chosen()) connection_->reset(*stream, ErrorCode{how});
        return;
      case 6:
        if (streams_.empty()) return;
        if (how % 2 == 0) connection_->release(*streams_[how % streams_.size()], ErrorCode::cancel);
        streams_.erase(streams_.begin() + static_cast<std::ptrdiff_t>(how % streams_.size()));
        return;
      case 7:
        if (FuzzStream* stream = chosen()) {
          const auto octets = std::min<std::uint64_t>(stream->unconsumed, how * 1000 + 1);
          connection_->consumed(*stream, octets);
          stream->unconsumed -= octets;
        }
        return;
      case 8:
        if (FuzzStream* stream = chosen()) {
          if (!stream->last_offered) stream->left = std::min<std::size_t>(stream->left + how * 100, 100'000);
          stream->last = how % 2 == 0;
          stream->piece = how % 3 == 0 ? 10 : 100'000;
          connection_->data_ready(*stream);
        }
        return;
      case 9:
        while (produce(Connection::least_room + how * how * 100) && how == 15) {
        }
        return;
      case 10: now_ += std::chrono::seconds(how); return;
      case 11:
        if (how == 1 && role_ == Role::server) connection_->announce_end();
        if (how == 2 && role_ == Role::server) connection_->refuse_more();
        if (how == 3) connection_->end(ErrorCode::no_error);
        if (how == 4) refuses_ = !refuses_;
        if (how == 5) unwanted_trailers_ = !unwanted_trailers_;
        if (how == 6) connection_->settle_resets();
        return;
      case 12:
        if (FuzzStream* stream = chosen()) {
          connection_->prioritize(*stream, {.urgency = static_cast<std::uint8_t>(how % 8), .incremental = how > 7});
        }
        return;
      case 13:  // those that are over go
        std::erase_if(streams_, [](const auto& stream) { return stream->over; });
        return;
      case 14:
        for (unsigned i = 0; i < how; ++i) faithful_ ? deliver(1) : receive(take(1));
        return;
      default: std::ignore = connection_->queued() + (connection_->has_room_for_stream() ? 1 : 0); return;
    }
  }

  Role role_;
  std::string_view script_;
  bool faithful_ = false, refuses_ = false, unwanted_trailers_ = false, greeted_ = false;
  std::uint64_t window_ = 0;
  std::uint32_t next_id_ = static_cast<std::uint32_t>(-1);
  std::string wire_;
  std::string trailer_ = std::string(3000, 't');
  Connection::TimePoint now_{std::chrono::hours(1)};
  frames::Decoder decoder_;
  std::unique_ptr<FaithfulPeer> peer_;
  std::unique_ptr<Connection> connection_;
  std::vector<std::unique_ptr<FuzzStream>> streams_;
};

}  // namespace sp::fuzz
