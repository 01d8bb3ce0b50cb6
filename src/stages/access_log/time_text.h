// Points in time as logs write them, in UTC. What a second looks like is kept: within it, only milliseconds are
// written.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace sp::access_log {

using WallTime = std::chrono::system_clock::time_point;

// One for each thread and buffer; a value without meaning beyond its cache.
class TimeText {
 public:
  // "2026-11-03T12:00:00.123Z" (RFC 3339).
  void append_iso(std::string& out, WallTime time);
  // "[03/Nov/2026:12:00:00 +0000]", as Apache's %t.
  void append_clf(std::string& out, WallTime time);

 private:
  void update(std::int64_t second);
  std::int64_t second_ = INT64_MIN;
  std::array<char, 19> iso_{};
  std::array<char, 28> clf_{};
};

}  // namespace sp::access_log
