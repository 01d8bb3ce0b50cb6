// What a worker knows of its upstreams: how their servers do, and the connections to them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "policy/balance.h"
#include "policy/site_table.h"
#include "proxy/server_pool.h"

namespace sp::proxy {

// What a worker knows of one upstream: how its servers do, and the connections to them. It outlives snapshots, as long
// as the upstream stays the same (policy::Upstream::key).
struct UpstreamState {
  explicit UpstreamState(const policy::Upstream& upstream);
  std::vector<policy::ServerState> servers;
  std::vector<std::unique_ptr<ServerPool>> pools;
  std::uint32_t in_flight = 0;
  bool retired = false;  // no configuration has it any more: its connections are not kept
};

class UpstreamStates {
 public:
  std::shared_ptr<UpstreamState> of(const policy::Upstream& upstream);
  void close_idle();
  // Forgets the others and closes their idle connections. Requests that are under way go on with theirs.
  void keep_only(std::span<const std::unique_ptr<policy::Upstream>> upstreams);

 private:
  std::map<std::string, std::shared_ptr<UpstreamState>, std::less<>> by_key_;
};

}  // namespace sp::proxy
