// Deadlines without system calls: a hierarchical wheel with a grain of one millisecond. Arming and disarming cost
// constant time and no allocation.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "base/intrusive_list.h"

namespace sp::runtime {

using Clock = std::chrono::steady_clock;  // only as the type of time points: the time itself comes from the Loop
using TimePoint = Clock::time_point;
using Duration = std::chrono::milliseconds;
inline constexpr TimePoint never = TimePoint::max();

// A member of whoever waits. Disarms itself when it is destroyed.
class Timer : public ListHook {
 public:
  using Function = void (*)(void* context);
  Timer(Function function, void* context) : function_(function), context_(context) {}
  bool armed() const { return linked(); }
  // When it will fire (as it was armed).
  TimePoint when() const { return when_; }

 private:
  friend class TimerWheel;
  TimePoint when_ = never;
  Function function_;
  void* context_;
};

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint start) : start_(start) {}

  // (Re)arms. `when` is rounded up to the next millisecond: a timer never fires early.
  void arm(Timer& timer, TimePoint when);
  void disarm(Timer& timer) { timer.unlink(); }
  // Fires what is due. A callback may arm and disarm any timer.
  void advance(TimePoint now);
  // When advance() should be called next at the latest; `never` if nothing is armed. May be early (a timer of an upper
  // level moves down then), never late.
  TimePoint next() const;

 private:
  static constexpr unsigned bits = 6, slots = 1u << bits, levels = 7;
  // The wheel turns once in 139 years; what is later than that fires at its end. Ticks are counted from `start_`, so
  // that nothing ever wraps: with fewer levels, timers that lay across the turn would fire one turn too late.
  static constexpr std::uint64_t last_tick = (std::uint64_t{1} << (bits * levels)) - 1;
  std::uint64_t tick_of(TimePoint when) const;
  void place(Timer& timer, std::uint64_t tick);

  TimePoint start_;
  std::uint64_t now_tick_ = 0;  // everything due up to here has fired
  // A bit may be set over a slot that was emptied by disarm(): it is cleared when seen.
  std::array<std::uint64_t, levels> occupied_{};
  std::array<std::array<IntrusiveList<Timer>, slots>, levels> wheel_;
};

}  // namespace sp::runtime
