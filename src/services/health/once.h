// The checks of a configuration, each of them once: for whoever wants to know now.
#pragma once

#include <span>
#include <vector>

#include "services/health/check.h"

namespace sp::health {

struct Target {
  const policy::Upstream* upstream = nullptr;
  const policy::Server* server = nullptr;
};

// Side by side, on the calling thread and a loop of its own. The results are in the order of the targets, `unknown` for
// those without a check, and for those that have not ended within `most`. Throws std::system_error where the kernel
// gives no loop.
std::vector<CheckResult> check_once(const proxy::Snapshot& snapshot, std::span<const Target> targets,
                                    runtime::Duration most);

}  // namespace sp::health
