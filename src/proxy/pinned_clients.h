// The clients that refuse the certificates which inspection shows them, and for whom: bounded in number and time, one
// table for all workers, since a client's next connection comes to any of them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "base/recently_used.h"
#include "runtime/loop.h"

namespace sp::proxy {

class PinnedClients {
 public:
  static constexpr std::size_t most = 1024;  // the one that was met longest ago makes room
  static constexpr std::chrono::hours remembered{1};

  // True: that is news.
  bool note(std::string client, runtime::TimePoint now);
  bool knows(std::string_view client, runtime::TimePoint now);

 private:
  std::atomic<bool> any_ = false;  // mostly there is none, and nobody takes the lock
  std::mutex mutex_;
  RecentlyUsed<runtime::TimePoint> known_{most};  // until when
};

}  // namespace sp::proxy
