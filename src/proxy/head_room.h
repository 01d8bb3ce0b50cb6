// How much the heads of requests may take that are under way at a time. Fields are small on the wire and large here,
// and stay as long as the response is under way (CVE-2026-49975): all of those of a connection have a bound, and so
// have all connections of a worker. A connection that asks for little is served even when others have taken all there
// is.
#pragma once

#include <cstdint>

namespace sp::proxy {

class HeadRoom {
 public:
  // `all`: of the worker; null: this is it.
  HeadRoom(std::uint64_t most, HeadRoom* all) : most_(most), all_(all) {}

  bool take(std::uint64_t octets) {
    if (taken_ + octets > most_) return false;
    if (all_ != nullptr) {
      if (taken_ + octets > always_granted && all_->taken_ + octets > all_->most_) return false;
      all_->taken_ += octets;
    }
    taken_ += octets;
    return true;
  }
  void give_back(std::uint64_t octets) {
    taken_ -= octets;
    if (all_ != nullptr) all_->taken_ -= octets;
  }

 private:
  static constexpr std::uint64_t always_granted = std::uint64_t{32} * 1024;
  std::uint64_t most_, taken_ = 0;
  HeadRoom* all_;
};

}  // namespace sp::proxy
