#include "runtime/task.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/wait.h"
#include "testing/fake_loop.h"

namespace sp::runtime {
namespace {

using namespace std::chrono_literals;
using testing::FakeLoop;

// Alive as long as its frame is; copies would hide a frame that is destroyed twice.
struct Witness {
  explicit Witness(int& alive_in) : alive(&alive_in) { ++*alive; }
  Witness(Witness&& other) noexcept : alive(std::exchange(other.alive, nullptr)) {}
  Witness& operator=(Witness&&) = delete;
  ~Witness() {
    if (alive != nullptr) --*alive;
  }
  int* alive;
};

Task<int> seven() { co_return 7; }
Task<std::unique_ptr<int>> movable() { co_return std::make_unique<int>(8); }
Task<int> after(Duration time) {
  const auto slept = co_await sleep_for(time);
  co_return slept ? 1 : 0;
}

TEST(Task, gives_its_value) {
  FakeLoop loop;
  EXPECT_EQ(loop.run(seven()), 7);
  EXPECT_EQ(*loop.run(movable()), 8);
}

Task<void> mark(bool& started) {
  started = true;
  co_return;
}

TEST(Task, does_nothing_before_it_is_awaited) {
  FakeLoop loop;
  bool started = false;
  {
    Task<void> task = mark(started);
    EXPECT_FALSE(started);
  }
  EXPECT_FALSE(started);
  loop.run(mark(started));
  EXPECT_TRUE(started);
}

Task<void> hold(Witness, int& alive, int& seen) {
  Witness local(alive);
  const int slept = co_await after(1ms);
  seen = alive + slept - 1;
}

Task<void> frames_are_freed(int& alive, int& seen) {
  co_await hold(Witness(alive), alive, seen);
  EXPECT_EQ(alive, 0);  // gone as soon as the awaiting expression ends
}

TEST(Task, its_frame_is_gone_when_it_was_awaited) {
  FakeLoop loop;
  int alive = 0, seen = 0;
  loop.run(frames_are_freed(alive, seen));
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(alive, 0);
}

TEST(Task, what_was_never_awaited_frees_its_parameters) {
  int alive = 0, seen = 0;
  {
    auto task = hold(Witness(alive), alive, seen);
  }
  EXPECT_EQ(alive, 0);
}

Task<int> throws(int depth) {
  if (depth == 0) throw std::runtime_error("deep");
  const int below = co_await throws(depth - 1);
  co_return below;
}
Task<std::string> catches() {
  try {
    const int unreachable = co_await throws(50);
    co_return std::to_string(unreachable);
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
}
Task<void> throws_later(int& alive) {
  Witness witness(alive);
  const int slept = co_await after(1ms);
  if (slept == 1) throw std::logic_error("later");
}
Task<bool> catches_later(int& alive) {
  try {
    co_await throws_later(alive);
  } catch (const std::logic_error&) {
    co_return alive == 0;
  }
  co_return false;
}

TEST(Task, exceptions_surface_where_it_is_awaited) {
  FakeLoop loop;
  EXPECT_EQ(loop.run(catches()), "deep");
  int alive = 0;
  EXPECT_TRUE(loop.run(catches_later(alive)));
  EXPECT_EQ(alive, 0);
}

Task<std::uintptr_t> stack_here() {
  // Not the address of a variable: sanitizers keep those elsewhere.
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  co_return frame;
}

// Tasks that end at once, one after the other: each is a transfer into the task and one back.
Task<std::uintptr_t> stack_used_by_a_loop(int rounds) {
  std::uintptr_t lowest = ~std::uintptr_t{0}, highest = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::uintptr_t here = co_await stack_here();
    lowest = std::min(lowest, here);
    highest = std::max(highest, here);
  }
  co_return highest - lowest;
}

// A chain of awaiting tasks: all frames are suspended when the last one sleeps, and all end in one go when it wakes.
Task<int> chain(int depth) {
  if (depth == 0) {
    const int slept = co_await after(1ms);
    co_return slept;
  }
  const int below = co_await chain(depth - 1);
  co_return below + 1;
}

TEST(Task, long_runs_and_long_chains_do_not_use_the_stack) {
  FakeLoop loop;
  EXPECT_LT(loop.run(stack_used_by_a_loop(1'000'000)), 4096u);
  EXPECT_EQ(loop.run(chain(1'000'000)), 1'000'001);
}

TEST(FramePool, gives_and_takes_frames_of_all_sizes) {
  for (int round = 0; round < 3; ++round) {
    std::vector<std::pair<void*, std::size_t>> frames;
    for (std::size_t bytes = 1; bytes < 9000; bytes = bytes * 5 / 4 + 1) {
      void* frame = allocate_frame(bytes);
      std::memset(frame, 0x5a, bytes);
      frames.emplace_back(frame, bytes);
    }
    for (auto [frame, bytes] : frames) free_frame(frame, bytes);
    if (round == 1) trim_frames();
  }
}

}  // namespace
}  // namespace sp::runtime
