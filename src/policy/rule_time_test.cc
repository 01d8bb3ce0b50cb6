#include "policy/rule_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sp::policy {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono;

// 2026-11-30 is a Monday. `day` 0 is Monday.
sys_seconds at(int day, int hour, int minute = 0) {
  return sys_days(2026y / November / 30) + days(day) + hours(hour) + minutes(minute);
}

TEST(RuleTime, ends_with_the_day) {
  const auto end = parse_until("2027-01-31").value();
  EXPECT_EQ(end, sys_seconds(sys_days(2027y / February / 1)));
  EXPECT_EQ(parse_until("2028-02-29").value(), sys_seconds(sys_days(2028y / March / 1)));
  for (std::string_view text : {"", "2027", "2027-1-31", "31.01.2027", "2027-01-31T12:00", "2027/01/31", "20270131",
                                "2027-01-3x", "+027-01-31", "tomorrow"}) {
    ASSERT_FALSE(parse_until(text)) << text;
    EXPECT_THAT(parse_until(text).error().remedy, HasSubstr("`2027-01-31`"));
  }
  for (std::string_view text : {"2027-02-29", "2027-13-01", "2027-00-01", "2027-01-32", "2027-04-31"}) {
    ASSERT_FALSE(parse_until(text)) << text;
    EXPECT_THAT(parse_until(text).error().message, HasSubstr("no day of the calendar"));
  }
}

TEST(RuleTime, holds_at_hours_of_the_week) {
  struct Row {
    std::string_view schedule;
    sys_seconds now;
    bool holds;
  };
  const Row rows[] = {
      {"Mon-Fri 08:00-18:00", at(0, 7, 59), false},
      {"Mon-Fri 08:00-18:00", at(0, 8), true},
      {"Mon-Fri 08:00-18:00", at(4, 17, 59), true},
      {"Mon-Fri 08:00-18:00", at(4, 18), false},
      {"Mon-Fri 08:00-18:00", at(5, 12), false},
      {"Mon-Fri 08:00-18:00 UTC", at(2, 12), true},
      {"mon-FRI 08:00-18:00", at(2, 12), true},
      {"Monday,Wednesday 08:00-18:00", at(2, 12), true},
      {"Monday,Wednesday 08:00-18:00", at(1, 12), false},
      {"Sat,Sun", at(5, 0), true},
      {"Sat,Sun", at(6, 23, 59), true},
      {"Sat,Sun", at(7, 0), false},
      {"Fri-Mon", at(0, 12), true},
      {"Fri-Mon", at(6, 12), true},
      {"Fri-Mon", at(3, 12), false},
      {"08:00-12:00,13:00-17:00", at(6, 12, 30), false},
      {"08:00-12:00,13:00-17:00", at(6, 13), true},
      {"Mon-Fri 08:00-12:00, Sat 10:00-11:00", at(5, 10, 30), true},
      {"Mon-Fri 08:00-12:00, Sat 10:00-11:00", at(5, 8, 30), false},
      {"Mon-Fri 08:00-12:00, Sat", at(5, 23), true},
      {"22:00-06:00", at(3, 23), true},
      {"22:00-06:00", at(3, 5, 59), true},
      {"22:00-06:00", at(3, 6), false},
      {"Sun 22:00-06:00", at(6, 22), true},
      {"Sun 22:00-06:00", at(7, 5), true},  // the Monday after
      {"Sun 22:00-06:00", at(0, 5), true},  // each Monday is one after a Sunday
      {"Sun 22:00-06:00", at(6, 5), false},
      {"Mon 18:00-24:00", at(0, 23, 59), true},
      {"Mon 18:00-24:00", at(1, 0), false},
      {"Mon 00:00-24:00", at(0, 0), true},
  };
  for (const Row& row : rows) {
    const auto schedule = Schedule::parse(row.schedule);
    ASSERT_TRUE(schedule) << row.schedule << ": " << schedule.error().message;
    EXPECT_EQ(schedule->holds(row.now), row.holds) << row.schedule << " " << row.now.time_since_epoch().count();
  }
}

TEST(RuleTime, refuses_other_schedules) {
  struct Row {
    std::string_view schedule, message;
  };
  const Row rows[] = {
      {"", "empty"},
      {" , ", "empty"},
      {"Mon-Fri 8-18", "neither days nor hours"},
      {"Mon-Fri 8:00-18:00", "neither days nor hours"},
      {"Mon-Fri 08:00", "neither days nor hours"},
      {"Mon-Fri 08:00-25:00", "neither days nor hours"},
      {"Mon-Fri 08:60-09:00", "neither days nor hours"},
      {"Mon-Fri 08:00-24:01", "neither days nor hours"},
      {"Mo-Fr 08:00-18:00", "neither days nor hours"},
      {"daily", "neither days nor hours"},
      {"Mon 08:00-08:00", "no time at all"},
      {"Mon 24:00-08:00", "no time at all"},
      {"Mon-Fri 08:00-18:00 Europe/Berlin", "time zone"},
  };
  for (const Row& row : rows) {
    const auto schedule = Schedule::parse(row.schedule);
    ASSERT_FALSE(schedule) << row.schedule;
    EXPECT_THAT(schedule.error().message, HasSubstr(row.message)) << row.schedule;
    EXPECT_FALSE(schedule.error().remedy.empty());
  }
}

}  // namespace
}  // namespace sp::policy
