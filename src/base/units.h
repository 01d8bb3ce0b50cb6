// Durations, sizes and byte rates as people write them: the one place that reads and prints units.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sp {

// "500ms", "30s", "5m", "1h", "2d". A whole number and its unit, nothing around them; null for anything else, for a
// number without a unit, and for what does not fit into milliseconds of 63 bits.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// "64KiB", "10MiB", "1GiB", "1TiB" by powers of 1024; "64KB" (or kB), "10MB", "1GB", "1TB" by powers of 1000; "100B"
// and "100".
std::optional<Bytes> parse_size(std::string_view text);

// A size per second, "100B/s" or "1MiB/s", as bytes per second. The unit of the size is required here.
std::optional<std::uint64_t> parse_byte_rate(std::string_view text);

// So many events in a second, a minute or an hour: "20/s", "100/m", "5/h".
struct CountRate {
  std::uint32_t count = 0;
  std::chrono::milliseconds per{std::chrono::seconds(1)};
};
// Null for anything else, and for a count of 0.
std::optional<CountRate> parse_count_rate(std::string_view text);

// The shortest exact form in the largest unit, which the functions above read back to the same value.
std::string format_duration(std::chrono::milliseconds duration);
std::string format_size(Bytes size);
std::string format_byte_rate(std::uint64_t bytes_per_second);
std::string format_count_rate(const CountRate& rate);

// "1 connection", "2 connections". `many` is for words that take more than an s.
std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {});

}  // namespace sp
