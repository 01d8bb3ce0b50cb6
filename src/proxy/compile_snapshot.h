// From a configuration to a snapshot: certificates load, patterns compile, or it says why not.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/files.h"
#include "config/finding.h"
#include "proxy/snapshot.h"

namespace sp::proxy {

struct CompileDeps {
  const config::FileSystem& files;  // certificates and keys
  std::chrono::system_clock::time_point now;
  std::shared_ptr<const tls::TicketKeys> tickets;  // they outlive configurations
  std::string via = "sallyport";
  std::uint64_t generation = 0;
  // The users of a way out, from the file that the configuration names; null, and a finding, where it cannot be read.
  // Empty: nobody is going to ask.
  std::function<std::shared_ptr<Users>(const config::Text& file, const config::FileSystem& files,
                                       std::vector<config::Finding>& findings)>
      load_users = {};
};

// Adds what is wrong to `findings`, all of it; null if there is an error among them.
std::shared_ptr<const Snapshot> compile_snapshot(config::Config config, const CompileDeps& deps,
                                                 std::vector<config::Finding>& findings);

}  // namespace sp::proxy
