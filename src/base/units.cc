#include "base/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace sp {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// From large to small, so that printing finds the largest first.
constexpr std::array duration_units{
    Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000}, Unit{"ms", 1},
};
constexpr std::uint64_t kib = 1024, kb = 1000;
constexpr std::array size_units{
    Unit{"TiB", kib* kib* kib* kib},
    Unit{"GiB", kib* kib* kib},
    Unit{"MiB", kib* kib},
    Unit{"KiB", kib},
    Unit{"TB", kb* kb* kb* kb},
    Unit{"GB", kb* kb* kb},
    Unit{"MB", kb* kb},
    Unit{"KB", kb},
    Unit{"kB", kb},
    Unit{"B", 1},
};

struct Quantity {
  std::uint64_t number;
  std::string_view unit;
};

// Digits, then whatever follows. from_chars would take "-0" and refuse overflow: the first character is looked at here.
std::optional<Quantity> split(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  Quantity result{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result.number);
  if (error != std::errc{}) return std::nullopt;
  result.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return result;
}

std::optional<std::uint64_t> scaled(const Quantity& quantity, std::span<const Unit> units, std::uint64_t limit) {
  for (const Unit& unit : units) {
    if (unit.name != quantity.unit) continue;
    if (quantity.number > limit / unit.factor) return std::nullopt;
    return quantity.number * unit.factor;
  }
  return std::nullopt;
}

std::string format(std::uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) return std::to_string(value / unit.factor).append(unit.name);
  }
  return {};
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto quantity = split(text);
  if (!quantity) return std::nullopt;
  const auto value = scaled(*quantity, duration_units, std::numeric_limits<std::int64_t>::max());
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::optional<Bytes> parse_size(std::string_view text) {
  const auto quantity = split(text);
  if (!quantity) return std::nullopt;
  if (quantity->unit.empty()) return Bytes{quantity->number};
  const auto value = scaled(*quantity, size_units, std::numeric_limits<std::uint64_t>::max());
  if (!value) return std::nullopt;
  return Bytes{*value};
}

std::optional<std::uint64_t> parse_byte_rate(std::string_view text) {
  constexpr std::string_view per_second = "/s";
  if (!text.ends_with(per_second)) return std::nullopt;
  text.remove_suffix(per_second.size());
  // "100/s" would be a number of events, not of bytes.
  if (text.empty() || text.back() != 'B') return std::nullopt;
  const auto size = parse_size(text);
  if (!size) return std::nullopt;
  return size->count;
}

namespace {
constexpr std::array<std::pair<std::string_view, std::chrono::milliseconds>, 3> rate_units{
    {{"/s", std::chrono::seconds(1)}, {"/m", std::chrono::minutes(1)}, {"/h", std::chrono::hours(1)}}};
}

std::optional<CountRate> parse_count_rate(std::string_view text) {
  for (const auto& [unit, per] : rate_units) {
    if (!text.ends_with(unit)) continue;
    const auto quantity = split(text.substr(0, text.size() - unit.size()));
    if (!quantity || !quantity->unit.empty() || quantity->number == 0) return std::nullopt;
    if (quantity->number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return CountRate{static_cast<std::uint32_t>(quantity->number), per};
  }
  return std::nullopt;
}

std::string format_duration(std::chrono::milliseconds duration) {
  if (duration.count() <= 0) return duration.count() == 0 ? "0s" : std::to_string(duration.count()) + "ms";
  return format(static_cast<std::uint64_t>(duration.count()), duration_units);
}

std::string format_size(Bytes size) {
  // Binary units and bytes only: 1000 is printed as 1000B, as nobody expects 1KB to be less than 1KiB.
  for (const Unit& unit : std::span(size_units).first(4)) {
    if (size.count != 0 && size.count % unit.factor == 0) {
      return std::to_string(size.count / unit.factor).append(unit.name);
    }
  }
  return std::to_string(size.count) + "B";
}

std::string format_byte_rate(std::uint64_t bytes_per_second) { return format_size(Bytes{bytes_per_second}) + "/s"; }

std::string format_count_rate(const CountRate& rate) {
  for (const auto& [unit, per] : rate_units) {
    if (rate.per == per) return std::to_string(rate.count).append(unit);
  }
  return {};
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  std::string text = std::to_string(count) + " ";
  if (count != 1 && !many.empty()) return text.append(many);
  return text.append(one).append(count == 1 ? "" : "s");
}

}  // namespace sp
