#include "codec/h2/recent_ids.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <random>
#include <set>

namespace sp::codec::h2 {
namespace {

constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max();

TEST(RecentIds, has_what_was_added) {
  RecentIds ids;
  EXPECT_FALSE(ids.has(1, true));
  ids.add(1);
  ids.add(5);
  EXPECT_TRUE(ids.has(1, false));
  EXPECT_FALSE(ids.has(3, true));
  EXPECT_TRUE(ids.has(5, false));
  EXPECT_FALSE(ids.has(7, true));
  ids.add(3);  // in any order
  EXPECT_TRUE(ids.has(3, false));
  EXPECT_FALSE(ids.has(largest, true));
}

TEST(RecentIds, forgets_what_is_old) {
  RecentIds ids;
  ids.add(1);
  ids.add(1 + 2 * 511);
  EXPECT_TRUE(ids.has(1, false));
  ids.add(1 + 2 * 512);
  EXPECT_FALSE(ids.has(1, false));
  EXPECT_TRUE(ids.has(1, true));
  EXPECT_FALSE(ids.has(3, true));
  ids.add(1);  // nothing comes of it
  EXPECT_FALSE(ids.has(1, false));
  EXPECT_TRUE(ids.has(1 + 2 * 512, false));
}

TEST(RecentIds, the_place_of_an_old_one_is_empty) {
  RecentIds ids;
  for (std::int32_t id = 1; id < 1024; id += 2) ids.add(id);
  ids.add(1 + 2 * 600);
  for (std::int32_t id = 1 + 2 * 512; id < 1 + 2 * 600; id += 2) EXPECT_FALSE(ids.has(id, true)) << id;
  for (std::int32_t id = 1 + 2 * 89; id < 1024; id += 2) EXPECT_TRUE(ids.has(id, false)) << id;
}

TEST(RecentIds, far_away) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) {
    RecentIds ids;
    ids.add(1);
    ids.add(largest);
    EXPECT_TRUE(ids.has(largest, false));
    EXPECT_FALSE(ids.has(largest - 2, true));
    EXPECT_FALSE(ids.has(largest - 1022, true));
    EXPECT_TRUE(ids.has(largest - 1024, true));
    EXPECT_TRUE(ids.has(1, true));
    EXPECT_FALSE(ids.has(1, false));
    ids.add(largest - 2);
    EXPECT_TRUE(ids.has(largest - 2, false));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST(RecentIds, like_a_set) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    RecentIds ids;
    std::set<std::int32_t> all;
    std::int32_t newest = 1;
    for (int i = 0; i < 2000; ++i) {
      const std::int32_t id = std::max<std::int32_t>(1, newest + 2 * (static_cast<std::int32_t>(random() % 700) - 600));
      newest = std::max(newest, id);
      ids.add(id);
      all.insert(id);
      const std::int32_t asked = std::max<std::int32_t>(1, newest - 2 * static_cast<std::int32_t>(random() % 512));
      ASSERT_EQ(ids.has(asked, false), all.contains(asked)) << asked;
    }
  }
}

}  // namespace
}  // namespace sp::codec::h2
