#include "services/doctor/round.h"

#include <algorithm>
#include <new>
#include <span>
#include <string_view>

#include "proxy/offered_protocols.h"
#include "runtime/ares_resolver.h"
#include "runtime/epoll_loop.h"
#include "runtime/epoll_network.h"
#include "runtime/scope.h"
#include "tls/client_context.h"

namespace sp::doctor {

using runtime::Task;

namespace {

// Servers that are examined at a time; each takes up to six connections.
constexpr std::size_t side_by_side = 64;

}  // namespace

struct Round::World {
  World()
      : network(loop),
        resolver(runtime::make_ares_resolver(loop, loop)),
        probes{loop, network, *resolver, configured, lenient} {}

  // A context that the library refuses is one that no worker has either: there is no such snapshot.
  void make_contexts(const proxy::Snapshot& snapshot) {
    config::UpstreamTlsConfig none;
    none.verify = config::Verify::none;
    std::vector<config::Finding> findings;
    const auto no_check = tls::ClientSettings::load(none, config::MemoryFileSystem(), {}, findings);
    for (std::size_t i = 0; i < snapshot.policy->upstreams.size(); ++i) {
      const auto names = proxy::offered_protocols(*snapshot.policy->upstreams[i]);
      configured.clients.push_back(context(snapshot.upstream_tls[i], names));
      lenient.clients.push_back(context(no_check, names));
      if (configured.clients.back() == nullptr) configured.clients.back() = context(no_check, names);
    }
  }

  static std::unique_ptr<tls::ClientContext> context(std::shared_ptr<const tls::ClientSettings> settings,
                                                     std::span<const std::string_view> names) {
    if (settings == nullptr) return nullptr;
    auto made = tls::ClientContext::make(std::move(settings), names, 1);
    return made ? *std::move(made) : nullptr;
  }

  runtime::EpollLoop loop;
  runtime::EpollNetwork network;
  std::unique_ptr<runtime::Resolver> resolver;
  proxy::WorkerContexts configured, lenient;
  ProbeWorld probes;
  runtime::CancelSource stop;
};

Round::Round(std::shared_ptr<const proxy::Snapshot> snapshot, std::vector<Subject> subjects, Effort effort)
    : snapshot_(std::move(snapshot)),
      subjects_(std::move(subjects)),
      effort_(effort),
      world_(std::make_unique<World>()),
      results_(subjects_.size()) {
  world_->make_contexts(*snapshot_);
}

Round::~Round() = default;

std::vector<Examination> Round::run(const OnDone& on_done) {
  runtime::Loop::set_current(&world_->loop);
  runtime::Scope scope;
  world_->loop.send([&] { scope.spawn(examine_all(on_done)); });
  world_->loop.run();
  std::erase_if(results_, [](const Examination& one) { return one.seen.empty(); });
  return std::move(results_);
}

void Round::stop() {
  world_->loop.send([this] { world_->stop.cancel(); });
}

Task<void> Round::examine_all(const OnDone& on_done) {
  runtime::Scope scope(world_->stop);
  try {
    for (std::size_t i = 0; i < std::min(side_by_side, subjects_.size()); ++i) scope.spawn(take_turns(on_done));
    // Those that have begun take the turns of the others. NOLINTNEXTLINE(bugprone-empty-catch)
  } catch (const std::bad_alloc&) {
  }
  co_await scope.join();
  world_->loop.stop();
}

Task<void> Round::take_turns(const OnDone& on_done) {
  while (next_ < subjects_.size() && !world_->stop.cancelled()) {
    const std::size_t mine = next_++;
    try {
      co_await examine(world_->probes, subjects_[mine], effort_, world_->stop, results_[mine]);
      if (on_done && !world_->stop.cancelled()) on_done(results_[mine]);
      // Nothing is said of this one. NOLINTNEXTLINE(bugprone-empty-catch)
    } catch (const std::bad_alloc&) {
    }
  }
}

}  // namespace sp::doctor
