// The running program: a control thread that reads configurations and signals, and a worker thread for each core.
//
//   SIGTERM, SIGINT  no new connections; requests in flight end, then the program. A second one ends it at once.
//   SIGHUP           reads the configuration again. If it is wrong, the old one goes on, and the log says why.
//   SIGUSR1          opens the log files again (after logrotate has moved them).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/load.h"

namespace sp::app {

struct RunOptions {
  // Reads the configuration: at the start, and again with each SIGHUP.
  std::function<config::Loaded()> load;
  // Serves certificates and keys. Outlives the server.
  const config::FileSystem* files = nullptr;
  // Called once when the gate accepts connections, with one line for each address.
  std::function<void(const std::vector<std::string>& addresses)> on_ready;
};

// Runs until a signal ends it. The exit code: 0, 1 (could not start), 3 (the configuration is wrong).
int run_server(const RunOptions& options);

}  // namespace sp::app
