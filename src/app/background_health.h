// The checks of health, on a thread and a loop of their own: one checker for all workers, so that a server is asked
// once, however many there are. What it finds out goes to each of them by a message.
#pragma once

#include <memory>
#include <vector>

#include "app/logs.h"
#include "app/worker_thread.h"
#include "proxy/snapshot.h"

namespace sp::app {

class BackgroundHealth {
 public:
  // Both outlive it; the workers stay the same.
  BackgroundHealth(Logs& logs, const std::vector<std::unique_ptr<WorkerThread>>& workers);
  ~BackgroundHealth();  // gives up what is under way
  BackgroundHealth(const BackgroundHealth&) = delete;
  BackgroundHealth& operator=(const BackgroundHealth&) = delete;

  // Behind the workers' own. The thread begins with the first configuration that has checks.
  void adopt(std::shared_ptr<const proxy::Snapshot> snapshot);

 private:
  class Running;
  Logs& logs_;
  const std::vector<std::unique_ptr<WorkerThread>>& workers_;
  std::unique_ptr<Running> running_;
};

}  // namespace sp::app
