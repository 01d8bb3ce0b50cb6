// A worker with its thread, its loop and its resolver; the control thread talks to it by messages.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "proxy/worker.h"
#include "runtime/epoll_loop.h"

namespace sp::app {

// Makes what a worker reports to, on the worker's own thread.
using MakeObserver = std::function<std::unique_ptr<proxy::Observer>(runtime::Loop&)>;

class WorkerThread {
 public:
  struct Settings {
    int number = 0;
    int core = -1;                // the processor that it stays on; -1: any
    std::size_t descriptors = 0;  // its share of those that the process may have
    std::shared_ptr<proxy::AddressCounts> addresses;
    std::shared_ptr<proxy::Shares> shares;
  };
  WorkerThread(Settings settings, MakeObserver make_observer);
  ~WorkerThread();  // stops the loop and waits for the thread
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // Each waits for the worker's answer.
  Result<void> adopt(std::shared_ptr<const proxy::Snapshot> snapshot, std::vector<proxy::BoundListen> sockets);
  std::size_t sessions();
  void drain();
  void cut();
  // Does not wait. Throws std::bad_alloc.
  void note_check(std::uint64_t check_id, proxy::CheckedState state);

 private:
  struct World;
  void run(std::promise<void>& ready);
  // Runs `work` on the worker's thread and waits.
  void ask(std::function<void(proxy::Worker&)> work);

  Settings settings_;
  MakeObserver make_observer_;
  std::unique_ptr<World> world_;
  std::thread thread_;
};

}  // namespace sp::app
