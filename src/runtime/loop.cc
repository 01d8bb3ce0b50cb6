#include "runtime/loop.h"

namespace sp::runtime {

thread_local Loop* Loop::current_ = nullptr;

void Loop::run_ready() {
  while (!ready_.empty()) {
    running_.swap(ready_);
    for (std::coroutine_handle<> handle : running_) handle.resume();
    running_.clear();
  }
}

void Loop::end_turn() {
  ++turn_;
  if (next_turn_.empty()) return;
  ready_.insert(ready_.end(), next_turn_.begin(), next_turn_.end());
  next_turn_.clear();
  run_ready();
}

}  // namespace sp::runtime
