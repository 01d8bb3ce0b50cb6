#include "base/arena.h"

#include <gtest/gtest.h>

#include <string>

namespace sp {
namespace {

TEST(Arena, what_was_allocated_last_is_taken_back) {
  Arena arena;
  const std::string_view first = arena.copy("first");
  char* second = arena.chars(100);
  arena.take_back(second, 100);
  EXPECT_EQ(arena.chars(100), second);
  EXPECT_EQ(first, "first");
}

TEST(Arena, what_is_not_the_last_stays) {
  Arena arena;
  char* first = arena.chars(100);
  const std::string_view second = arena.copy("second");
  arena.take_back(first, 100);
  EXPECT_GT(arena.chars(1), second.data());
  EXPECT_EQ(second, "second");
}

// A block that was begun for it goes, and the one before is filled further.
TEST(Arena, a_block_is_taken_back) {
  Arena arena(Arena::small_block);
  const std::string_view before = arena.copy("before");
  const std::size_t held = arena.bytes_held();
  char* large = arena.chars(3 * Arena::small_block);
  EXPECT_GT(arena.bytes_held(), held);
  arena.take_back(large, 3 * Arena::small_block);
  EXPECT_EQ(arena.bytes_held(), held);
  EXPECT_EQ(arena.chars(10), before.data() + before.size());
  EXPECT_EQ(before, "before");
}

// The last block of all is kept, as with reset().
TEST(Arena, the_first_block_stays) {
  Arena arena;
  arena.take_back(arena.chars(10), 10);
  const std::size_t held = arena.bytes_held();
  EXPECT_GT(held, 0U);
  arena.chars(Arena::usual_block);
  EXPECT_EQ(arena.bytes_held(), held);
}

TEST(Arena, is_reset_and_released) {
  Arena arena(Arena::small_block);
  char* first = arena.chars(1);
  arena.chars(10 * Arena::small_block);
  arena.reset();
  EXPECT_EQ(arena.chars(1), first);
  arena.release();
  EXPECT_EQ(arena.bytes_held(), 0U);
  arena.take_back(first, 1);
  EXPECT_EQ(arena.bytes_held(), 0U);
}

// A size class of the heap's, of the pools', and what is larger than all of them.
// What is held and not used is bounded, however much there is.
TEST(Arena, many_texts_take_little_more_than_they_are) {
  Arena arena;
  constexpr std::size_t texts = 100, size = 4000, growth = std::size_t{16} * 1024;
  for (std::size_t i = 0; i < texts; ++i) arena.chars(size);
  EXPECT_LT(arena.bytes_held(), texts * size * 5 / 4 + growth);
  arena.chars(1);
  EXPECT_LT(arena.bytes_held(), texts * size * 5 / 4 + 2 * growth);
}

TEST(Arena, texts_of_every_size) {
  Arena arena(Arena::small_block);
  for (std::size_t size = 1; size < 100'000; size = size * 3 + 1) {
    const std::string text(size, 'a');
    EXPECT_EQ(arena.concat({text, text}), std::string(2 * size, 'a'));
  }
}

}  // namespace
}  // namespace sp
