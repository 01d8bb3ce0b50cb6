// At most so many at a time; the others wait in line.
#pragma once

#include <cstddef>

#include "base/intrusive_list.h"
#include "runtime/task.h"
#include "runtime/wait.h"

namespace sp::health {

class Turns {
 public:
  explicit Turns(std::size_t most) : left_(most) {}

  // Ok: leave() is to follow. Else the token's code.
  runtime::Task<Result<void>> enter(runtime::CancelToken& token);
  void leave();

 private:
  struct Waiting : ListHook {
    runtime::Event turn;
  };
  std::size_t left_;
  IntrusiveList<Waiting> waiting_;
};

}  // namespace sp::health
