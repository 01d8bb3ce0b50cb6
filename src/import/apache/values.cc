#include "import/apache/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "base/ip.h"
#include "import/apache/tree.h"

namespace sp::import::apache {

bool is_on(std::string_view text) { return same_word(text, "on"); }

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> parse_seconds(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number(text.substr(0, digits));
  if (!number || *number > 100'000'000) return std::nullopt;
  const auto value = static_cast<int>(*number);
  const std::string unit = lower(text.substr(digits));
  if (unit.empty() || unit == "s") return value;
  if (unit == "ms") return (value + 999) / 1000;
  if (unit == "mi" || unit == "min") return std::min(value, 1'000'000) * 60;
  if (unit == "h") return std::min(value, 10'000) * 3600;
  return std::nullopt;
}

std::string duration_text(int seconds) {
  if (seconds > 0 && seconds % 3600 == 0) return fmt::format("{}h", seconds / 3600);
  if (seconds >= 120 && seconds % 60 == 0) return fmt::format("{}m", seconds / 60);
  return fmt::format("{}s", seconds);
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::array units{"GiB", "MiB", "KiB"};
  for (size_t i = 0; i < units.size(); ++i) {
    const std::uint64_t unit = std::uint64_t{1} << (30 - 10 * i);
    if (bytes >= unit && bytes % unit == 0) return fmt::format("{}{}", bytes / unit, units[i]);
  }
  return fmt::format("{}B", bytes);
}

namespace {

// "10.1" means 10.1.0.0/16.
std::optional<std::string> partial_address(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  const auto parts = 1 + std::ranges::count(text, '.');
  if (parts > 3 || text.empty()) return std::nullopt;
  std::string whole(text);
  for (auto i = parts; i < 4; ++i) whole += ".0";
  if (!IpAddress::parse(whole)) return std::nullopt;
  return fmt::format("{}/{}", whole, parts * 8);
}

std::optional<int> mask_bits(std::string_view mask, bool v4) {
  if (const auto bits = parse_number(mask))
    return *bits <= (v4 ? 32U : 128U) ? std::optional<int>(static_cast<int>(*bits)) : std::nullopt;
  const auto address = IpAddress::parse(mask);
  if (!address || !address->v4) return std::nullopt;
  std::uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | address->bytes[i];
  const int bits = std::countl_one(value);
  const bool contiguous = bits == 32 || value << bits == 0;
  return contiguous ? std::optional<int>(bits) : std::nullopt;
}

// Apache lets host bits be; Sallyport asks what was meant.
void clear_host_bits(IpAddress& address, int bits) {
  for (int i = 0; i < (address.v4 ? 4 : 16); ++i) {
    const int kept = std::clamp(bits - i * 8, 0, 8);
    address.bytes[static_cast<size_t>(i)] &= static_cast<std::uint8_t>(0xff00 >> kept);
  }
}

}  // namespace

std::optional<std::string> address_pattern(std::string_view text) {
  const size_t slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return slash == std::string_view::npos ? partial_address(text) : std::nullopt;
  if (slash == std::string_view::npos) return address->text();
  const auto bits = mask_bits(text.substr(slash + 1), address->v4);
  if (!bits) return std::nullopt;
  clear_host_bits(*address, *bits);
  return fmt::format("{}/{}", address->text(), *bits);
}

std::optional<UrlParts> parse_url(std::string_view url) {
  UrlParts parts;
  if (lower(url.substr(0, 5)) == "unix:") {
    const size_t bar = url.find('|');
    if (bar == std::string_view::npos) return std::nullopt;
    parts.unix_path = std::string(url.substr(5, bar - 5));
    url.remove_prefix(bar + 1);
  }
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  parts.scheme = lower(url.substr(0, scheme_end));
  url.remove_prefix(scheme_end + 3);
  const size_t path = std::min(url.find_first_of("/?"), url.size());
  parts.authority = std::string(url.substr(0, path));
  parts.path = std::string(url.substr(path));
  if (parts.authority.empty() && parts.unix_path.empty()) return std::nullopt;
  return parts;
}

std::string without_trailing_slash(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

bool covers(std::string_view prefix, std::string_view path) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/' || prefix.empty());
}

}  // namespace sp::import::apache
