#include "stages/access_log/time_text.h"

#include <string_view>

namespace sp::access_log {
namespace {

constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";

template <std::size_t Digits>
char* put(char* at, std::uint64_t number) {
  for (std::size_t i = Digits; i-- > 0; number /= 10) at[i] = static_cast<char>('0' + number % 10);
  return at + Digits;
}
char* put(char* at, std::string_view text) {
  for (char c : text) *at++ = c;
  return at;
}

char* put_clock(char* at, std::uint64_t second_of_day) {
  at = put<2>(at, second_of_day / 3600);
  at = put(at, ":");
  at = put<2>(at, second_of_day / 60 % 60);
  at = put(at, ":");
  return put<2>(at, second_of_day % 60);
}

}  // namespace

void TimeText::update(std::int64_t second) {
  if (second == second_) return;
  second_ = second;
  std::chrono::sys_seconds time{std::chrono::seconds(second)};
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  auto of_day = static_cast<std::uint64_t>((time - day).count());
  auto year = static_cast<std::uint64_t>(static_cast<int>(date.year()));
  const std::size_t month = static_cast<unsigned>(date.month());
  auto day_of_month = static_cast<unsigned>(date.day());

  char* at = put<4>(iso_.data(), year);
  at = put(at, "-");
  at = put<2>(at, month);
  at = put(at, "-");
  at = put<2>(at, day_of_month);
  at = put(at, "T");
  put_clock(at, of_day);

  at = put(clf_.data(), "[");
  at = put<2>(at, day_of_month);
  at = put(at, "/");
  at = put(at, months.substr((month - 1) * 3, 3));
  at = put(at, "/");
  at = put<4>(at, year);
  at = put(at, ":");
  at = put_clock(at, of_day);
  put(at, " +0000]");
}

void TimeText::append_iso(std::string& out, WallTime time) {
  auto second = std::chrono::floor<std::chrono::seconds>(time);
  update(second.time_since_epoch().count());
  auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time - second).count();
  std::array<char, 5> fraction{'.', '0', '0', '0', 'Z'};
  put<3>(fraction.data() + 1, static_cast<std::uint64_t>(milliseconds));
  out.append(iso_.data(), iso_.size());
  out.append(fraction.data(), fraction.size());
}

void TimeText::append_clf(std::string& out, WallTime time) {
  update(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
  out.append(clf_.data(), clf_.size());
}

}  // namespace sp::access_log
