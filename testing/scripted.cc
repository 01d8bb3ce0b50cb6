#include "testing/scripted.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace sp::testing {

using runtime::IoResult;
using runtime::IoStatus;

namespace {

// A stream with a seed says would_block now and then though it need not.
constexpr int tries = 64;

// Where two texts part, as a person would look for it: the octets before that, and what follows in each.
std::string difference(std::string_view expected, std::string_view got) {
  const auto parted = std::ranges::mismatch(expected, got);
  const auto at = static_cast<std::size_t>(parted.in1 - expected.begin());
  constexpr std::size_t around = 60;
  const std::size_t from = at < around ? 0 : at - around;
  return "they differ at octet " + std::to_string(at) + ", after \"" + escaped(expected.substr(from, at - from)) +
         "\"\nexpected here: \"" + escaped(expected.substr(at, around)) + "\"\ngot here:      \"" +
         escaped(got.substr(at, around)) + "\"\n";
}

}  // namespace

std::string escaped(std::string_view octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const auto c = static_cast<unsigned char>(octets[i]);
    switch (c) {
      case '\r': text += "\\r"; break;
      case '\n': text += i + 1 < octets.size() ? "\\n\n" : "\\n"; break;
      case '\t': text += "\\t"; break;
      case '\\': text += "\\\\"; break;
      case '"': text += "\\\""; break;
      default:
        if (c >= ' ' && c < 0x7f) {
          text += static_cast<char>(c);
        } else {
          text += {'\\', 'x', digits[c >> 4], digits[c & 15]};
        }
    }
  }
  return text;
}

void Scripted::failure(std::string_view what, const Here& here) const {
  ADD_FAILURE_AT(here.file_name(), static_cast<int>(here.line())) << what;
}

bool Scripted::usable(const Here& here) const {
  if (stream_) return true;
  failure("there is no connection", here);
  return false;
}

void Scripted::receive() {
  std::array<char, 16384> buffer;
  int left = tries;
  loop_->settle();
  while (stream_ && state_ == State::open && left > 0) {
    const IoResult read = stream_->try_read(buffer);
    if (read.status == IoStatus::done) {
      received_.append(buffer.data(), read.bytes);
      left = tries;
    }
    if (read.status == IoStatus::would_block) --left;
    if (read.status == IoStatus::end) state_ = State::ended;
    if (read.status == IoStatus::failed) state_ = State::broken;
    loop_->settle();
  }
}

std::size_t Scripted::send_some(std::string_view octets, Here here) {
  if (!usable(here)) return 0;
  std::size_t sent = 0;
  for (int left = tries; sent < octets.size() && left > 0;) {
    const iovec piece{const_cast<char*>(octets.data()) + sent, octets.size() - sent};
    const IoResult wrote = stream_->try_write({&piece, 1});
    if (wrote.status == IoStatus::failed) break;
    left = wrote.status == IoStatus::done ? tries : left - 1;
    sent += wrote.bytes;
    loop_->settle();
  }
  return sent;
}

void Scripted::send(std::string_view octets, Here here) {
  const std::size_t sent = send_some(octets, here);
  if (sent == octets.size() || !stream_) return;
  failure("the other side took only " + std::to_string(sent) + " of " + std::to_string(octets.size()) + " octets",
          here);
}

void Scripted::finish(Here here) {
  if (!usable(here)) return;
  IoResult finished = stream_->try_finish();
  for (int left = tries; finished.status == IoStatus::would_block && left > 0; --left) {
    loop_->settle();
    finished = stream_->try_finish();
  }
  if (finished.status == IoStatus::would_block) failure("the end of sending would block", here);
  loop_->settle();
}

void Scripted::close() {
  stream_.reset();
  loop_->settle();
}

void Scripted::reset() {
  if (stream_) stream_->reset_on_close();
  close();
}

void Scripted::expect(std::string_view octets, Here here) {
  if (!usable(here)) return;
  receive();
  const std::string got = received_.substr(0, octets.size());
  received_.erase(0, got.size());
  if (got == octets) return;
  const std::string_view why = state_ == State::ended    ? "then the other side ended the connection\n"
                               : state_ == State::broken ? "then the connection broke\n"
                                                         : "";
  failure("expected:\n" + escaped(octets) + "\ngot:\n" + escaped(got) + "\n" + difference(octets, got) +
              std::string(got.size() < octets.size() ? why : ""),
          here);
}

void Scripted::expect_nothing(Here here) {
  if (!usable(here)) return;
  receive();
  if (!received_.empty()) failure("expected nothing, got:\n" + escaped(received_), here);
  if (state_ == State::ended) failure("expected nothing, but the other side ended the connection", here);
  if (state_ == State::broken) failure("expected nothing, but the connection broke", here);
}

void Scripted::expect_end(Here here) {
  if (!usable(here)) return;
  receive();
  if (!received_.empty()) failure("expected the end, got:\n" + escaped(received_), here);
  if (state_ == State::open) failure("the other side has not ended the connection", here);
  if (state_ == State::broken) failure("the connection broke instead of ending", here);
}

void Scripted::expect_reset(Here here) {
  if (!usable(here)) return;
  receive();
  received_.clear();
  if (state_ == State::open) failure("the connection is still open instead of broken", here);
  if (state_ == State::ended) failure("the connection ended cleanly instead of breaking", here);
}

std::string Scripted::take(std::size_t count, Here here) {
  if (!usable(here)) return {};
  receive();
  if (received_.size() < count) {
    failure("expected " + std::to_string(count) + " octets, got only " + std::to_string(received_.size()), here);
  }
  std::string taken = received_.substr(0, count);
  received_.erase(0, taken.size());
  return taken;
}

std::string Scripted::take_until(std::string_view mark, Here here) {
  if (!usable(here)) return {};
  receive();
  const std::size_t at = received_.find(mark);
  if (at == std::string::npos) {
    failure("expected \"" + escaped(mark) + "\" sooner or later, got:\n" + escaped(received_), here);
    return {};
  }
  return take(at + mark.size(), here);
}

std::string Scripted::take_all() {
  receive();
  return std::exchange(received_, {});
}

ScriptedServer::ScriptedServer(FakeLoop& loop, FakeNetwork& network, const Endpoint& at)
    : loop_(loop), listener_(network.listen(at, [this](runtime::Accepted accepted) {
        ++accepted_;
        queue_.push_back(std::move(accepted));
      })) {}

std::size_t ScriptedServer::waiting() {
  loop_.settle();
  return queue_.size();
}

Scripted ScriptedServer::accept(Scripted::Here here) {
  if (waiting() == 0) {
    ADD_FAILURE_AT(here.file_name(), static_cast<int>(here.line())) << "nobody has connected";
    return {loop_, nullptr};
  }
  Scripted connection(loop_, std::move(queue_.front().stream));
  queue_.pop_front();
  return connection;
}

}  // namespace sp::testing
