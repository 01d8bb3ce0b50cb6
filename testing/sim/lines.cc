#include "testing/sim/lines.h"

#include <array>
#include <cstdlib>

namespace sp::testing {

using runtime::Task;
using runtime::TimePoint;

Task<bool> send_octets(runtime::Stream& stream, std::string octets, TimePoint until) {
  for (std::size_t sent = 0; sent < octets.size();) {
    std::array<iovec, 1> piece{iovec{octets.data() + sent, octets.size() - sent}};
    auto wrote = co_await stream.write(piece, until);
    if (!wrote) co_return false;
    sent += *wrote;
  }
  co_return true;
}

Task<bool> SimReader::more(TimePoint until) {
  std::array<char, 4096> buffer;
  auto got = co_await stream_.read(buffer, until);
  if (!got || *got == 0) co_return false;
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
    bool there = co_await have(size + 2, until);
    message.content += octets_.substr(0, std::min(size, octets_.size()));
    if (!there) co_return false;
    octets_.erase(0, size + 2);
    if (size == 0) co_return true;
  }
}

Task<std::optional<SimMessage>> SimReader::next(bool response, TimePoint until) {
  SimMessage message;
  auto first = co_await line(until);
  if (!first) co_return std::nullopt;
  message.line = *first;
  std::size_t length = 0;
  bool chunked = false;
  for (;;) {
    auto field = co_await line(until);
    if (!field) co_return std::nullopt;
    if (field->empty()) break;
    if (field->starts_with("Content-Length: ")) length = std::strtoul(field->c_str() + 16, nullptr, 10);
    if (*field == "Transfer-Encoding: chunked") chunked = true;
    if (*field == "Connection: close") message.close = true;
  }
  if (response && message.line.starts_with("HTTP/1.1 1")) {
    auto final = co_await next(true, until);
    co_return final;
  }
  if (chunked) {
    message.whole = co_await chunks(message, until);
    co_return message;
  }
  message.whole = co_await have(length, until);
  message.content = octets_.substr(0, length);
  octets_.erase(0, message.content.size());
  co_return message;
}

}  // namespace sp::testing
