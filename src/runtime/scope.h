// Work side by side with an end: a Scope does not end before its children.
//
//   Scope scope;
//   scope.spawn(upload(...));            // runs until it first waits, then beside the caller
//   auto response = co_await read_head();
//   scope.cancel();                      // asks (operations that listen to scope.token() end)
//   co_await scope.join();               // waits
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>

#include "base/assert.h"
#include "runtime/cancel.h"
#include "runtime/loop.h"
#include "runtime/task.h"

namespace sp::runtime {

class Scope {
 public:
  Scope() = default;
  // Its token is cancelled with `parent`, which outlives it.
  explicit Scope(CancelToken& parent) : source_(parent) {}
  ~Scope() { SP_ASSERT(running_ == 0); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Starts `task` now. What it throws ends the program: a child answers by what it wrote, not by exceptions. Throws
  // std::bad_alloc if there is no memory to start it.
  void spawn(Task<void> task) {
    Loop::current().enter();
    ++running_;
    try {
      drive(*this, std::move(task));
    } catch (...) {  // no memory to begin it
      --running_;
      Loop::current().leave();
      throw;
    }
  }
  // For work that waits without a task: it counts as running until it leaves.
  void enter() { ++running_; }
  void leave() { child_ended(); }
  CancelToken& token() { return source_; }
  void cancel(Code why = Code::cancelled) { source_.cancel(why); }
  std::size_t running() const { return running_; }

  struct Join {
    Scope& scope;
    bool await_ready() const { return scope.running_ == 0; }
    void await_suspend(std::coroutine_handle<> handle) { scope.joiner_ = handle; }
    void await_resume() const {}
  };
  // Until no child is left. One joiner.
  Join join() { return Join{*this}; }

 private:
  struct Driver {
    struct promise_type {
      static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
      static void operator delete(void* frame, std::size_t bytes) noexcept { free_frame(frame, bytes); }
      Driver get_return_object() noexcept { return {}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() noexcept {}
      void unhandled_exception() noexcept { std::terminate(); }
    };
  };
  static Driver drive(Scope& scope, Task<void> task) {
    co_await std::move(task);
    Loop::current().leave();
    scope.child_ended();
  }
  void child_ended() {
    --running_;
    if (running_ == 0 && joiner_) {
      Loop::current().post(joiner_);
      joiner_ = nullptr;
    }
  }

  std::size_t running_ = 0;
  std::coroutine_handle<> joiner_;
  CancelSource source_;
};

}  // namespace sp::runtime
