#include "runtime/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace sp::runtime {

std::uint64_t TimerWheel::tick_of(TimePoint when) const {
  if (when <= start_) return 0;
  auto since = std::chrono::ceil<std::chrono::milliseconds>(when - start_);
  return std::min(static_cast<std::uint64_t>(since.count()), last_tick);
}

void TimerWheel::arm(Timer& timer, TimePoint when) {
  timer.unlink();
  timer.when_ = when;
  if (when == never) return;
  // What is due already fires at the next advance(), not in here.
  place(timer, std::min(std::max(tick_of(when), now_tick_ + 1), last_tick));
}

void TimerWheel::place(Timer& timer, std::uint64_t tick) {
  // The level is that of the highest bit in which the tick differs from now: the slot is passed exactly once before it
  // is due.
  std::uint64_t differs = tick ^ now_tick_;
  unsigned level = differs == 0 ? 0 : (63u - static_cast<unsigned>(std::countl_zero(differs))) / bits;
  auto slot = static_cast<unsigned>(tick >> (bits * level)) & (slots - 1);
  wheel_[level][slot].push_back(timer);
  occupied_[level] |= std::uint64_t{1} << slot;
}

TimePoint TimerWheel::next() const {
  std::uint64_t best = ~std::uint64_t{0};
  for (unsigned level = 0; level < levels; ++level) {
    auto current = static_cast<unsigned>(now_tick_ >> (bits * level)) & (slots - 1);
    // Slots behind the current one belong to the next turn, which a higher level holds.
    std::uint64_t ahead = current == slots - 1 ? 0 : occupied_[level] & (~std::uint64_t{0} << (current + 1));
    if (ahead == 0) continue;
    auto slot = static_cast<std::uint64_t>(std::countr_zero(ahead));
    std::uint64_t base = (now_tick_ >> (bits * (level + 1))) << (bits * (level + 1));
    best = std::min(best, base | (slot << (bits * level)));
  }
  if (best == ~std::uint64_t{0}) return never;
  return start_ + std::chrono::milliseconds(best);
}

void TimerWheel::advance(TimePoint now) {
  if (now < start_) return;
  auto passed = std::chrono::floor<std::chrono::milliseconds>(now - start_).count();
  const std::uint64_t target = std::min(static_cast<std::uint64_t>(passed), last_tick);
  while (now_tick_ < target) {
    TimePoint upcoming = next();
    std::uint64_t tick = upcoming == never ? target : std::min(target, tick_of(upcoming));
    now_tick_ = tick;
    // From the top: timers of a slot that begins now move down, and those of the lowest level fire.
    for (unsigned level = levels; level-- > 0;) {
      if (level > 0 && (tick & ((std::uint64_t{1} << (bits * level)) - 1)) != 0) continue;
      auto slot = static_cast<unsigned>(tick >> (bits * level)) & (slots - 1);
      std::uint64_t bit = std::uint64_t{1} << slot;
      if ((occupied_[level] & bit) == 0) continue;
      occupied_[level] &= ~bit;
      IntrusiveList<Timer> due;
      while (Timer* timer = wheel_[level][slot].pop_front()) due.push_back(*timer);
      while (Timer* timer = due.pop_front()) {
        std::uint64_t when = tick_of(timer->when_);
        if (when > tick) {
          place(*timer, when);
        } else {
          timer->function_(timer->context_);
        }
      }
    }
  }
}

}  // namespace sp::runtime
