#include "base/slab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace sp {
namespace {

TEST(Slab, gives_objects_that_do_not_overlap) {
  Slab slab(48);
  std::vector<void*> objects;
  for (int i = 0; i < 2000; ++i) {
    objects.push_back(slab.take());
    std::memset(objects.back(), i & 0xff, 48);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(objects.back()) % 16, 0u);
  }
  for (int i = 0; i < 2000; ++i) {
    const auto* octets = static_cast<unsigned char*>(objects[static_cast<std::size_t>(i)]);
    EXPECT_TRUE(std::all_of(octets, octets + 48, [&](unsigned char octet) { return octet == (i & 0xff); })) << i;
  }
  for (void* object : objects) Slab::give(object);
}

TEST(Slab, packs_objects_side_by_side) {
  Slab slab(112);
  std::set<std::uintptr_t> chunks;
  std::vector<void*> objects;
  constexpr std::size_t fit = (Slab::chunk - 64) / 112;
  for (std::size_t i = 0; i < fit * 4; ++i) {
    objects.push_back(slab.take());
    chunks.insert(reinterpret_cast<std::uintptr_t>(objects.back()) / Slab::chunk);
  }
  EXPECT_LE(chunks.size(), 4u);
  for (void* object : objects) Slab::give(object);
}

TEST(Slab, uses_again_what_was_given_back) {
  Slab slab(64);
  std::mt19937 dice(1);
  std::vector<void*> held;
  std::set<std::uintptr_t> chunks;
  for (int turn = 0; turn < 20000; ++turn) {
    if (held.size() < 500 && (held.empty() || dice() % 2 == 0)) {
      void* object = slab.take();
      EXPECT_EQ(std::ranges::count(held, object), 0);
      held.push_back(object);
      chunks.insert(reinterpret_cast<std::uintptr_t>(object) / Slab::chunk);
    } else {
      std::swap(held[dice() % held.size()], held.back());
      Slab::give(held.back());
      held.pop_back();
    }
  }
  EXPECT_LE(chunks.size(), 8u);
  for (void* object : held) Slab::give(object);
}

struct Large : Lasting {
  char octets[2000];
};
struct Small : Lasting {
  char octets[20];
};

TEST(Lasting, is_for_objects_of_any_size) {
  auto large = std::make_unique<Large>();
  auto small = std::make_unique<Small>();
  std::memset(large->octets, 1, sizeof large->octets);
  std::memset(small->octets, 2, sizeof small->octets);
  std::unique_ptr<Small> without_throwing(new (std::nothrow) Small);
  EXPECT_NE(without_throwing, nullptr);
  EXPECT_NE(without_throwing.get(), small.get());
}

}  // namespace
}  // namespace sp
