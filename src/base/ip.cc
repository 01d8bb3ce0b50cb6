#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <span>

namespace sp {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN + 1];
  if (text.empty() || text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  IpAddress result;
  if (inet_pton(AF_INET, buffer, result.bytes.data()) == 1) return result;
  if (inet_pton(AF_INET6, buffer, result.bytes.data()) != 1) return std::nullopt;
  static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), result.bytes.begin())) {
    std::copy(result.bytes.begin() + 12, result.bytes.end(), result.bytes.begin());
    std::fill(result.bytes.begin() + 4, result.bytes.end(), std::uint8_t{0});
    return result;
  }
  result.v4 = false;
  return result;
}

namespace {

// For each connection there is one of these: inet_ntop() has printf do it.
std::string dotted(std::span<const std::uint8_t, 4> bytes) {
  std::array<char, 16> text;
  char* at = text.data();
  for (const std::uint8_t byte : bytes) {
    at = std::to_chars(at, text.data() + text.size(), byte).ptr;
    *at++ = '.';
  }
  return {text.data(), at - 1};
}

}  // namespace

bool IpAddress::is_loopback() const {
  if (v4) return bytes[0] == 127;
  IpAddress loopback = any6();
  loopback.bytes.back() = 1;
  return *this == loopback;
}

std::string IpAddress::text() const {
  if (v4) return dotted(std::span(bytes).first<4>());
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, bytes.data(), buffer, sizeof buffer);
  return buffer;
}

std::string Endpoint::text() const {
  if (is_unix()) return "unix:" + unix_path;
  std::string host = address.v4 ? address.text() : "[" + address.text() + "]";
  return host + ":" + std::to_string(port);
}

}  // namespace sp
