// What a peer may do that costs work and asks for nothing: frames that only have to be answered, requests that are
// taken back. Each costs a token; tokens come back with time and with honest work. Without any left the connection ends
// (RFC 9113 section 10.5; CVE-2023-44487, CVE-2025-8671 and the floods of 2019).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sp::codec::h2 {

class Budget {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Budget(std::int32_t most, std::int32_t per_second) : tokens_(most), most_(most), per_second_(per_second) {}

  // False: there are none left.
  bool spend(std::int32_t tokens = 1) { return (tokens_ -= tokens) >= 0; }
  void earn(std::int32_t tokens = 1) { tokens_ = std::min(most_, tokens_ + tokens); }
  void time_is(TimePoint now) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - counted_).count();
    if (seconds <= 0) return;
    earn(static_cast<std::int32_t>(std::min<std::int64_t>(seconds, most_)) * per_second_);
    counted_ += std::chrono::seconds(seconds);
  }

 private:
  TimePoint counted_{};
  std::int32_t tokens_, most_, per_second_;
};

}  // namespace sp::codec::h2
