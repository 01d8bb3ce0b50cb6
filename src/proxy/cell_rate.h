// So many of something over time, with as many at once at most: the generic cell rate algorithm. Each one pays for a
// part of the time; who has paid for all of it already is too fast.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/units.h"
#include "runtime/timer_wheel.h"

namespace sp::proxy {

class CellRate {
 public:
  // How long until one more may come; zero: it may now. `rate.count` is not 0.
  std::chrono::nanoseconds wait(const CountRate& rate, runtime::TimePoint now) const {
    const auto early = next(rate, now) - (now + std::chrono::nanoseconds(rate.per));
    return std::max(std::chrono::nanoseconds::zero(), std::chrono::nanoseconds(early));
  }
  // One has come.
  void pay(const CountRate& rate, runtime::TimePoint now) { paid_until_ = next(rate, now); }
  // Nothing is held against it any more.
  bool settled(runtime::TimePoint now) const { return paid_until_ <= now; }

 private:
  runtime::TimePoint next(const CountRate& rate, runtime::TimePoint now) const {
    return std::max(paid_until_, now) + std::chrono::nanoseconds(rate.per) / rate.count;
  }
  runtime::TimePoint paid_until_{};  // when the rate of what has come so far is kept
};

}  // namespace sp::proxy
