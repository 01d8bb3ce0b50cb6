// What one relay may move in one turn of the loop: where neither side ever makes it wait, the other connections of the
// thread would.
#pragma once

#include <coroutine>
#include <cstddef>

#include "runtime/loop.h"

namespace sp::proxy {

class FairShare {
 public:
  static constexpr std::size_t octets_of_a_turn = std::size_t{512} * 1024;

  // After so many octets: whether the turn should now go to others. Waiting for a socket begins a new turn.
  bool used_up(std::size_t octets) {
    const runtime::TimePoint now = runtime::Loop::current().now();
    if (now != turn_) moved_ = 0;
    turn_ = now;
    moved_ += octets;
    if (moved_ < octets_of_a_turn) return false;
    moved_ = 0;
    return true;
  }

 private:
  runtime::TimePoint turn_{};
  std::size_t moved_ = 0;
};

// The one place where a relay stands back for the other connections of its loop.
inline std::suspend_never let_others_run() { return {}; }

}  // namespace sp::proxy
