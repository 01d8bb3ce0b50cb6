// How many connections each client address has, and how fast it opens them, of those that are counted
// (`limits.connections_per_address`, `limits.rate_per_address`). One for all workers: thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/ip.h"
#include "base/units.h"
#include "proxy/cell_rate.h"
#include "runtime/loop.h"

namespace sp::proxy {

// Who is counted as one: an address of IPv4, or a network of IPv6 of 64 bits.
IpAddress counted_as(IpAddress address);

class AddressCounts {
  struct Key {
    IpAddress address;
    std::string entry;
    bool operator==(const Key&) const = default;
  };
  struct Count {
    AddressCounts* owner = nullptr;
    std::uint32_t connections = 0;
    CellRate rate;  // of what it has opened
  };

 public:
  // One connection, as long as this lives.
  class Held {
   public:
    Held() = default;
    explicit Held(Count& count) : count_(&count) {}
    ~Held() {
      if (count_ != nullptr) count_->owner->leave(*count_);
    }
    Held(Held&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    Held& operator=(Held&& other) noexcept {
      std::swap(count_, other.count_);
      return *this;
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    Count* count_ = nullptr;
  };

  struct Allowed {
    std::uint32_t connections = 0;  // at a time; 0: any number
    CountRate rate;                 // of new ones, and so many at once at most; a count of 0: any number
    bool any() const { return connections == 0 && rate.count == 0; }
  };

  // A connection to the entry of this name, which is the same entry after a reload, wherever it stands then. False: the
  // address has as many as that, or is too fast. Who has an IPv6 network of his own has 2^64 addresses: such a network
  // counts as one. Throws std::bad_alloc.
  bool enter(const IpAddress& address, std::string_view entry, const Allowed& allowed, runtime::TimePoint now,
             Held& held);
  // Forgets those that have no connections, and nothing held against them.
  void tidy(runtime::TimePoint now);
  std::size_t size();

  // So many without connections are remembered for their rate at most: beyond it all of them are forgotten.
  static constexpr std::size_t most_without = 65'536;

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  void leave(Count& count);

  std::mutex mutex_;
  std::unordered_map<Key, Count, Hash> counts_;
  std::size_t without_ = 0;  // of them, those that have no connections
};

}  // namespace sp::proxy
