// Cancelling is asking, then waiting: a token goes down, every operation that hears it ends with its Code, and whoever
// started the work collects it. No frame is destroyed while it is suspended.
#pragma once

#include "base/intrusive_list.h"
#include "base/result.h"

namespace sp::runtime {

// Called once when the source is cancelled. Leaves its source when it is destroyed.
class CancelCallback : public ListHook {
 public:
  using Function = void (*)(void* context, Code why);
  CancelCallback(Function function, void* context) : function_(function), context_(context) {}

 private:
  friend class CancelSource;
  Function function_;
  void* context_;
};

class CancelSource {
 public:
  CancelSource() : from_parent_(&CancelSource::parent_cancelled, this) {}
  // Is cancelled when `parent` is; `parent` outlives it.
  explicit CancelSource(CancelSource& parent) : CancelSource() { parent.subscribe(from_parent_); }

  bool cancelled() const { return why_ != Code::ok; }
  // Why: Code::ok while it is not cancelled.
  Code why() const { return why_; }

  // The first call counts; callbacks run before it returns.
  void cancel(Code why = Code::cancelled) {
    if (cancelled()) return;
    why_ = why;
    while (CancelCallback* callback = callbacks_.pop_front()) callback->function_(callback->context_, why);
  }

  // Calls at once if it is cancelled already.
  void subscribe(CancelCallback& callback) {
    if (cancelled()) {
      callback.function_(callback.context_, why_);
    } else {
      callbacks_.push_back(callback);
    }
  }

 private:
  static void parent_cancelled(void* self, Code why) { static_cast<CancelSource*>(self)->cancel(why); }
  Code why_ = Code::ok;
  IntrusiveList<CancelCallback> callbacks_;
  CancelCallback from_parent_;
};

// Whoever only listens takes it by reference.
using CancelToken = CancelSource;

}  // namespace sp::runtime
