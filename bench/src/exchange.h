// One slot of the load generator: a connection, and the request that is on it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "transport.h"

namespace bench {

enum class Progress : std::uint8_t { waiting, finished, failed };

class Exchange {
 public:
  Transport transport;
  std::uint64_t due_ns = 0;  // when it was to begin
  bool measured = false;

  // `opening`: on a connection that is not open yet, what asks for a tunnel to send the request through; or empty.
  // `until_close`: over only when the server has closed the connection, as it was asked to.
  void begin(std::string_view opening, std::string_view request, bool until_close) {
    opening_ = transport.is_open() ? std::string_view() : opening;
    tunnel_asked_for_ = !opening_.empty();
    request_ = request;
    until_close_ = until_close;
    state_ = State::handshake;
    head_.clear();
  }
  bool busy() const { return state_ != State::free; }
  std::uint64_t content_octets() const { return content_; }

  // Goes on as far as the socket lets it. After `failed` the transport is of no use.
  Progress advance(std::span<char> room) {
    for (;;) {
      Progress progress = Progress::waiting;
      switch (state_) {
        case State::free: return Progress::waiting;
        case State::handshake: {
          const Outcome outcome = transport.handshake();
          if (outcome != Outcome::done) return outcome == Outcome::again ? Progress::waiting : fail();
          state_ = State::send;
          continue;
        }
        case State::send: {
          std::string_view& text = tunnel_asked_for_ ? opening_ : request_;
          const Moved moved = transport.write(text);
          if (moved.outcome != Outcome::done) return moved.outcome == Outcome::again ? Progress::waiting : fail();
          text.remove_prefix(moved.octets);
          if (text.empty()) state_ = State::head;
          continue;
        }
        default: break;
      }
      const Moved moved = transport.read(room);
      if (moved.outcome == Outcome::again) return Progress::waiting;
      if (state_ == State::closing && moved.outcome != Outcome::done) return finish();
      if (moved.outcome != Outcome::done) return fail();
      progress = take(std::string_view(room.data(), moved.octets));
      if (progress != Progress::waiting) return progress;
    }
  }

 private:
  enum class State : std::uint8_t { free, handshake, send, head, content, closing };

  Progress take(std::string_view octets) {
    if (state_ == State::closing) return fail();
    if (state_ == State::head) {
      const std::size_t before = head_.size();
      head_.append(octets);
      const std::size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
      if (end == std::string::npos) return head_.size() > 65536 ? fail() : Progress::waiting;
      octets.remove_prefix(end + 4 - before);
      head_.resize(end + 2);
      if (tunnel_asked_for_) return octets.empty() ? enter_tunnel() : fail();
      if (head_.starts_with("HTTP/1.1 101")) return octets.empty() ? finish() : fail();
      if (!head_.starts_with("HTTP/1.1 200") || !content_length()) return fail();
      left_ = content_;
      state_ = State::content;
    }
    if (octets.size() > left_) return fail();
    left_ -= octets.size();
    if (left_ > 0) return Progress::waiting;
    if (!until_close_) return finish();
    state_ = State::closing;
    return Progress::waiting;
  }
  Progress enter_tunnel() {
    if (!head_.starts_with("HTTP/1.1 200") && !head_.starts_with("HTTP/1.0 200")) return fail();
    tunnel_asked_for_ = false;
    head_.clear();
    state_ = State::send;
    return Progress::waiting;
  }
  bool content_length() {
    static constexpr std::string_view name = "\r\ncontent-length: ";
    for (std::size_t at = head_.find("\r\n"); at != std::string::npos; at = head_.find("\r\n", at + 2)) {
      if (strncasecmp(head_.c_str() + at, name.data(), name.size()) != 0) continue;
      content_ = std::strtoull(head_.c_str() + at + name.size(), nullptr, 10);
      return true;
    }
    return false;
  }
  Progress finish() {
    state_ = State::free;
    return Progress::finished;
  }
  Progress fail() {
    state_ = State::free;
    return Progress::failed;
  }

  State state_ = State::free;
  bool until_close_ = false;
  bool tunnel_asked_for_ = false;  // and not answered yet
  std::string_view opening_, request_;
  std::string head_;
  std::uint64_t content_ = 0, left_ = 0;
};

}  // namespace bench
