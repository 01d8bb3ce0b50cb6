// The doctor's round at the start and after each reload: in the background, on a thread and a loop of its own. What it
// finds are lines of the operator's log.
#pragma once

#include <memory>
#include <thread>

#include "app/logs.h"
#include "proxy/snapshot.h"

namespace sp::doctor {
class Round;
}

namespace sp::app {

class BackgroundDoctor {
 public:
  // `logs` outlives it.
  explicit BackgroundDoctor(Logs& logs);
  ~BackgroundDoctor();  // ends a round that runs
  BackgroundDoctor(const BackgroundDoctor&) = delete;
  BackgroundDoctor& operator=(const BackgroundDoctor&) = delete;

  // Begins a round, instead of one that runs. Where the configuration wants none, or has no such server, there is none.
  void begin(std::shared_ptr<const proxy::Snapshot> snapshot);

 private:
  void end();

  Logs& logs_;
  std::unique_ptr<doctor::Round> round_;
  std::thread thread_;
};

}  // namespace sp::app
