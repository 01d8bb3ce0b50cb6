// The listening sockets of a configuration: bound by the control thread, one for each worker and address.
#pragma once

#include <cstddef>
#include <vector>

#include "config/finding.h"
#include "proxy/worker.h"

namespace sp::app {

class Listeners {
 public:
  explicit Listeners(std::size_t workers) : workers_(workers) {}

  // Binds the addresses of `snapshot` that are not bound yet; says which could not be. What comes back is for the
  // workers, in their order. Nothing is remembered before commit().
  std::vector<std::vector<proxy::BoundListen>> bind(const proxy::Snapshot& snapshot,
                                                    std::vector<config::Finding>& findings);
  // The workers have them: these are the addresses that are served now.
  void commit(const proxy::Snapshot& snapshot);

 private:
  bool served(const Endpoint& endpoint) const;
  std::size_t workers_;
  std::vector<Endpoint> served_;
};

}  // namespace sp::app
