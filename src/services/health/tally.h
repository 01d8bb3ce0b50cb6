// When checks that succeed or fail one after the other make a server up or down. Pure.
#pragma once

#include <cstdint>

#include "policy/site_table.h"
#include "proxy/upstream_states.h"

namespace sp::health {

enum class Outcome : std::uint8_t {
  well,
  failed,
  unknown,  // it came to nothing for a reason of this gate's own: that says nothing of the server
};

// A server is up until its checks say otherwise.
class Tally {
 public:
  // Says whether this outcome has changed the state.
  bool note(Outcome outcome, const policy::HealthCheck& rule);
  proxy::CheckedState state() const { return state_; }

 private:
  proxy::CheckedState state_ = proxy::CheckedState::up;
  std::uint32_t against_ = 0;  // outcomes in a row that speak against the state
};

}  // namespace sp::health
