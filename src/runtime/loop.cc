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

}  // namespace sp::runtime
