#include "services/health/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/units.h"
#include "services/health/contexts.h"

namespace sp::health {

using proxy::CheckedState;
using runtime::Task;

bool has_checks(const proxy::Snapshot& snapshot) {
  return std::ranges::any_of(snapshot.policy->upstreams,
                             [](const auto& upstream) { return upstream->health.has_value(); });
}

void Checker::adopt(std::shared_ptr<const proxy::Snapshot> snapshot) {
  next_ = std::move(snapshot);
  changed_.set();
}

Task<void> Checker::run() {
  while (!stop_.cancelled()) {
    changed_.clear();
    take_over();
    runtime::Scope scope(stop_);
    begin_all(scope);
    [[maybe_unused]] const auto why = co_await changed_.wait(runtime::never, &stop_);
    scope.cancel();
    co_await scope.join();
  }
}

// ---- which servers

// Where memory ends, everything stays as it is.
void Checker::take_over() {
  if (next_ == nullptr) return;
  try {
    auto contexts = contexts_of(*next_);
    std::map<std::uint64_t, Watched> servers;
    for (const auto& upstream : next_->policy->upstreams) {
      if (!upstream->health) continue;
      for (const policy::Server& server : upstream->servers)
        servers.emplace(server.check_id, watched(*upstream, server));
    }
    contexts_ = std::move(contexts);
    servers_ = std::move(servers);
    snapshot_ = std::exchange(next_, nullptr);
  } catch (const std::bad_alloc&) {
    deps_.listener.event(Severity::error, name(Code::out_of_memory),
                         "health checks go on with the servers of the configuration before");
  }
}

// Servers that are new do not all begin at once, or they would be checked at once for ever.
Checker::Watched Checker::watched(const policy::Upstream& upstream, const policy::Server& server) {
  const auto known = servers_.find(server.check_id);
  if (known == servers_.end()) {
    const auto every = static_cast<std::uint64_t>(upstream.health->every.count());
    const runtime::Duration wait(static_cast<runtime::Duration::rep>(random_.next() % every));
    return {.upstream = &upstream, .server = &server, .due = deps_.world.loop.now() + wait, .tally = {}, .told = {}};
  }
  Watched same = known->second;
  same.upstream = &upstream;
  same.server = &server;
  return same;
}

// ---- their checks

void Checker::begin_all(runtime::Scope& scope) {
  for (auto& [id, server] : servers_) {
    try {
      scope.spawn(watch(server, scope.token()));
    } catch (const std::bad_alloc&) {  // nobody would find out that it is up again
      server.tally = {};
      note(server, {.outcome = Outcome::unknown, .why = {}});
    }
  }
}

Task<void> Checker::watch(Watched& server, runtime::CancelToken& token) {
  while (!token.cancelled()) {
    [[maybe_unused]] const auto slept = co_await runtime::sleep_until(server.due, &token);
    if (token.cancelled()) co_return;
    server.due = deps_.world.loop.now() + server.upstream->health->every;
    try {
      co_await check_once(server, token);
      // That says nothing of the server: the next check will. NOLINTNEXTLINE(bugprone-empty-catch)
    } catch (const std::bad_alloc&) {
    }
    // One that was given up is made up for: reloads in a row would let none come to its end.
    if (token.cancelled()) server.due = deps_.world.loop.now();
  }
}

Task<void> Checker::check_once(Watched& server, runtime::CancelToken& token) {
  auto turn = co_await turns_.enter(token);
  if (!turn) co_return;
  CheckResult result;
  try {
    result = co_await check(deps_.world, *contexts_, *server.upstream, *server.server, token);
    // The turn is to be given back. NOLINTNEXTLINE(bugprone-empty-catch)
  } catch (const std::bad_alloc&) {
  }
  turns_.leave();
  if (!token.cancelled()) note(server, result);
}

// ---- what is found out

void Checker::note(Watched& server, const CheckResult& result) {
  server.tally.note(result.outcome, *server.upstream->health);
  const CheckedState state = server.tally.state();
  if (server.told == state) return;
  try {
    deps_.listener.checked(server.server->check_id, state);
    const bool is_news = server.told.has_value() || state == CheckedState::down;
    server.told = state;
    if (is_news) tell_of_change(server, result.why);
    // It is told after the next check. NOLINTNEXTLINE(bugprone-empty-catch)
  } catch (const std::bad_alloc&) {
  }
}

void Checker::tell_of_change(const Watched& server, std::string_view why) {
  const policy::Upstream& upstream = *server.upstream;
  const std::string which = fmt::format("server {} of {}", server.server->name, upstream.name);
  if (server.tally.state() == CheckedState::up) {
    return deps_.listener.event(Severity::notice, "server_up", which + " is up again");
  }
  deps_.listener.event(
      Severity::warning, "server_down",
      fmt::format("{} is down: {}: {}", which, counted(upstream.health->fall, "check") + " failed", why));
  for (const auto& each : snapshot_->policy->upstreams) {
    const bool has_it =
        std::ranges::find(each->servers, server.server->check_id, &policy::Server::check_id) != each->servers.end();
    if (!has_it || !all_down(*each)) continue;
    deps_.listener.event(
        Severity::error, "all_servers_down",
        fmt::format("all servers of {} are down by their checks: they are tried all the same", each->name));
  }
}

bool Checker::all_down(const policy::Upstream& upstream) const {
  return std::ranges::all_of(upstream.servers, [&](const policy::Server& server) {
    const auto found = servers_.find(server.check_id);
    return found != servers_.end() && found->second.tally.state() == CheckedState::down;
  });
}

}  // namespace sp::health
