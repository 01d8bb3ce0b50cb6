#include "app/background_health.h"

#include <pthread.h>

#include <random>
#include <system_error>
#include <thread>

#include "runtime/ares_resolver.h"
#include "runtime/epoll_loop.h"
#include "runtime/epoll_network.h"
#include "runtime/scope.h"
#include "services/health/checker.h"

namespace sp::app {

// Throws std::system_error where the kernel gives no loop or no thread.
class BackgroundHealth::Running final : public health::Listener {
 public:
  Running(Logs& logs, const std::vector<std::unique_ptr<WorkerThread>>& workers)
      : logs_(logs),
        workers_(workers),
        network_(loop_),
        resolver_(runtime::make_ares_resolver(loop_, loop_)),
        checker_({.world = {loop_, network_, *resolver_}, .listener = *this, .seed = std::random_device{}()}),
        thread_([this] { serve(); }) {}

  ~Running() override {
    loop_.send([this] { checker_.stop(); });
    thread_.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void adopt(std::shared_ptr<const proxy::Snapshot> snapshot) {
    loop_.send([this, snapshot = std::move(snapshot)]() mutable { checker_.adopt(std::move(snapshot)); });
  }

  // ---- health::Listener
  void checked(std::uint64_t check_id, proxy::CheckedState state) override {
    for (const auto& worker : workers_) worker->note_check(check_id, state);
  }
  void event(Severity severity, std::string_view what, std::string_view detail) override {
    logs_.event(severity, what, detail);
  }

 private:
  void serve() {
    pthread_setname_np(pthread_self(), "health");
    runtime::Loop::set_current(&loop_);
    runtime::Scope scope;
    loop_.send([&] { scope.spawn(until_stopped()); });
    loop_.run();
  }

  runtime::Task<void> until_stopped() {
    co_await checker_.run();
    loop_.stop();
  }

  Logs& logs_;
  const std::vector<std::unique_ptr<WorkerThread>>& workers_;
  runtime::EpollLoop loop_;
  runtime::EpollNetwork network_;
  std::unique_ptr<runtime::Resolver> resolver_;
  health::Checker checker_;
  std::thread thread_;  // the last: it uses all of the others
};

BackgroundHealth::BackgroundHealth(Logs& logs, const std::vector<std::unique_ptr<WorkerThread>>& workers)
    : logs_(logs), workers_(workers) {}
BackgroundHealth::~BackgroundHealth() = default;

void BackgroundHealth::adopt(std::shared_ptr<const proxy::Snapshot> snapshot) {
  if (running_ == nullptr && !health::has_checks(*snapshot)) return;
  try {
    if (running_ == nullptr) running_ = std::make_unique<Running>(logs_, workers_);
    running_->adopt(std::move(snapshot));
  } catch (const std::system_error&) {
    logs_.event(Severity::error, name(Code::no_descriptors), "the health of servers is not checked");
  }
}

}  // namespace sp::app
