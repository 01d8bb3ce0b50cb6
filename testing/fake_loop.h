// A Loop whose clock stands still until a test moves it. Everything happens in the order in which it was asked for, so
// that a test with the same seed runs the same way each time.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "base/intrusive_list.h"
#include "runtime/loop.h"
#include "runtime/scope.h"
#include "runtime/task.h"

namespace sp::testing {

// A call that is to be made in a later turn. A member of whoever asks; destroying it takes the call back.
class Deferred : public ListHook {
 public:
  using Function = void (*)(void* context);
  Deferred(Function function, void* context) : function_(function), context_(context) {}

 private:
  friend class FakeLoop;
  Function function_;
  void* context_;
};

class FakeLoop final : public runtime::Loop {
 public:
  // 2026-01-01T00:00:00Z: what wall_clock() says at first.
  static constexpr std::chrono::sys_seconds start_of_time{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

  // Is Loop::current() of this thread while it lives; loops nest.
  FakeLoop();
  ~FakeLoop() override;

  std::chrono::system_clock::time_point wall_clock() const override;
  // Of another thread: the next settle() runs it.
  void send(std::function<void()> message) override;
  // Once, in a later turn of this loop. Asking again before that changes nothing.
  void defer(Deferred& call) {
    if (!call.linked()) deferred_.push_back(call);
  }
  // From now on what was asked for in one turn happens in any order, as what a kernel has to say of many sockets.
  void shuffle(std::uint64_t seed) { order_.emplace(seed); }

  // Runs what is ready, and what becomes ready by it, without moving the clock.
  void settle();
  // Moves the clock, firing each timer at its time.
  void advance(runtime::Duration by);
  // Runs, jumping to the next timer whenever nothing is ready, until `done` holds. False: nothing is left that could
  // make it hold, or `limit` has passed on this clock.
  bool run_until(const std::function<bool()>& done, runtime::Duration limit = std::chrono::hours(24));

  // The result of a task, driven to its end as by run_until. Ends the program where it would wait forever.
  template <class T>
  T run(runtime::Task<T> task) {
    runtime::Scope scope;
    std::optional<T> result;
    scope.spawn(keep(std::move(task), result));
    finish(scope);
    return *std::move(result);
  }
  void run(runtime::Task<void> task) {
    runtime::Scope scope;
    scope.spawn(std::move(task));
    finish(scope);
  }

 private:
  template <class T>
  static runtime::Task<void> keep(runtime::Task<T> task, std::optional<T>& into) {
    T value = co_await std::move(task);
    into.emplace(std::move(value));
  }
  void finish(runtime::Scope& scope);
  Deferred* next_of(IntrusiveList<Deferred>& turn);
  void run_messages();

  Loop* outer_ = nullptr;
  IntrusiveList<Deferred> deferred_;
  std::optional<std::mt19937_64> order_;
  std::mutex mutex_;  // over the messages
  std::vector<std::function<void()>> messages_;
};

}  // namespace sp::testing
