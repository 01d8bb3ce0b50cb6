#include "testing/sim/lines.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <tuple>

#include "runtime/wait.h"

namespace sp::testing {

using runtime::Task;
using runtime::TimePoint;

unsigned SimMessage::status() const {
  return line.starts_with("HTTP/1.1 ") ? static_cast<unsigned>(std::strtoul(line.c_str() + 9, nullptr, 10)) : 0;
}

std::uint32_t SimMessage::number() const {
  const std::size_t slash = line.find('/');
  if (slash == std::string::npos) return 0;
  return static_cast<std::uint32_t>(std::strtoul(line.c_str() + slash + 1, nullptr, 10));
}

Task<bool> send_octets(runtime::Stream& stream, std::string octets, TimePoint until) {
  for (std::size_t sent = 0; sent < octets.size();) {
    std::array<iovec, 1> piece{iovec{octets.data() + sent, octets.size() - sent}};
    auto wrote = co_await stream.write(piece, until);
    if (!wrote) co_return false;
    sent += *wrote;
  }
  co_return true;
}

Task<bool> send_slowly(runtime::Stream& stream, std::string octets, Dice& dice, TimePoint until) {
  while (!octets.empty()) {
    const std::size_t size = std::min(octets.size(), 1 + dice.below(3000));
    bool sent = co_await send_octets(stream, octets.substr(0, size), until);
    if (!sent) co_return false;
    octets.erase(0, size);
    if (dice.one_in(3)) std::ignore = co_await runtime::sleep_for(runtime::Duration(dice.below(500)));
  }
  co_return true;
}

Task<bool> SimReader::more(TimePoint until) {
  std::array<char, 4096> buffer;
  auto got = co_await stream_.read(buffer, until);
  ended_ = got.has_value() && *got == 0;
  if (!got || ended_) co_return false;
  octets_.append(buffer.data(), *got);
  co_return true;
}

Task<bool> SimReader::have(std::size_t octets, TimePoint until) {
  while (octets_.size() < octets) {
    bool came = co_await more(until);
    if (!came) co_return false;
  }
  co_return true;
}

Task<bool> SimReader::rest(std::string& into, TimePoint until) {
  for (bool going = true; going;) going = co_await more(until);
  into = std::move(octets_);
  octets_.clear();
  co_return ended_;
}

Task<std::optional<std::string>> SimReader::line(TimePoint until) {
  for (;;) {
    const std::size_t end = octets_.find("\r\n");
    if (end != std::string::npos) {
      std::string text = octets_.substr(0, end);
      octets_.erase(0, end + 2);
      co_return text;
    }
    bool came = co_await more(until);
    if (!came) co_return std::nullopt;
  }
}

Task<bool> SimReader::chunks(SimMessage& message, TimePoint until) {
  for (;;) {
    auto head = co_await line(until);
    if (!head) co_return false;
    const std::size_t size = std::strtoul(head->c_str(), nullptr, 16);
    if (size == 0) break;
    bool there = co_await have(size + 2, until);
    message.content += octets_.substr(0, std::min(size, octets_.size()));
    if (!there) co_return false;
    octets_.erase(0, size + 2);
  }
  for (;;) {
    auto trailer = co_await line(until);
    if (!trailer) co_return false;
    if (trailer->empty()) co_return true;
  }
}

// Taken off only when all of it is there: what has come of a head that never ended can be looked at.
Task<std::optional<SimMessage>> SimReader::head(TimePoint until) {
  std::size_t end = 0;
  while ((end = octets_.find("\r\n\r\n")) == std::string::npos) {
    bool came = co_await more(until);
    if (!came) co_return std::nullopt;
  }
  SimMessage message;
  std::string text = octets_.substr(0, end + 2);
  octets_.erase(0, end + 4);
  message.line = text.substr(0, text.find("\r\n"));
  const auto has = [&](std::string_view field) { return text.find(field) != std::string::npos; };
  const std::size_t length = text.find("\r\nContent-Length: ");
  if (length != std::string::npos) message.length = std::strtoul(text.c_str() + length + 18, nullptr, 10);
  const std::size_t key = text.find("\r\nSec-WebSocket-Key: ");
  if (key != std::string::npos) message.key = text.substr(key + 21, text.find("\r\n", key + 2) - key - 21);
  message.chunked = has("\r\nTransfer-Encoding: chunked\r\n");
  message.close = has("\r\nConnection: close\r\n");
  message.upgrade = has("\r\nUpgrade: ");
  message.expects_100 = has("\r\nExpect: 100-continue\r\n");
  co_return message;
}

Task<void> SimReader::content(SimMessage& message, TimePoint until) {
  if (message.chunked) {
    message.whole = co_await chunks(message, until);
    co_return;
  }
  message.whole = co_await have(message.length, until);
  message.content = octets_.substr(0, message.length);
  octets_.erase(0, message.content.size());
}

Task<std::optional<SimMessage>> SimReader::response(TimePoint until) {
  std::optional<SimMessage> message;
  do {
    message = co_await head(until);
  } while (message && message->status() / 100 == 1);
  if (message) co_await content(*message, until);
  co_return message;
}

}  // namespace sp::testing
