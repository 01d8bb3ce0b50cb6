// The keys of session tickets, shared by all workers and kept over reloads. Whoever has them can read recorded
// connections of TLS 1.2, and so they change by the hour and never leave the memory.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace sp::tls {

class TicketKeys {
 public:
  static constexpr std::size_t kept = 3;  // the one that is used and two that are still accepted

  struct Key {
    std::array<unsigned char, 16> name;
    std::array<unsigned char, 32> cipher;
    std::array<unsigned char, 32> mac;
    Key();   // random
    ~Key();  // wiped
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
  };
  // Newest first.
  using Set = std::vector<std::shared_ptr<const Key>>;

  TicketKeys();
  // A new key from now on; the oldest is forgotten. By the control thread, as often as a ticket is to live (an hour).
  void rotate();
  // Changes with each rotation.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::shared_ptr<const Set> current() const;

 private:
  mutable std::mutex mutex_;  // taken by a worker once in each period
  std::shared_ptr<const Set> set_;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace sp::tls
