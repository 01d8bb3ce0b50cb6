#include "base/recently_used.h"

#include <gtest/gtest.h>

namespace sp {
namespace {

TEST(RecentlyUsed, makes_room_by_what_was_used_least_recently) {
  RecentlyUsed<int> known(2);
  EXPECT_EQ(known.put("a", 1), std::nullopt);
  EXPECT_EQ(known.put("b", 2), std::nullopt);
  EXPECT_EQ(*known.find("a"), 1);
  EXPECT_EQ(known.put("c", 3), 2);
  EXPECT_EQ(known.find("b"), nullptr);
  EXPECT_EQ(*known.find("a"), 1);
  EXPECT_EQ(*known.find("c"), 3);
  EXPECT_EQ(known.size(), 2u);
}

TEST(RecentlyUsed, replaces_erases_and_forgets_all) {
  RecentlyUsed<int> known(2);
  known.put("a", 1);
  known.put("b", 2);
  EXPECT_EQ(known.put("a", 3), std::nullopt);
  EXPECT_EQ(*known.find("a"), 3);
  known.erase("a");
  known.erase("nobody");
  EXPECT_EQ(known.find("a"), nullptr);
  int all = 0;
  known.for_each([&](int value) { all += value; });
  EXPECT_EQ(all, 2);
  known.clear();
  EXPECT_EQ(known.size(), 0u);
}

TEST(RecentlyUsed, keeps_nothing_without_room) {
  RecentlyUsed<int> known(0);
  EXPECT_EQ(known.put("a", 1), 1);
  EXPECT_EQ(known.find("a"), nullptr);
}

}  // namespace
}  // namespace sp
