// The clients that refuse the certificates which inspection shows them, and for whom: bounded in number and time, one
// table for all workers, since a client's next connection comes to any of them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
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

  enum class Verdict : std::uint8_t { none, refuses, refuses_as_news };

  // It said so, by an alert. Who has used such a certificate does not pin another: it is told, and nothing more
  // follows.
  Verdict refused(std::string client, runtime::TimePoint now);
  // It went without a word when it had seen the certificate. Some programs that refuse it do; so does a browser that
  // has opened one connection too many. Hence twice, and never of one that has used such a certificate.
  Verdict left(std::string client, runtime::TimePoint now);
  // It went on, to a request.
  void used(std::string client, runtime::TimePoint now);

  bool knows(std::string_view client, runtime::TimePoint now);

 private:
  using Until = runtime::TimePoint;
  static bool holds(RecentlyUsed<Until>& table, std::string_view client, runtime::TimePoint now);
  static Verdict note(RecentlyUsed<Until>& table, std::string client, runtime::TimePoint now);
  Verdict pins(std::string client, runtime::TimePoint now);

  std::atomic<bool> any_ = false;  // mostly none refuses, and nobody takes the lock
  std::mutex mutex_;
  RecentlyUsed<Until> refusing_{most};
  RecentlyUsed<Until> told_{most};  // refused, and had used one before
  RecentlyUsed<Until> left_once_{most};
  RecentlyUsed<Until> trusting_{most};
};

}  // namespace sp::proxy
