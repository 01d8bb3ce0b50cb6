#include "services/health/once.h"

#include <algorithm>
#include <new>

#include "runtime/ares_resolver.h"
#include "runtime/epoll_loop.h"
#include "runtime/epoll_network.h"
#include "runtime/scope.h"
#include "runtime/wait.h"
#include "services/health/contexts.h"

namespace sp::health {

using runtime::Task;

namespace {

constexpr std::size_t side_by_side = 64;

class Once {
 public:
  Once(const proxy::Snapshot& snapshot, std::span<const Target> targets, runtime::Duration most)
      : contexts_(contexts_of(snapshot)), targets_(targets), most_(most), results_(targets.size()) {}

  std::vector<CheckResult> run() {
    runtime::Loop::set_current(&loop_);
    runtime::Scope scope;
    loop_.send([&] { scope.spawn(check_all()); });
    loop_.run();
    return std::move(results_);
  }

 private:
  Task<void> check_all() {
    runtime::Scope scope, clock;
    for (std::size_t i = 0; i < std::min(side_by_side, targets_.size()); ++i) scope.spawn(take_turns(scope.token()));
    clock.spawn(end_in_time(scope, clock.token()));
    co_await scope.join();
    clock.cancel();
    co_await clock.join();
    loop_.stop();
  }

  Task<void> end_in_time(runtime::Scope& scope, runtime::CancelToken& token) {
    auto slept = co_await runtime::sleep_for(most_, &token);
    if (slept) scope.cancel();
  }

  Task<void> take_turns(runtime::CancelToken& token) {
    while (next_ < targets_.size() && !token.cancelled()) {
      const std::size_t mine = next_++;
      const Target& target = targets_[mine];
      if (target.upstream->health)
        results_[mine] = co_await check(world_, *contexts_, *target.upstream, *target.server, token);
    }
  }

  runtime::EpollLoop loop_;
  runtime::EpollNetwork network_{loop_};
  std::unique_ptr<runtime::Resolver> resolver_{runtime::make_ares_resolver(loop_, loop_)};
  CheckWorld world_{loop_, network_, *resolver_};
  std::unique_ptr<proxy::WorkerContexts> contexts_;
  std::span<const Target> targets_;
  runtime::Duration most_;
  std::vector<CheckResult> results_;
  std::size_t next_ = 0;
};

}  // namespace

std::vector<CheckResult> check_once(const proxy::Snapshot& snapshot, std::span<const Target> targets,
                                    runtime::Duration most) {
  const bool none = std::ranges::none_of(targets, [](const Target& each) { return each.upstream->health.has_value(); });
  if (none) return std::vector<CheckResult>(targets.size());
  return Once(snapshot, targets, most).run();
}

}  // namespace sp::health
