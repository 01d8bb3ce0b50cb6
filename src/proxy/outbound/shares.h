// What each user, and each destination, of ways out has had: requests and tunnels that began, tunnels that are open,
// octets of the day (`per_user`, `per_destination`). One for all workers: thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/code.h"
#include "base/intrusive_list.h"
#include "config/model.h"
#include "proxy/cell_rate.h"

namespace sp::proxy {

class Shares {
  struct Account : ListHook {
    Shares* owner = nullptr;
    const std::string* key = nullptr;
    std::uint32_t held = 0;     // exchanges and tunnels that have it: as long as that it is not forgotten
    std::uint32_t tunnels = 0;  // of them
    CellRate rate;
    std::chrono::sys_days day{};
    std::uint64_t octets = 0;  // of that day

    void begin(std::chrono::sys_days today) {
      if (today > day) octets = 0;
      day = std::max(day, today);
    }
  };

 public:
  enum class Of : std::uint8_t { user, destination };

  // A part of one account, as long as this lives.
  class Held {
   public:
    Held() = default;
    ~Held() {
      if (account_ != nullptr) account_->owner->leave(*account_, tunnel_);
    }
    Held(Held&& other) noexcept { *this = std::move(other); }
    Held& operator=(Held&& other) noexcept {
      std::swap(account_, other.account_);
      std::swap(tunnel_, other.tunnel_);
      std::swap(most_, other.most_);
      return *this;
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    // So many octets have passed. False: those of the day are used up.
    bool spend(std::uint64_t octets, std::chrono::sys_days today) const {
      return account_ == nullptr || account_->owner->spend(*account_, octets, today, most_);
    }
    // Of a day; 0: nobody asks.
    std::uint64_t most_octets() const { return most_; }

   private:
    friend class Shares;
    Account* account_ = nullptr;
    bool tunnel_ = false;
    std::uint64_t most_ = 0;
  };

  struct Moment {
    runtime::TimePoint now;
    std::chrono::system_clock::time_point wall;
  };
  // One that begins, of the entry of this name: after a reload it is the same, wherever it stands then.
  struct Asked {
    std::string_view entry;
    std::string_view user, destination;
    const config::ShareConfig& per_user;
    const config::ShareConfig& per_destination;
    bool tunnel = false;
  };
  struct Both {
    Held user, destination;
  };
  struct Refusal {
    Code code = Code::ok;
    std::chrono::seconds retry_after{};
  };
  // Refused: nothing was taken. Throws std::bad_alloc.
  std::optional<Refusal> enter(const Asked& asked, const Moment& moment, Both& held);
  std::size_t size();

  // So many accounts that nobody holds are remembered: of more, the one that was held longest ago is forgotten, with
  // what it had used.
  static constexpr std::size_t most_idle = 65'536;

 private:
  Account& account(Of of, std::string_view entry, std::string_view name);
  void take(Account& account, const config::ShareConfig& share, bool tunnel, const Moment& moment, Held& held);
  bool spend(Account& account, std::uint64_t octets, std::chrono::sys_days today, std::uint64_t most);
  void leave(Account& account, bool tunnel);
  void forget_oldest();

  std::mutex mutex_;
  std::unordered_map<std::string, Account> accounts_;
  IntrusiveList<Account> idle_;  // that nobody holds, the one that was held longest ago first
  std::size_t idle_count_ = 0;
};

}  // namespace sp::proxy
