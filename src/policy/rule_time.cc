#include "policy/rule_time.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>
#include <string>

#include "config/node.h"
#include "http/fields.h"

namespace sp::policy {
namespace {

using config::backquoted;
using config::Problem;

constexpr int day_minutes = 24 * 60;
constexpr int week_minutes = 7 * day_minutes;
constexpr const char* how_to_write = "write `Mon-Fri 08:00-18:00`, in UTC";

// Digits only, and exactly so many.
std::optional<int> number(std::string_view text, std::size_t digits) {
  if (text.size() != digits) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<std::chrono::year_month_day> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number(text.substr(0, 4), 4), month = number(text.substr(5, 2), 2), day = number(text.substr(8), 2);
  if (!year || !month || !day) return std::nullopt;
  return std::chrono::year(*year) / *month / *day;
}

// "Mon" or "monday": 0 to 6.
std::optional<int> parse_weekday(std::string_view text) {
  constexpr std::array<std::string_view, 7> names{"monday", "tuesday",  "wednesday", "thursday",
                                                  "friday", "saturday", "sunday"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (http::iequals(text, names[i]) || http::iequals(text, names[i].substr(0, 3))) return static_cast<int>(i);
  }
  return std::nullopt;
}

// "08:00", in minutes; 24:00 is the end of the day.
std::optional<int> parse_clock(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hours = number(text.substr(0, 2), 2), minutes = number(text.substr(3), 2);
  if (!hours || !minutes || *minutes > 59 || *hours * 60 + *minutes > day_minutes) return std::nullopt;
  return *hours * 60 + *minutes;
}

std::pair<std::string_view, std::string_view> halves(std::string_view text) {
  const auto dash = text.find('-');
  return {text.substr(0, dash), dash == std::string_view::npos ? text.substr(0, dash) : text.substr(dash + 1)};
}

}  // namespace

std::expected<std::chrono::sys_seconds, Problem> parse_until(std::string_view text) {
  const auto day = parse_day(text);
  if (!day) {
    return std::unexpected(Problem{backquoted(text) + " is not a day", "write its year, month and day: `2027-01-31`"});
  }
  if (!day->ok()) {
    return std::unexpected(Problem{backquoted(text) + " is no day of the calendar", "write a day that there is"});
  }
  return std::chrono::sys_days(*day) + std::chrono::days(1);
}

// Days are gathered until the hours that are for them; days that come behind hours begin anew.
struct Schedule::Reader {
  std::vector<Window> windows;
  std::bitset<7> days;
  bool days_wait = false;  // for their hours

  std::optional<Problem> take(std::string_view word) {
    const auto [from, to] = halves(word);
    const auto first = parse_weekday(from), last = parse_weekday(to);
    if (first && last) {
      if (!days_wait) days.reset();
      days_wait = true;
      for (int day = *first;; day = (day + 1) % 7) {
        days.set(static_cast<std::size_t>(day));
        if (day == *last) return std::nullopt;
      }
    }
    const auto begin = parse_clock(from), end = parse_clock(to);
    if (!begin || !end || !word.contains('-')) return not_understood(word);
    if (*begin == *end || *begin == day_minutes) {
      return Problem{backquoted(word) + " is no time at all", "leave the hours out for the whole day"};
    }
    days_wait = false;
    add(*begin, *end > *begin ? *end : *end + day_minutes);
    return std::nullopt;
  }

  static Problem not_understood(std::string_view word) {
    if (word.contains('/')) {
      return {backquoted(word) + " looks like a time zone; a schedule is in UTC", "write the hours in UTC"};
    }
    return {backquoted(word) + " is neither days nor hours", how_to_write};
  }

  void add(int begin, int end) {
    if (days.none()) days.set();
    for (int day = 0; day < 7; ++day) {
      if (days[static_cast<std::size_t>(day)]) windows.push_back({day * day_minutes + begin, day * day_minutes + end});
    }
  }
};

std::expected<Schedule, Problem> Schedule::parse(std::string_view text) {
  Reader reader;
  std::string_view rest = http::trim(text);
  if (rest.ends_with(" UTC")) rest.remove_suffix(4);
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of(", "), rest.size());
    if (end != 0) {
      if (auto problem = reader.take(rest.substr(0, end))) return std::unexpected(*problem);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (reader.days_wait) reader.add(0, day_minutes);
  if (reader.windows.empty()) return std::unexpected(Problem{"the schedule is empty", how_to_write});
  Schedule result;
  result.windows_ = std::move(reader.windows);
  return result;
}

bool Schedule::holds(std::chrono::sys_seconds now) const {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const int weekday = static_cast<int>(std::chrono::weekday(day).iso_encoding()) - 1;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(now - day);
  const int at = weekday * day_minutes + static_cast<int>(minutes.count());
  return std::ranges::any_of(windows_, [&](const Window& window) {
    return (window.from <= at && at < window.to) || at + week_minutes < window.to;
  });
}

}  // namespace sp::policy
