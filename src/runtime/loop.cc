#include "runtime/loop.h"

#include <algorithm>

namespace sp::runtime {

thread_local Loop* Loop::current_ = nullptr;

void Loop::enter() {
  if (runners_ >= room_) {
    const std::size_t room = std::max<std::size_t>(64, 2 * runners_);
    for (auto* queue : {&ready_, &running_, &next_turn_}) queue->reserve(room);
    room_ = room;
  }
  ++runners_;
}

void Loop::run_ready() {
  while (!ready_.empty()) {
    running_.swap(ready_);
    for (std::size_t i = 0; i < running_.size(); ++i) running_[i].resume();  // which may make it larger: see enter()
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
