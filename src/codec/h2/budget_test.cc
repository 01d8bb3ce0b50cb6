#include "codec/h2/budget.h"

#include <gtest/gtest.h>

#include <limits>

namespace sp::codec::h2 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Budget::TimePoint start{std::chrono::hours(5)};

// How many tokens there are; they are gone then.
int count(Budget& budget) {
  int tokens = 0;
  while (budget.spend()) ++tokens;
  budget.earn();  // the one that was not there
  return tokens;
}

TEST(Budget, is_full_at_the_beginning) {
  Budget budget(10, 2);
  budget.time_is(start);
  EXPECT_EQ(count(budget), 10);
  EXPECT_EQ(count(budget), 0);
}

TEST(Budget, costs) {
  Budget budget(10, 2);
  EXPECT_TRUE(budget.spend(10));
  EXPECT_FALSE(budget.spend(1));
  Budget other(10, 2);
  EXPECT_FALSE(other.spend(11));
}

TEST(Budget, is_earned_up_to_the_most) {
  Budget budget(10, 2);
  budget.earn(100);
  EXPECT_EQ(count(budget), 10);
  budget.earn(3);
  EXPECT_EQ(count(budget), 3);
}

TEST(Budget, comes_back_with_time) {
  Budget budget(10, 2);
  budget.time_is(start);
  EXPECT_EQ(count(budget), 10);
  budget.time_is(start + milliseconds(999));
  EXPECT_EQ(count(budget), 0);
  budget.time_is(start + milliseconds(1000));
  EXPECT_EQ(count(budget), 2);
  budget.time_is(start + milliseconds(1000));
  EXPECT_EQ(count(budget), 0);
  budget.time_is(start);  // it does not go back
  EXPECT_EQ(count(budget), 0);
  budget.time_is(start + seconds(4));
  EXPECT_EQ(count(budget), 6);
  budget.time_is(start + std::chrono::hours(1'000'000));
  EXPECT_EQ(count(budget), 10);
}

// Parts of a second are not lost, however often it is asked.
TEST(Budget, comes_back_evenly) {
  Budget budget(100, 1);
  budget.time_is(start);
  EXPECT_EQ(count(budget), 100);
  for (int i = 1; i <= 20; ++i) budget.time_is(start + i * milliseconds(1900));
  EXPECT_EQ(count(budget), 38);
}

TEST(Budget, numbers_do_not_overflow) {
  Budget budget(2000, 200);
  budget.time_is(Budget::TimePoint::max());
  EXPECT_EQ(count(budget), 2000);
}

}  // namespace
}  // namespace sp::codec::h2
