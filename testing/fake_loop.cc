#include "testing/fake_loop.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace sp::testing {
namespace {

// Any point does, as long as it is not the origin: code that takes 0 for "never" is to be found out.
constexpr runtime::TimePoint start{std::chrono::hours(1000)};
thread_local FakeLoop* innermost = nullptr;

}  // namespace

FakeLoop::FakeLoop() : Loop(start), outer_(innermost) {
  innermost = this;
  set_current(this);
}

FakeLoop::~FakeLoop() {
  innermost = static_cast<FakeLoop*>(outer_);
  set_current(outer_);
}

std::chrono::system_clock::time_point FakeLoop::wall_clock() const {
  return start_of_time + std::chrono::duration_cast<std::chrono::system_clock::duration>(now() - start);
}

Deferred* FakeLoop::next_of(IntrusiveList<Deferred>& turn) {
  if (order_) {
    for (auto passed_over = (*order_)() % 4; passed_over > 0; --passed_over) {
      if (Deferred* call = turn.pop_front()) turn.push_back(*call);
    }
  }
  return turn.pop_front();
}

void FakeLoop::send(std::function<void()> message) {
  const std::lock_guard lock(mutex_);
  messages_.push_back(std::move(message));
}

void FakeLoop::run_messages() {
  std::vector<std::function<void()>> messages;
  {
    const std::lock_guard lock(mutex_);
    messages.swap(messages_);
  }
  for (auto& message : messages) message();
}

void FakeLoop::settle() {
  run_messages();
  while (!idle() || !deferred_.empty()) {
    run_ready();
    // One turn's worth: what is deferred meanwhile belongs to the next.
    IntrusiveList<Deferred> turn;
    while (Deferred* call = deferred_.pop_front()) turn.push_back(*call);
    while (Deferred* call = next_of(turn)) {
      call->function_(call->context_);
      run_ready();
    }
    end_turn();
  }
}

void FakeLoop::advance(runtime::Duration by) {
  const runtime::TimePoint until = now() + by;
  settle();
  while (now() < until) {
    set_now(std::min(until, timers().next()));
    timers().advance(now());
    settle();
  }
}

bool FakeLoop::run_until(const std::function<bool()>& done, runtime::Duration limit) {
  const runtime::TimePoint until = now() + limit;
  for (;;) {
    settle();
    if (done()) return true;
    const runtime::TimePoint next = timers().next();
    if (next == runtime::never || next > until) return false;
    set_now(next);
    timers().advance(now());
  }
}

void FakeLoop::finish(runtime::Scope& scope) {
  if (run_until([&] { return scope.running() == 0; })) return;
  // The frames of the task cannot be given up while they are suspended, so that there is no way on from here.
  std::fputs("FakeLoop: the task waits for something that will never come\n", stderr);
  std::abort();
}

}  // namespace sp::testing
