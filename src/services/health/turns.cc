#include "services/health/turns.h"

namespace sp::health {

runtime::Task<Result<void>> Turns::enter(runtime::CancelToken& token) {
  if (left_ != 0) {
    --left_;
    co_return Result<void>{};
  }
  Waiting mine;
  waiting_.push_back(mine);
  auto came = co_await mine.turn.wait(runtime::never, &token);
  co_return came;
}

void Turns::leave() {
  if (Waiting* next = waiting_.pop_front()) {
    next->turn.set();
  } else {
    ++left_;
  }
}

}  // namespace sp::health
