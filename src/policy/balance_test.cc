#include "policy/balance.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace sp::policy {
namespace {

using namespace std::chrono_literals;
using config::Balance;
using State = ServerHealth::State;

const TimePoint start = TimePoint(1000s);
constexpr FailureRule rule{.fail_after = 3, .fail_for = 10s};

std::vector<ServerState> servers(std::initializer_list<std::uint32_t> weights) {
  std::vector<ServerState> result;
  for (std::uint32_t weight : weights) result.push_back({.weight = weight, .health = {}});
  return result;
}

void break_down(ServerState& server, TimePoint now = start) {
  while (!server.health.failed(now, rule)) {
  }
}

TEST(ServerHealth, goes_down_after_failures_in_a_row) {
  ServerHealth health;
  EXPECT_FALSE(health.failed(start, rule));
  EXPECT_FALSE(health.failed(start, rule));
  health.succeeded();
  EXPECT_FALSE(health.failed(start, rule));
  EXPECT_FALSE(health.failed(start, rule));
  EXPECT_TRUE(health.failed(start, rule));
  EXPECT_EQ(health.state(start), State::down);
  EXPECT_FALSE(health.failed(start, rule)) << "a late failure is not a new mark";
  EXPECT_EQ(health.state(start + 9999ms), State::down);
  EXPECT_EQ(health.state(start + 10s), State::due);
}

TEST(ServerHealth, lets_one_request_try) {
  ServerState server;
  break_down(server);
  ServerHealth& health = server.health;
  TimePoint later = start + 10s;
  health.picked(later);
  EXPECT_EQ(health.state(later), State::on_trial);
  EXPECT_FALSE(health.usable(later));
  EXPECT_TRUE(health.failed(later, rule));
  EXPECT_EQ(health.state(later + 9s), State::down);
  health.picked(later + 10s);
  health.abandoned();
  EXPECT_EQ(health.state(later + 10s), State::due);
  health.picked(later + 10s);
  health.succeeded();
  EXPECT_EQ(health.state(later + 10s), State::up);
}

// Whoever is the trial may take as long as a client wants.
TEST(ServerHealth, does_not_wait_for_its_trial_longer_than_it_was_down) {
  ServerState server;
  break_down(server);
  ServerHealth& health = server.health;
  health.picked(start + 10s);
  EXPECT_EQ(health.state(start + 19999ms), State::on_trial);
  EXPECT_EQ(health.state(start + 20s), State::due);
  health.picked(start + 25s);
  EXPECT_EQ(health.state(start + 34s), State::on_trial);
  EXPECT_TRUE(health.failed(start + 34s, rule));
  EXPECT_EQ(health.state(start + 43s), State::down);
}

std::string order(Balance balance, std::vector<ServerState>& list, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += static_cast<char>('a' + *pick(balance, list, start, 0));
  return result;
}

TEST(Pick, goes_round_smoothly) {
  auto equal = servers({1, 1, 1});
  EXPECT_EQ(order(Balance::round_robin, equal, 6), "abcabc");
  auto weighted = servers({5, 1, 1});
  EXPECT_EQ(order(Balance::round_robin, weighted, 7), "aabacaa");
}

TEST(Pick, takes_the_least_loaded_for_its_weight) {
  auto list = servers({1, 2, 1});
  list[0].in_flight = 2;
  list[1].in_flight = 3;
  list[2].in_flight = 4;
  EXPECT_EQ(pick(Balance::least_requests, list, start, 0), 1u);  // 3/1, 4/2, 5/1
  list[1].in_flight = 6;
  EXPECT_EQ(pick(Balance::least_requests, list, start, 1), 0u);
}

TEST(Pick, shares_out_idle_servers) {
  auto list = servers({1, 1, 1});
  std::map<std::size_t, int> counts;
  for (std::uint64_t i = 0; i < 300; ++i) ++counts[*pick(Balance::least_requests, list, start, i)];
  EXPECT_EQ(counts.size(), 3u);
}

TEST(Pick, follows_the_weights_at_random) {
  auto list = servers({1, 3});
  std::map<std::size_t, int> counts;
  for (std::uint64_t i = 0; i < 400; ++i) ++counts[*pick(Balance::random, list, start, i)];
  EXPECT_EQ(counts[0], 100);
  EXPECT_EQ(counts[1], 300);
}

TEST(Pick, stays_fair_among_many) {
  std::vector<ServerState> list(100);
  std::mt19937_64 random(1);
  for (int i = 0; i < 10000; ++i) ++list[*pick(Balance::least_requests, list, start, random())].in_flight;
  for (const ServerState& server : list) EXPECT_NEAR(server.in_flight, 100, 8);
}

TEST(Pick, uses_backups_only_when_nothing_else_is_left) {
  auto list = servers({1, 1, 1});
  list[2].backup = true;
  for (Balance balance : {Balance::round_robin, Balance::least_requests, Balance::random}) {
    for (std::uint64_t i = 0; i < 20; ++i) EXPECT_NE(pick(balance, list, start, i), 2u);
  }
  break_down(list[0]);
  break_down(list[1]);
  EXPECT_EQ(pick(Balance::round_robin, list, start, 0), 2u);
  break_down(list[2]);
  EXPECT_EQ(pick(Balance::round_robin, list, start, 0), std::nullopt);
  EXPECT_NE(pick(Balance::round_robin, list, start + 10s, 0), 2u);
}

TEST(Pick, tries_no_server_twice) {
  auto list = servers({1, 1});
  std::vector<std::size_t> tried{0};
  EXPECT_EQ(pick(Balance::least_requests, list, start, 0, tried), 1u);
  tried.push_back(1);
  EXPECT_EQ(pick(Balance::least_requests, list, start, 0, tried), std::nullopt);
}

TEST(Pick, never_passes_over_the_only_server) {
  auto list = servers({1});
  break_down(list[0]);
  EXPECT_EQ(pick(Balance::least_requests, list, start, 0), 0u);
  EXPECT_EQ(pick(Balance::least_requests, list, start, 0, std::vector<std::size_t>{0}), std::nullopt);
}

TEST(Pick, passes_over_servers_that_are_down_by_their_checks) {
  auto list = servers({1, 1, 1});
  list[2].backup = true;
  list[0].down_by_check = true;
  for (Balance balance : {Balance::round_robin, Balance::least_requests, Balance::random}) {
    for (std::uint64_t i = 0; i < 10; ++i) EXPECT_EQ(pick(balance, list, start, i), 1u);
  }
  list[1].down_by_check = true;
  EXPECT_EQ(pick(Balance::round_robin, list, start, 0), 2u);
  EXPECT_EQ(pick(Balance::round_robin, list, start, 0, std::vector<std::size_t>{2}), std::nullopt);
}

TEST(Pick, does_without_checks_that_leave_no_server) {
  auto list = servers({1, 1, 0});
  for (ServerState& server : list) server.down_by_check = true;
  list[2].down_by_check = false;
  EXPECT_TRUE(all_down_by_check(list));
  std::map<std::size_t, int> counts;
  for (std::uint64_t i = 0; i < 10; ++i) ++counts[*pick(Balance::round_robin, list, start, i)];
  EXPECT_EQ(counts[0], 5);
  EXPECT_EQ(counts[1], 5);
  break_down(list[0]);  // what requests have met counts all the same
  EXPECT_EQ(pick(Balance::round_robin, list, start, 0), 1u);
  list[1].down_by_check = false;
  break_down(list[1]);
  EXPECT_EQ(pick(Balance::round_robin, list, start, 0), std::nullopt);
}

TEST(Pick, sends_nothing_to_weight_zero) {
  auto list = servers({0, 1});
  for (Balance balance : {Balance::round_robin, Balance::least_requests, Balance::random}) {
    for (std::uint64_t i = 0; i < 10; ++i) EXPECT_EQ(pick(balance, list, start, i), 1u);
  }
}

TEST(Pick, lets_one_request_try_a_server_that_was_down) {
  auto list = servers({1, 1});
  break_down(list[0]);
  std::map<std::size_t, int> counts;
  for (std::uint64_t i = 0; i < 10; ++i) ++counts[*pick(Balance::least_requests, list, start + 10s, i)];
  EXPECT_EQ(counts[0], 1);
}

}  // namespace
}  // namespace sp::policy
