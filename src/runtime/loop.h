// The heart of one thread: time, timers and what is ready to run. What waits for sockets is added by EpollLoop; a
// simulation drives the same Loop with a clock of its own.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "runtime/timer_wheel.h"

namespace sp::runtime {

class Loop {
 public:
  explicit Loop(TimePoint start) : now_(start), timers_(start) {}
  virtual ~Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // The time at the beginning of this turn: monotonic, cheap, good to a millisecond.
  TimePoint now() const { return now_; }
  // The time of day now, in microseconds since 1970: for Date, logs and certificates, never for deadlines.
  virtual std::chrono::system_clock::time_point wall_clock() const = 0;
  // The monotonic time of this very moment, for timings in the log (costs a reading of the clock).
  virtual TimePoint precise_now() const { return now_; }

  TimerWheel& timers() { return timers_; }
  // One more will be posted now and then, never twice at a time: until he leaves there is room for him, so that posting
  // cannot fail in the middle of something. Throws std::bad_alloc.
  void enter();
  void leave() { runners_ -= runners_ == 0 ? 0 : 1; }
  // Resumes `handle` in this turn, after what is running now. From this loop's thread only.
  void post(std::coroutine_handle<> handle) { ready_.push_back(handle); }
  // Resumes `handle` when everybody else who is ready has had a turn.
  void post_to_next_turn(std::coroutine_handle<> handle) { next_turn_.push_back(handle); }
  // Runs `message` on this loop's thread, in a later turn. From any thread, while the loop lives.
  virtual void send(std::function<void()> message) = 0;
  // Which turn this is.
  std::uint32_t turn() const { return turn_; }

  // The loop whose thread this is; set by whoever runs it.
  static Loop& current() { return *current_; }
  static void set_current(Loop* loop) { current_ = loop; }

 protected:
  void set_now(TimePoint now) { now_ = now; }
  bool idle() const { return ready_.empty() && next_turn_.empty(); }
  // Runs what is ready, including what becomes ready by it.
  void run_ready();
  // At the end of a turn, when every socket that was ready has been served: lets those go on who gave way in it.
  void end_turn();

 private:
  TimePoint now_;
  TimerWheel timers_;
  std::vector<std::coroutine_handle<>> ready_, running_, next_turn_;
  std::size_t runners_ = 0, room_ = 0;  // how many may be posted; how many have room
  std::uint32_t turn_ = 1;
  static thread_local Loop* current_;
};

}  // namespace sp::runtime
