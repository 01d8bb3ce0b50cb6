// Certificates that were minted, by what they were minted for. Values in, values out: the time is given.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/recently_used.h"
#include "tls/certificate.h"

namespace sp::tls {

class MintedCache {
 public:
  using Time = std::chrono::system_clock::time_point;
  // When it is full, the certificate that was used least recently makes room.
  explicit MintedCache(std::size_t limit) : known_(limit) {}
  // Null where there is none, or it is not valid at `now`.
  std::shared_ptr<const Certificate> find(std::string_view key, Time now);
  void put(std::string key, std::shared_ptr<const Certificate> certificate);
  void clear() { known_.clear(); }
  std::size_t size() const { return known_.size(); }

 private:
  RecentlyUsed<std::shared_ptr<const Certificate>> known_;
};

}  // namespace sp::tls
