#include "proxy/buffer.h"

#include <gtest/gtest.h>

namespace sp::proxy {
namespace {

// As a head is read: each time with room for one octet more than there is.
TEST(ABuffer, that_grows_is_not_moved_for_each_octet) {
  constexpr std::size_t much = std::size_t{1} << 20;
  Buffer buffer;
  std::size_t moved = 0;
  const char* at = nullptr;
  while (buffer.view().size() < much) {
    buffer.make_room(buffer.view().size() + 1);
    if (buffer.view().data() != at) ++moved;
    at = buffer.view().data();
    ASSERT_FALSE(buffer.room().empty());
    buffer.filled(1);
  }
  EXPECT_LT(moved, 20u);
}

TEST(ABuffer, that_grows_is_none_of_the_few_for_speed) {
  Buffer buffer;
  for (std::size_t size = 1; size <= 2 * Buffer::huge; size += 1021) {
    buffer.make_room(size);
    EXPECT_NE(buffer.capacity(), Buffer::huge);
  }
}

}  // namespace
}  // namespace sp::proxy
