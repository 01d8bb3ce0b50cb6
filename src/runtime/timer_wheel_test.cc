#include "runtime/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace sp::runtime {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint start{std::chrono::hours(7)};

// Counts how often it fires, and may do more.
struct Alarm {
  std::function<void()> also = [] {};
  int fired = 0;
  Timer timer{[](void* self) {
                auto* alarm = static_cast<Alarm*>(self);
                ++alarm->fired;
                alarm->also();
              },
              this};
};

TEST(TimerWheel, fires_at_its_time_and_not_before) {
  TimerWheel wheel(start);
  Alarm alarm;
  wheel.arm(alarm.timer, start + 5ms);
  EXPECT_EQ(wheel.next(), start + 5ms);
  wheel.advance(start + 4ms);
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(start + 5ms);
  EXPECT_EQ(alarm.fired, 1);
  EXPECT_FALSE(alarm.timer.armed());
  EXPECT_EQ(wheel.next(), never);
}

TEST(TimerWheel, parts_of_a_millisecond_are_rounded_up) {
  TimerWheel wheel(start);
  Alarm alarm;
  wheel.arm(alarm.timer, start + 5ms + 1ns);
  wheel.advance(start + 5ms + 999'999ns);
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(start + 6ms);
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, what_is_due_already_fires_at_the_next_advance) {
  TimerWheel wheel(start);
  Alarm past, now;
  wheel.advance(start + 1s);
  wheel.arm(past.timer, start);
  wheel.arm(now.timer, start + 1s);
  EXPECT_EQ(past.fired + now.fired, 0);
  wheel.advance(start + 1s + 1ms);
  EXPECT_EQ(past.fired, 1);
  EXPECT_EQ(now.fired, 1);
}

TEST(TimerWheel, never_is_never) {
  TimerWheel wheel(start);
  Alarm alarm;
  wheel.arm(alarm.timer, start + 1ms);
  wheel.arm(alarm.timer, never);
  EXPECT_FALSE(alarm.timer.armed());
  wheel.advance(start + std::chrono::hours(24 * 365 * 10));
  EXPECT_EQ(alarm.fired, 0);
}

TEST(TimerWheel, arming_again_moves_it_and_disarming_takes_it_out) {
  TimerWheel wheel(start);
  Alarm moved, out;
  wheel.arm(moved.timer, start + 10ms);
  wheel.arm(out.timer, start + 10ms);
  wheel.arm(moved.timer, start + 10min);
  wheel.disarm(out.timer);
  wheel.advance(start + 1min);
  EXPECT_EQ(moved.fired, 0);
  wheel.advance(start + 10min);
  EXPECT_EQ(moved.fired, 1);
  EXPECT_EQ(out.fired, 0);
}

TEST(TimerWheel, a_destroyed_timer_does_not_fire) {
  TimerWheel wheel(start);
  {
    Alarm alarm;
    wheel.arm(alarm.timer, start + 10ms);
  }
  wheel.advance(start + 1s);
}

TEST(TimerWheel, a_callback_may_arm_disarm_and_destroy) {
  TimerWheel wheel(start);
  Alarm again, victim, first;
  auto gone = std::make_unique<Alarm>();
  // All of one millisecond: the first to fire decides about the others.
  first.also = [&] {
    wheel.disarm(victim.timer);
    gone.reset();
    wheel.arm(first.timer, start + 20ms);
  };
  again.also = [&] {
    if (again.fired < 100) wheel.arm(again.timer, start + 10ms);  // always in the past: one turn each
  };
  wheel.arm(first.timer, start + 10ms);
  wheel.arm(victim.timer, start + 10ms);
  wheel.arm(gone->timer, start + 10ms);
  wheel.arm(again.timer, start + 10ms);
  wheel.advance(start + 15ms);
  EXPECT_EQ(first.fired, 1);
  EXPECT_EQ(victim.fired, 0);
  EXPECT_EQ(again.fired, 6);
  wheel.advance(start + 20ms);
  EXPECT_EQ(first.fired, 2);
}

TEST(TimerWheel, a_callback_may_destroy_its_own_timer) {
  TimerWheel wheel(start);
  auto alarm = std::make_unique<Alarm>();
  int fired = 0;
  alarm->also = [&] {
    ++fired;
    auto keep = std::move(alarm->also);  // this very function
    alarm.reset();
  };
  wheel.arm(alarm->timer, start + 3ms);
  wheel.advance(start + 3ms);
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, times_beyond_the_wheel_are_kept_too) {
  constexpr auto year = std::chrono::hours(24 * 365);
  TimerWheel wheel(start);
  Alarm later, soon;
  wheel.arm(later.timer, start + 100 * year);
  wheel.advance(start + 5 * year);
  wheel.arm(soon.timer, start + 5 * year + 30s);
  wheel.advance(start + 5 * year + 30s);
  EXPECT_EQ(soon.fired, 1);
  wheel.advance(start + 100 * year - 1ms);
  EXPECT_EQ(later.fired, 0);
  wheel.advance(start + 100 * year);
  EXPECT_EQ(later.fired, 1);
}

// Two years and two months after the start the old top level turned over: short timers of the days before it, too.
TEST(TimerWheel, short_timers_pass_every_power_of_two) {
  for (unsigned bit = 6; bit <= 40; ++bit) {
    SCOPED_TRACE(bit);
    const auto edge = start + Duration(std::int64_t{1} << bit);
    TimerWheel wheel(start);
    wheel.advance(edge - 10ms);
    Alarm before, at, after, last;
    wheel.arm(before.timer, edge - 1ms);
    wheel.arm(at.timer, edge);
    wheel.arm(after.timer, edge + 1ms);
    wheel.arm(last.timer, edge + 1min);
    wheel.advance(edge - 2ms);
    EXPECT_EQ(before.fired, 0);
    wheel.advance(edge - 1ms);
    EXPECT_EQ(before.fired, 1);
    EXPECT_EQ(at.fired, 0);
    wheel.advance(edge);
    EXPECT_EQ(at.fired, 1);
    EXPECT_EQ(after.fired, 0);
    wheel.advance(edge + 1min);
    EXPECT_EQ(after.fired, 1);
    EXPECT_EQ(last.fired, 1);
  }
}

// Against the plainest structure that could do it: a sorted map of times.
class WheelAndMap {
 public:
  explicit WheelAndMap(std::uint64_t seed) : random_(seed), alarms_(64) {
    for (std::size_t i = 0; i < alarms_.size(); ++i) {
      alarms_[i].also = [this, i] { fired(i); };
    }
  }

  void step() {
    switch (random_() % 4) {
      case 0:
      case 1: arm(random_() % alarms_.size()); break;
      case 2: disarm(random_() % alarms_.size()); break;
      default: advance(random_duration());
    }
  }
  void advance(Duration by) {
    now_ += by;
    wheel_.advance(now_);
    wheel_time_ = now_;
    // Whatever was due has fired; and the wheel does not promise to look later than needed.
    for (const auto& [when, alarm] : expected_) {
      ASSERT_GT(when, now_) << "timer " << alarm << " was missed";
      ASSERT_LE(wheel_.next(), when);
    }
    if (expected_.empty()) return;
    ASSERT_GT(wheel_.next(), now_);
  }

 private:
  // Any size from a millisecond to a year, each as likely.
  Duration random_duration() { return Duration(random_() % (std::uint64_t{1} << (random_() % 35)) + 1); }

  void arm(std::size_t i) {
    disarm(i);
    const TimePoint when = now_ + random_duration() - (random_() % 8 == 0 ? 50ms : 0ms);
    wheel_.arm(alarms_[i].timer, when);
    // What is past at that time fires one millisecond later.
    expected_.emplace(std::max(when, wheel_time_ + 1ms), i);
  }
  void disarm(std::size_t i) {
    wheel_.disarm(alarms_[i].timer);
    std::erase_if(expected_, [i](const auto& each) { return each.second == i; });
  }
  void fired(std::size_t i) {
    const auto it = std::ranges::find_if(expected_, [i](const auto& each) { return each.second == i; });
    ASSERT_NE(it, expected_.end()) << "timer " << i << " fired though it was not armed";
    ASSERT_LE(it->first, now_) << "timer " << i << " fired early";
    ASSERT_GE(it->first, wheel_time_) << "out of order";
    wheel_time_ = it->first;
    expected_.erase(it);
    if (random_() % 3 == 0) arm(random_() % alarms_.size());
  }
  std::mt19937_64 random_;
  TimePoint now_ = start;
  TimePoint wheel_time_ = start;  // where the wheel stands: within advance() at the timer that fires
  TimerWheel wheel_{start};
  std::vector<Alarm> alarms_;
  std::multimap<TimePoint, std::size_t> expected_;
};

TEST(TimerWheel, does_what_a_sorted_map_does) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    WheelAndMap both(seed);
    for (int i = 0; i < 300 && !testing::Test::HasFatalFailure(); ++i) both.step();
    both.advance(Duration(std::int64_t{1} << 37));
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace sp::runtime
