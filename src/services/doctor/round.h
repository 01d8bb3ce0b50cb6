// One pass over servers, on a loop of its own.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "services/doctor/examine.h"

namespace sp::doctor {

class Round {
 public:
  // Throws std::system_error where the kernel gives no loop.
  Round(std::shared_ptr<const proxy::Snapshot> snapshot, std::vector<Subject> subjects, Effort effort);
  ~Round();
  Round(const Round&) = delete;
  Round& operator=(const Round&) = delete;

  // Examines all of them side by side, on the calling thread. `on_done` hears of each as it is done. The result is in
  // the order of the subjects, without those for which there was no time or memory.
  using OnDone = std::function<void(const Examination&)>;
  std::vector<Examination> run(const OnDone& on_done = {});
  // From any thread: run() returns soon; what was not finished has no diagnosis, and `on_done` does not hear of it.
  void stop();

 private:
  struct World;
  runtime::Task<void> examine_all(const OnDone& on_done);
  runtime::Task<void> take_turns(const OnDone& on_done);

  std::shared_ptr<const proxy::Snapshot> snapshot_;
  std::vector<Subject> subjects_;
  Effort effort_;
  std::unique_ptr<World> world_;
  std::vector<Examination> results_;
  std::size_t next_ = 0;
};

}  // namespace sp::doctor
