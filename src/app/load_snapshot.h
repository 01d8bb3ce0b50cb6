// A configuration as the commands use it: read, checked and compiled, without anything being started.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/command.h"
#include "config/finding.h"
#include "proxy/snapshot.h"

namespace sp::app {

// Whether certificates, keys, authorities and the folder of the access log must be there: `check` looks at them,
// `explain` and `test` can do without.
enum class NamedFiles : std::uint8_t {
  required,
  if_readable,  // the others only warn
  not_looked_at,
};

struct LoadedSnapshot {
  std::shared_ptr<const proxy::Snapshot> snapshot;  // null where there are errors
  std::vector<config::Finding> findings;
  config::Sources sources;
};

LoadedSnapshot load_snapshot(const std::string& path, NamedFiles named, const CommandWorld& world);

}  // namespace sp::app
