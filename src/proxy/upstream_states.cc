#include "proxy/upstream_states.h"

#include <algorithm>

namespace sp::proxy {

UpstreamState::UpstreamState(const policy::Upstream& upstream) {
  for (const policy::Server& server : upstream.servers) {
    policy::ServerState state;
    state.weight = server.weight;
    state.backup = server.backup;
    servers.push_back(state);
    check_ids.push_back(server.check_id);
    pools.push_back(std::make_unique<ServerPool>());
  }
}

std::shared_ptr<UpstreamState> UpstreamStates::of(const policy::Upstream& upstream) {
  const auto known = by_key_.find(upstream.key);
  if (known != by_key_.end()) return known->second;
  auto made = std::make_shared<UpstreamState>(upstream);
  apply_checks(*made);
  by_key_.emplace(upstream.key, made);
  return made;
}

void UpstreamStates::close_idle() {
  for (auto& [key, state] : by_key_) {
    for (auto& pool : state->pools) pool->clear();
  }
}

void UpstreamStates::keep_only(std::span<const std::unique_ptr<policy::Upstream>> upstreams) {
  forget_checks_but(upstreams);
  std::erase_if(by_key_, [&](const auto& known) {
    UpstreamState& state = *known.second;
    const auto found = std::ranges::find_if(upstreams, [&](const auto& each) { return each->key == known.first; });
    state.retired = found == upstreams.end();
    if (state.retired) {
      for (auto& pool : state.pools) pool->clear();
    } else {
      std::ranges::transform((*found)->servers, state.check_ids.begin(), &policy::Server::check_id);
      apply_checks(state);
    }
    return state.retired;
  });
}

void UpstreamStates::note_check(std::uint64_t check_id, CheckedState verdict) {
  const bool down = verdict == CheckedState::down;
  for (auto& [key, state] : by_key_) {
    for (std::size_t i = 0; i < state->servers.size(); ++i) {
      if (state->check_ids[i] != check_id) continue;
      policy::ServerState& server = state->servers[i];
      // What requests have met was before this.
      if (server.down_by_check && !down) server.health.succeeded();
      server.down_by_check = down;
    }
  }
  if (down) {
    down_by_check_.insert(check_id);
  } else {
    down_by_check_.erase(check_id);
  }
}

void UpstreamStates::apply_checks(UpstreamState& state) const {
  for (std::size_t i = 0; i < state.servers.size(); ++i)
    state.servers[i].down_by_check = down_by_check_.contains(state.check_ids[i]);
}

// They may come back with another configuration: then nothing is known of them.
void UpstreamStates::forget_checks_but(std::span<const std::unique_ptr<policy::Upstream>> upstreams) {
  std::erase_if(down_by_check_, [&](std::uint64_t id) {
    return std::ranges::none_of(upstreams, [&](const auto& upstream) {
      return std::ranges::find(upstream->servers, id, &policy::Server::check_id) != upstream->servers.end();
    });
  });
}

}  // namespace sp::proxy
