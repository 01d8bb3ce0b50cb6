// What a worker knows of its upstreams: how their servers do, and the connections to them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
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
  std::vector<std::uint64_t> check_ids;  // of the same: policy::Server::check_id
  std::vector<std::unique_ptr<ServerPool>> pools;
  std::uint32_t in_flight = 0;
  bool retired = false;  // no configuration has it any more: its connections are not kept
};

// What the checks of health say of a server.
enum class CheckedState : std::uint8_t { up, down };

class UpstreamStates {
 public:
  std::shared_ptr<UpstreamState> of(const policy::Upstream& upstream);
  void close_idle();
  // Forgets the others and closes their idle connections. Requests that are under way go on with theirs.
  void keep_only(std::span<const std::unique_ptr<policy::Upstream>> upstreams);
  // Of servers with this policy::Server::check_id: those that there are, and those of configurations to come.
  void note_check(std::uint64_t check_id, CheckedState verdict);

 private:
  void apply_checks(UpstreamState& state) const;
  void forget_checks_but(std::span<const std::unique_ptr<policy::Upstream>> upstreams);
  std::map<std::string, std::shared_ptr<UpstreamState>, std::less<>> by_key_;
  std::set<std::uint64_t> down_by_check_;
};

}  // namespace sp::proxy
