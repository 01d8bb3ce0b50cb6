#include "proxy/upstream_states.h"

#include <algorithm>

namespace sp::proxy {

UpstreamState::UpstreamState(const policy::Upstream& upstream) {
  for (const policy::Server& server : upstream.servers) {
    policy::ServerState state;
    state.weight = server.weight;
    state.backup = server.backup;
    servers.push_back(state);
    pools.push_back(std::make_unique<ServerPool>());
  }
}

std::shared_ptr<UpstreamState> UpstreamStates::of(const policy::Upstream& upstream) {
  std::shared_ptr<UpstreamState>& known = by_key_[upstream.key];
  if (known == nullptr) known = std::make_shared<UpstreamState>(upstream);
  return known;
}

void UpstreamStates::close_idle() {
  for (auto& [key, state] : by_key_) {
    for (auto& pool : state->pools) pool->clear();
  }
}

void UpstreamStates::keep_only(std::span<const std::unique_ptr<policy::Upstream>> upstreams) {
  std::erase_if(by_key_, [&](const auto& known) {
    UpstreamState& state = *known.second;
    state.retired = std::ranges::none_of(upstreams, [&](const auto& each) { return each->key == known.first; });
    if (state.retired) {
      for (auto& pool : state.pools) pool->clear();
    }
    return state.retired;
  });
}

}  // namespace sp::proxy
