#include "proxy/outbound/shares.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace sp::proxy {
namespace {

using namespace std::chrono_literals;
using config::ShareConfig;

constexpr std::chrono::sys_days first_day{std::chrono::year{2026} / 1 / 1};

struct Sharing {
  ShareConfig per_user, per_destination;
  Shares shares;
  Shares::Moment moment{runtime::TimePoint(1h), first_day + 23h};

  void pass(std::chrono::seconds time) {
    moment.now += time;
    moment.wall += time;
  }
  std::chrono::sys_days today() const { return std::chrono::floor<std::chrono::days>(moment.wall); }
  // "", or "user_rate 5".
  std::string enter(std::string_view user, std::string_view destination, Shares::Both& held, bool tunnel = false,
                    std::string_view entry = "egress") {
    const auto refusal = shares.enter({.entry = entry,
                                       .user = user,
                                       .destination = destination,
                                       .per_user = per_user,
                                       .per_destination = per_destination,
                                       .tunnel = tunnel},
                                      moment, held);
    return refusal ? fmt::format("{} {}", name(refusal->code), refusal->retry_after.count()) : "";
  }
  std::string once(std::string_view user, std::string_view destination = "a.test") {
    Shares::Both held;
    return enter(user, destination, held);
  }
};

TEST(Shares, requests_of_a_user_come_at_a_rate) {
  Sharing s{.per_user = {.rate = {.count = 2, .per = 60s}}};
  EXPECT_EQ(s.once("anna"), "");
  EXPECT_EQ(s.once("anna"), "");
  EXPECT_EQ(s.once("anna"), "user_rate 30");
  EXPECT_EQ(s.once("ben"), "");
  s.pass(29s);
  EXPECT_EQ(s.once("anna"), "user_rate 1");
  s.pass(1s);
  EXPECT_EQ(s.once("anna"), "");
  EXPECT_EQ(s.once("anna"), "user_rate 30");
}

TEST(Shares, the_same_of_a_destination_whoever_asks) {
  Sharing s{.per_destination = {.rate = {.count = 1, .per = 1s}}};
  EXPECT_EQ(s.once("anna", "a.test"), "");
  EXPECT_EQ(s.once("ben", "a.test"), "destination_rate 1");
  EXPECT_EQ(s.once("ben", "b.test"), "");
}

TEST(Shares, who_is_refused_for_the_one_has_paid_nothing_of_the_other) {
  Sharing s{.per_user = {.rate = {.count = 2, .per = 60s}}, .per_destination = {.rate = {.count = 1, .per = 60s}}};
  EXPECT_EQ(s.once("anna", "a.test"), "");
  EXPECT_EQ(s.once("anna", "a.test"), "destination_rate 60");
  EXPECT_EQ(s.once("anna", "b.test"), "");
  EXPECT_EQ(s.once("anna", "c.test"), "user_rate 30");
}

TEST(Shares, tunnels_count_as_long_as_they_live) {
  Sharing s{.per_user = {.tunnels = 1}};
  Shares::Both first, second, request;
  EXPECT_EQ(s.enter("anna", "a.test", first, true), "");
  EXPECT_EQ(s.enter("anna", "a.test", second, true), "user_tunnels 30");
  EXPECT_EQ(s.enter("anna", "a.test", request, false), "");
  EXPECT_EQ(s.enter("ben", "a.test", second, true), "");
  {
    const Shares::Both ended = std::move(first);
  }
  EXPECT_EQ(s.enter("anna", "a.test", first, true), "");
}

TEST(Shares, entries_are_counted_apart_by_their_names) {
  Sharing s{.per_user = {.tunnels = 1}};
  Shares::Both first, second;
  EXPECT_EQ(s.enter("anna", "a.test", first, true, "one"), "");
  EXPECT_EQ(s.enter("anna", "a.test", second, true, "two"), "");
}

TEST(Shares, octets_are_those_of_a_day) {
  Sharing s{.per_user = {.bytes = Bytes{1000}}};
  Shares::Both held;
  EXPECT_EQ(s.enter("anna", "a.test", held), "");
  EXPECT_TRUE(held.user.spend(1000, s.today()));
  EXPECT_FALSE(held.user.spend(1, s.today()));
  EXPECT_EQ(s.once("anna"), "user_bytes 3600");
  s.pass(1h);
  EXPECT_EQ(s.once("anna"), "");
  EXPECT_TRUE(held.user.spend(1000, s.today()));
  EXPECT_FALSE(held.user.spend(1, s.today()));
  s.pass(-1h);  // a clock that is set back gives nothing back
  EXPECT_FALSE(held.user.spend(1, s.today()));
}

TEST(Shares, what_is_in_use_is_never_forgotten_and_the_rest_is_bounded) {
  Sharing s{.per_user = {.tunnels = 1}};
  Shares::Both held, again;
  EXPECT_EQ(s.enter("anna", "a.test", held, true), "");
  for (std::size_t i = 0; i < Shares::most_idle + 100; ++i) s.once(fmt::format("user-{}", i));
  EXPECT_EQ(s.shares.size(), Shares::most_idle + 1);
  EXPECT_EQ(s.enter("anna", "a.test", again, true), "user_tunnels 30");
}

TEST(Shares, the_one_that_was_used_longest_ago_is_forgotten_first) {
  Sharing s{.per_user = {.rate = {.count = 1, .per = 3600s}}};
  EXPECT_EQ(s.once("early"), "");
  EXPECT_EQ(s.once("late"), "");
  for (std::size_t i = 0; i < Shares::most_idle - 1; ++i) s.once(fmt::format("user-{}", i));
  EXPECT_EQ(s.once("late"), "user_rate 3600");
  EXPECT_EQ(s.once("early"), "");
}

}  // namespace
}  // namespace sp::proxy
