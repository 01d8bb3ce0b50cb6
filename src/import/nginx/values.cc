#include "import/nginx/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "import/apache/values.h"

namespace sp::import::nginx {
namespace {

using std::chrono::milliseconds;
constexpr std::uint64_t longest_ms = 365ULL * 24 * 3600 * 1000;

std::optional<std::uint64_t> unit_of(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit.empty() || unit == "s") return 1000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  if (unit == "d") return 86'400'000;
  if (unit == "w") return 7 * 86'400'000ULL;
  return std::nullopt;
}

}  // namespace

std::optional<milliseconds> parse_time(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = apache::parse_number(text.substr(0, digits));
    text.remove_prefix(digits);
    const size_t letters = std::min(text.find_first_of("0123456789 "), text.size());
    const auto unit = unit_of(text.substr(0, letters));
    text.remove_prefix(letters);
    while (text.starts_with(' ')) text.remove_prefix(1);
    if (!number || !unit) return std::nullopt;
    total = std::min(longest_ms, total + std::min<std::uint64_t>(*number, 1'000'000'000) * *unit);
  }
  return milliseconds(total);
}

std::string time_text(milliseconds time) {
  if (time.count() % 1000 != 0) return fmt::format("{}ms", time.count());
  return apache::duration_text(static_cast<int>(std::max<std::int64_t>(1, time.count() / 1000)));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t unit = 1;
  if (!text.empty()) {
    switch (std::tolower(static_cast<unsigned char>(text.back()))) {
      case 'k': unit = 1 << 10; break;
      case 'm': unit = 1 << 20; break;
      case 'g': unit = 1 << 30; break;
      default: break;
    }
  }
  if (unit > 1) text.remove_suffix(1);
  const auto number = apache::parse_number(text);
  if (!number || *number > (std::uint64_t{1} << 50) / unit) return std::nullopt;
  return *number * unit;
}

std::optional<Server> parse_server(std::string_view text) {
  if (text.starts_with("unix:")) {
    Server server{.unix_path = std::string(text.substr(5))};
    return server.unix_path.starts_with('/') ? std::optional(server) : std::nullopt;
  }
  Server server;
  const size_t bracket = text.rfind(']');
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const auto port = apache::parse_number(text.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return std::nullopt;
    server.port = static_cast<std::uint16_t>(*port);
    text = text.substr(0, colon);
  }
  if (text.empty() || text.find_first_of("$/ ") != std::string_view::npos) return std::nullopt;
  server.host = std::string(text);
  return server;
}

std::string server_url(const Server& server, std::string_view scheme, std::uint16_t port) {
  if (!server.unix_path.empty()) return fmt::format("{}+unix://{}", scheme, server.unix_path);
  const std::uint16_t written = server.port != 0 ? server.port : port;
  const bool usual = written == 0 || (scheme == "http" && written == 80) || (scheme == "https" && written == 443);
  return usual ? fmt::format("{}://{}", scheme, server.host) : fmt::format("{}://{}:{}", scheme, server.host, written);
}

std::optional<std::string> parameter(std::string_view word, std::string_view name) {
  if (!word.starts_with(name) || word.size() <= name.size() || word[name.size()] != '=') return std::nullopt;
  return std::string(word.substr(name.size() + 1));
}

std::string simple_name(std::string_view text) {
  constexpr size_t longest = 48;  // there is room for a number behind it
  std::string name;
  for (const char c : text.substr(0, longest)) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
    if (name.empty() && !plain) continue;
    name += plain ? c : '-';
  }
  while (!name.empty() && std::isalnum(static_cast<unsigned char>(name.front())) == 0) name.erase(0, 1);
  return name.empty() ? "servers" : name;
}

std::string without_slash(std::string_view path) { return apache::without_trailing_slash(path); }

}  // namespace sp::import::nginx
