// For the tests of this folder: a Connection whose streams write down what they are told, and say what they are given.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/h2/connection.h"
#include "codec/h2/frames_for_tests.h"

namespace sp::codec::h2 {

inline std::string text_of(ErrorCode error) { return nghttp2_http2_strerror(static_cast<std::uint32_t>(error)); }

// What happened, one thing after the other: "1 head GET / end; 1 content abc; 1 ended; 1 closed NO_ERROR".
class Log {
 public:
  void add(const std::string& text) {
    if (!text_.empty()) text_ += "; ";
    text_ += text;
    content_of_ = 0;
  }
  // Content in several pieces is written down as if it had come in one.
  void content(std::int32_t id, std::string_view octets) {
    if (content_of_ != id) add(std::to_string(id) + " content ");
    content_of_ = id;
    text_ += octets.size() <= 40 ? std::string(octets) : "(" + std::to_string(octets.size()) + ")";
  }
  std::string take() {
    content_of_ = 0;
    return std::exchange(text_, {});
  }

 private:
  std::string text_;
  std::int32_t content_of_ = 0;
};

class LoggedStream final : public Stream {
 public:
  explicit LoggedStream(Log& log) : log_(log) {}

  http::RequestHead* request_head() override { return &request; }
  http::ResponseHead* response_head() override { return &response; }
  http::Fields* trailers() override { return wants_trailers ? &received_trailers : nullptr; }
  void head_read(const Result<void>& fault, bool end) override {
    number = id();
    std::string text = fault ? head_text() : "fault " + std::string(name(fault.error().code));
    say("head " + text + (end ? " end" : ""));
  }
  void content(ByteView octets) override {
    EXPECT_FALSE(over);
    received += octets.size();
    log_.content(number, octets);
  }
  void ended() override {
    std::string text = "ended";
    for (const http::Field& field : received_trailers) {
      text += " | " + std::string(field.name) + ": " + std::string(field.value);
    }
    say(text);
  }
  void closed(ErrorCode error, bool by_peer) override {
    say("closed " + text_of(error) + (by_peer ? " by peer" : ""));
    over = true;
    EXPECT_EQ(id(), 0);
  }
  Offer offer(std::size_t most) override {
    EXPECT_FALSE(over);
    if (at_offer) at_offer();
    Offer one{.octets = std::min({most, to_send.size(), piece})};
    one.last = last && one.octets == to_send.size();
    if (one.last && !sent_trailers.empty()) one.trailers = &sent_trailers;
    return one;
  }
  void take(char* to, std::size_t octets) override {
    EXPECT_FALSE(over);
    ASSERT_LE(octets, to_send.size());
    std::copy_n(to_send.data(), octets, to);
    to_send.erase(0, octets);
  }

  Arena arena;
  http::RequestHead request{arena};
  http::ResponseHead response{arena};
  http::Fields received_trailers{arena}, sent_trailers{arena};
  std::int32_t number = 0;
  std::uint64_t received = 0;
  bool wants_trailers = true, over = false;
  std::string to_send;
  bool last = true;
  std::size_t piece = 1 << 20;
  std::function<void()> at_offer;

 private:
  void say(const std::string& text) {
    EXPECT_FALSE(over) << text;
    if (number == 0) number = id();
    log_.add(std::to_string(number) + " " + text);
  }
  std::string head_text() const {
    if (request.method_text.empty()) return std::to_string(response.status);
    return std::string(request.method_text) + " " + std::string(request.path);
  }
  Log& log_;
};

// One side that is tested. Its preface and SETTINGS have been exchanged.
class Tested : public Connection::Owner {
 public:
  using TimePoint = Connection::TimePoint;
  explicit Tested(const Options& options = {}, const std::string& first_settings = frames::settings())
      : role_(options.role), connection(*this, options) {
    std::string octets = produced();
    if (role_ == Role::client) {
      EXPECT_TRUE(octets.starts_with(frames::preface));
      octets.erase(0, frames::preface.size());
    }
    greeting = decoder.describe(octets);
    receive((role_ == Role::server ? std::string(frames::preface) : "") + first_settings + frames::settings_ack());
    EXPECT_EQ(log.take(), "");
    EXPECT_EQ(sent(), "SETTINGS ack");
  }

  Stream* stream_begins() override {
    if (refuses) return nullptr;
    streams.push_back(std::make_unique<LoggedStream>(log));
    return streams.back().get();
  }
  void going_away(std::int32_t last) override { log.add("going away " + std::to_string(last)); }

  // What comes of these octets.
  std::string receive(std::string_view octets, std::size_t piece = std::size_t{1} << 30) {
    while (!octets.empty()) {
      const auto part = octets.substr(0, piece);
      // In memory of its own, so that a look behind it is seen.
      const std::vector<char> copy(part.begin(), part.end());
      auto taken = connection.receive({copy.data(), copy.size()}, now);
      if (!taken) {
        log.add("error " + std::string(name(taken.error().code)));
        EXPECT_TRUE(connection.failed());
        break;
      }
      EXPECT_NE(*taken, 0U);
      octets.remove_prefix(*taken);
    }
    return log.take();
  }

  // All that is to be sent.
  std::string produced(std::size_t room = Connection::least_room) {
    std::string octets;
    const auto space = std::make_unique<char[]>(room);  // of just this size: a sanitizer sees what is behind it
    for (;;) {
      auto size = connection.produce({space.get(), room});
      if (!size) log.add("produce: error " + std::string(name(size.error().code)));
      if (!size || *size == 0) return octets;
      EXPECT_LE(*size, room);
      octets.append(space.get(), *size);
    }
  }
  // The same as text.
  std::string sent(std::size_t room = Connection::least_room) { return decoder.describe(produced(room)); }

  LoggedStream& stream(std::size_t i = 0) { return *streams.at(i); }
  // Server: a response with this content.
  void respond(std::size_t i, const std::string& content = "", std::uint16_t status = 200) {
    LoggedStream& one = stream(i);
    one.response.status = status;
    one.to_send = content;
    EXPECT_TRUE(connection.respond(one, one.response, content.empty() && one.last && one.sent_trailers.empty()));
  }
  // Client: a request with this content.
  LoggedStream& request(const std::string& method = "GET", const std::string& content = "", bool last = true) {
    streams.push_back(std::make_unique<LoggedStream>(log));
    LoggedStream& one = *streams.back();
    one.to_send = content;
    one.last = last;
    Arena arena;
    http::RequestHead head(arena);
    head.method_text = method;
    head.method = http::method_of(method);
    auto made = connection.request(one, head, "https", "a", "/", content.empty() && last);
    one.number = one.id();
    if (!made) log.add("error " + std::string(name(made.error().code)));
    return one;
  }

  bool refuses = false;
  Log log;
  TimePoint now{std::chrono::hours(1)};
  frames::Decoder decoder;
  std::string greeting;

 private:
  Role role_;

 public:
  Connection connection;
  std::vector<std::unique_ptr<LoggedStream>> streams;
};

class Server : public Tested {
 public:
  explicit Server(Options options = {}, const std::string& first = frames::settings()) : Tested(options, first) {}
};
class Client : public Tested {
 public:
  explicit Client(Options options = {}, const std::string& first = frames::settings())
      : Tested((options.role = Role::client, options), first) {}
};

inline const frames::Lines get{{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
inline const frames::Lines post{{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
inline const frames::Lines ok{{":status", "200"}};

}  // namespace sp::codec::h2
