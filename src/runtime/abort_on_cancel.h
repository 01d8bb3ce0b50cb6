// Ends what a stream is waited for when nobody wants it any more.
#pragma once

#include "runtime/cancel.h"
#include "runtime/stream.h"

namespace sp::runtime {

// As long as it lives: aborts the stream, with the token's code, when the token is cancelled. Both outlive it.
class AbortOnCancel {
 public:
  AbortOnCancel(Stream& stream, CancelToken& token) : callback_(&AbortOnCancel::cancelled, &stream) {
    token.subscribe(callback_);
  }

 private:
  static void cancelled(void* stream, Code why) { static_cast<Stream*>(stream)->abort(why); }
  CancelCallback callback_;
};

}  // namespace sp::runtime
