// Checks the servers of a configuration, each at its own pace: one checker for the process, on one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "runtime/scope.h"
#include "runtime/wait.h"
#include "services/health/check.h"
#include "services/health/turns.h"

namespace sp::health {

// Who hears what the checks find out. Called on the checker's thread.
class Listener {
 public:
  virtual ~Listener() = default;
  // Of policy::Server::check_id: when it changes, and with the first check of a server that was not known before. May
  // throw std::bad_alloc: then it is told again, after the next check.
  virtual void checked(std::uint64_t check_id, proxy::CheckedState state) = 0;
  // A line of the operator's log.
  virtual void event(Severity severity, std::string_view what, std::string_view detail) = 0;
};

// Whether there is anything to check.
bool has_checks(const proxy::Snapshot& snapshot);

class Checker {
 public:
  struct Deps {
    CheckWorld world;
    Listener& listener;
    std::uint64_t seed = 1;
  };
  // So many checks at a time: each has a descriptor.
  static constexpr std::size_t most_at_a_time = 256;

  explicit Checker(const Deps& deps) : deps_(deps), random_(deps.seed) {}
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  // From now on the servers of this configuration; checks that run are given up. What is known of a server whose checks
  // stay the same (policy::Server::check_id) is kept, and the time of its next one.
  void adopt(std::shared_ptr<const proxy::Snapshot> snapshot);
  // Checks until stop(): soon after that nothing of it is left.
  runtime::Task<void> run();
  void stop() { stop_.cancel(); }

 private:
  struct Watched {
    const policy::Upstream* upstream = nullptr;
    const policy::Server* server = nullptr;
    runtime::TimePoint due{};
    Tally tally;
    std::optional<proxy::CheckedState> told;
  };

  void take_over();
  Watched watched(const policy::Upstream& upstream, const policy::Server& server);
  void begin_all(runtime::Scope& scope);
  runtime::Task<void> watch(Watched& server, runtime::CancelToken& token);
  runtime::Task<void> check_once(Watched& server, runtime::CancelToken& token);
  void note(Watched& server, const CheckResult& result);
  void tell_of_change(const Watched& server, std::string_view why);
  bool all_down(const policy::Upstream& upstream) const;

  Deps deps_;
  proxy::Random random_;
  runtime::CancelSource stop_;
  runtime::Event changed_;
  std::shared_ptr<const proxy::Snapshot> next_;  // to be taken over
  std::shared_ptr<const proxy::Snapshot> snapshot_;
  std::unique_ptr<proxy::WorkerContexts> contexts_;
  std::map<std::uint64_t, Watched> servers_;  // by check_id
  Turns turns_{most_at_a_time};
};

}  // namespace sp::health
