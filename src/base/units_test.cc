#include "base/units.h"

#include <gtest/gtest.h>

namespace sp {
namespace {

using namespace std::chrono_literals;

TEST(Units, durations_are_a_number_with_a_unit) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("2d"), 48h);
  EXPECT_EQ(parse_duration("0s"), 0ms);
  EXPECT_EQ(parse_duration("9223372036854775807ms"), std::chrono::milliseconds::max());
}

TEST(Units, what_is_not_a_duration_is_refused) {
  for (const char* text : {"", "s", "5", "5 s", " 5s", "5s ", "-5s", "+5s", "5S", "1.5s", "5min", "1h30m", "0x5s",
                           "9223372036854775808ms", "99999999999999999999s", "9223372036854775807s", "106751991168d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Units, sizes_are_binary_or_decimal) {
  EXPECT_EQ(parse_size("100"), Bytes{100});
  EXPECT_EQ(parse_size("100B"), Bytes{100});
  EXPECT_EQ(parse_size("64KiB"), Bytes{65536});
  EXPECT_EQ(parse_size("10MiB"), Bytes{10u << 20});
  EXPECT_EQ(parse_size("1GiB"), Bytes{1u << 30});
  EXPECT_EQ(parse_size("1TiB"), Bytes{std::uint64_t{1} << 40});
  EXPECT_EQ(parse_size("64KB"), Bytes{64000});
  EXPECT_EQ(parse_size("64kB"), Bytes{64000});
  EXPECT_EQ(parse_size("10MB"), Bytes{10'000'000});
  EXPECT_EQ(parse_size("18446744073709551615"), Bytes{UINT64_MAX});
}

TEST(Units, what_is_not_a_size_is_refused) {
  for (const char* text : {"", "B", "-1", "1 KiB", "1K", "1kib", "1.5MiB", "1MiB/s", "18446744073709551616",
                           "18014398509481984KiB", "16777216TiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Units, byte_rates_are_sizes_per_second) {
  EXPECT_EQ(parse_byte_rate("100B/s"), 100u);
  EXPECT_EQ(parse_byte_rate("1MiB/s"), 1u << 20);
  EXPECT_EQ(parse_byte_rate("0B/s"), 0u);
  for (const char* text :
       {"", "/s", "B/s", "100", "100B", "100/s", "100B/m", "100B/s ", "-1B/s", "18446744073709551616B/s"}) {
    EXPECT_FALSE(parse_byte_rate(text)) << text;
  }
}

TEST(Units, counts_may_come_over_time) {
  const auto read = [](std::string_view text) {
    const auto rate = parse_count_rate(text);
    return rate ? std::pair(rate->count, rate->per) : std::pair(0u, 0ms);
  };
  EXPECT_EQ(read("20/s"), std::pair(20u, 1000ms));
  EXPECT_EQ(read("100/m"), std::pair(100u, 60'000ms));
  EXPECT_EQ(read("5/h"), std::pair(5u, 3'600'000ms));
  EXPECT_EQ(read("4294967295/s"), std::pair(4294967295u, 1000ms));
  for (const char* text :
       {"",      "/",     "/s",  "20",   "20/",  "20/d",  "20/ms", "20/S",  "20s",    "20 /s",       "20/ s",
        " 20/s", "20/s ", "0/s", "-1/s", "+1/s", "1.5/s", "0x5/s", "20B/s", "20/s/s", "4294967296/s"}) {
    EXPECT_FALSE(parse_count_rate(text)) << text;
  }
  for (const char* text : {"1/s", "20/s", "100/m", "5/h"}) EXPECT_EQ(format_count_rate(*parse_count_rate(text)), text);
}

TEST(Units, printing_takes_the_largest_exact_unit) {
  EXPECT_EQ(format_duration(0ms), "0s");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(1h), "1h");
  EXPECT_EQ(format_duration(48h), "2d");
  EXPECT_EQ(format_duration(-5ms), "-5ms");
  EXPECT_EQ(format_size(Bytes{0}), "0B");
  EXPECT_EQ(format_size(Bytes{1000}), "1000B");
  EXPECT_EQ(format_size(Bytes{65536}), "64KiB");
  EXPECT_EQ(format_byte_rate(1 << 20), "1MiB/s");
}

TEST(Units, counts_are_one_or_many) {
  EXPECT_EQ(counted(0, "connection"), "0 connections");
  EXPECT_EQ(counted(1, "connection"), "1 connection");
  EXPECT_EQ(counted(2, "connection"), "2 connections");
  EXPECT_EQ(counted(1, "entry", "entries"), "1 entry");
  EXPECT_EQ(counted(2, "entry", "entries"), "2 entries");
}

TEST(Units, printed_values_read_back) {
  for (std::uint64_t value = 1; value < UINT64_MAX / 7; value = value * 7 + 3) {
    EXPECT_EQ(parse_size(format_size(Bytes{value})), Bytes{value});
    EXPECT_EQ(parse_byte_rate(format_byte_rate(value)), value);
    const std::chrono::milliseconds duration(static_cast<std::int64_t>(value));
    EXPECT_EQ(parse_duration(format_duration(duration)), duration);
  }
}

}  // namespace
}  // namespace sp
