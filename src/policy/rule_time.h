// When a rule holds: until a day, or at hours of the week. All of it in UTC, so that it is the same on every machine
// and no hour comes twice.
#pragma once

#include <chrono>
#include <expected>
#include <string_view>
#include <vector>

#include "config/problem.h"

namespace sp::policy {

// "2027-01-31": the first second after this day.
std::expected<std::chrono::sys_seconds, config::Problem> parse_until(std::string_view text);

// "Mon-Fri 08:00-18:00", "Sat,Sun", "22:00-06:00" (on each day, to the next morning), "Mon-Fri 08:00-12:00,13:00-17:00,
// Sat 09:00-12:00"; perhaps with "UTC" at its end.
class Schedule {
 public:
  static std::expected<Schedule, config::Problem> parse(std::string_view text);
  bool holds(std::chrono::sys_seconds now) const;

 private:
  struct Window {  // minutes since Monday 00:00
    int from = 0;
    int to = 0;  // not included; beyond the end of the week it goes on at its beginning
  };
  struct Reader;
  std::vector<Window> windows_;
};

}  // namespace sp::policy
