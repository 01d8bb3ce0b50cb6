// The small things that a coroutine can wait for, besides streams: time, and an event of the same thread.
#pragma once

#include <coroutine>

#include "runtime/cancel.h"
#include "runtime/loop.h"
#include "runtime/task.h"

namespace sp::runtime {

// co_await sleep_until(t, token): ok when the time has come, the token's code when it was cancelled before.
class SleepUntil {
 public:
  SleepUntil(TimePoint when, CancelToken* token) : when_(when), token_(token) {}
  bool await_ready() const { return token_ != nullptr && token_->cancelled(); }
  void await_suspend(std::coroutine_handle<> handle) {
    waiter_ = handle;
    Loop::current().timers().arm(timer_, when_);
    if (token_ != nullptr) token_->subscribe(on_cancel_);
  }
  Result<void> await_resume() const {
    if (token_ != nullptr && token_->cancelled()) return fail(token_->why(), "sleep");
    return {};
  }

 private:
  static void fired(void* self) { static_cast<SleepUntil*>(self)->wake(); }
  static void cancelled(void* self, Code) { static_cast<SleepUntil*>(self)->wake(); }
  void wake() {
    timer_.unlink();
    on_cancel_.unlink();
    Loop::current().post(waiter_);
  }
  TimePoint when_;
  CancelToken* token_;
  std::coroutine_handle<> waiter_;
  Timer timer_{&SleepUntil::fired, this};
  CancelCallback on_cancel_{&SleepUntil::cancelled, this};
};
inline SleepUntil sleep_until(TimePoint when, CancelToken* token = nullptr) { return {when, token}; }
inline SleepUntil sleep_for(Duration time, CancelToken* token = nullptr) {
  return {Loop::current().now() + time, token};
}

// One waiter, one setter: set() wakes the waiter, or lets the next wait() pass at once. With a deadline and a token.
class Event {
 public:
  void set() {
    set_ = true;
    wake();
  }
  void clear() { set_ = false; }
  bool is_set() const { return set_; }

  class Wait {
   public:
    Wait(Event& event, TimePoint deadline, CancelToken* token) : event_(event), deadline_(deadline), token_(token) {}
    bool await_ready() const { return event_.set_ || (token_ != nullptr && token_->cancelled()); }
    void await_suspend(std::coroutine_handle<> handle) {
      waiter_ = handle;
      event_.waiting_ = this;
      if (deadline_ != never) Loop::current().timers().arm(timer_, deadline_);
      if (token_ != nullptr) token_->subscribe(on_cancel_);
    }
    Result<void> await_resume() const {
      if (event_.set_) return {};
      if (token_ != nullptr && token_->cancelled()) return fail(token_->why(), "event");
      return fail(Code::timeout, "event");
    }

   private:
    friend class Event;
    static void fired(void* self) { static_cast<Wait*>(self)->wake(); }
    static void cancelled(void* self, Code) { static_cast<Wait*>(self)->wake(); }
    void wake() {
      timer_.unlink();
      on_cancel_.unlink();
      event_.waiting_ = nullptr;
      Loop::current().post(waiter_);
    }
    Event& event_;
    TimePoint deadline_;
    CancelToken* token_;
    std::coroutine_handle<> waiter_;
    Timer timer_{&Wait::fired, this};
    CancelCallback on_cancel_{&Wait::cancelled, this};
  };
  // Ends when the event is set, at the deadline (Code::timeout), or when the token is cancelled (its code).
  Wait wait(TimePoint deadline = never, CancelToken* token = nullptr) { return {*this, deadline, token}; }

 private:
  void wake() {
    if (waiting_ != nullptr) waiting_->wake();
  }
  bool set_ = false;
  Wait* waiting_ = nullptr;
};

}  // namespace sp::runtime
