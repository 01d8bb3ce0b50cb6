// Progress of a body, instead of a limit on its whole time: it lives while octets flow at `min_rate`, averaged over
// half a minute of waiting, and never stand still for longer than `body_idle`. Only time spent waiting for this peer
// counts: a client is not blamed for a slow server.
#pragma once

#include <algorithm>
#include <cstdint>

#include "config/model.h"
#include "runtime/timer_wheel.h"

namespace sp::proxy {

class Pace {
 public:
  static constexpr runtime::Duration window{30'000};

  Pace() = default;
  Pace(config::Duration idle, std::uint64_t bytes_per_second) : idle_(idle), rate_(bytes_per_second) {}

  // Before waiting: until when something must have come.
  runtime::TimePoint deadline(runtime::TimePoint now) {
    began_ = now;
    return now + (rate_ == 0 ? idle_ : std::min<runtime::Duration>(idle_, window - waited_));
  }
  // After waiting, with what has come (0 at the deadline). Says whether it may go on.
  bool moved(runtime::TimePoint now, std::size_t bytes) {
    auto waited = std::chrono::duration_cast<runtime::Duration>(now - began_);
    still_ = bytes == 0 ? still_ + waited : runtime::Duration{0};
    waited_ += waited;
    bytes_ += bytes;
    if (still_ >= idle_) return false;
    if (rate_ == 0 || waited_ < window) return true;
    bool fast_enough = bytes_ >= rate_ * static_cast<std::uint64_t>(waited_.count()) / 1000;
    waited_ = runtime::Duration{0};
    bytes_ = 0;
    return fast_enough;
  }

 private:
  runtime::Duration idle_{30'000};
  std::uint64_t rate_ = 0;  // 0: any
  runtime::TimePoint began_{};
  runtime::Duration waited_{0}, still_{0};
  std::uint64_t bytes_ = 0;
};

}  // namespace sp::proxy
