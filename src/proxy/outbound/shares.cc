#include "proxy/outbound/shares.h"

#include <algorithm>

namespace sp::proxy {
namespace {

using config::ShareConfig;
using std::chrono::days;
using std::chrono::seconds;

bool any(const ShareConfig& share) { return share.rate.count != 0 || share.tunnels != 0 || share.bytes.count != 0; }

seconds rounded_up(std::chrono::nanoseconds time) { return std::max(seconds(1), std::chrono::ceil<seconds>(time)); }

// Nobody knows when a tunnel ends.
constexpr seconds until_a_tunnel_ends{30};

struct Codes {
  Code rate, tunnels, bytes;
};
constexpr Codes of_user{Code::user_rate, Code::user_tunnels, Code::user_bytes};
constexpr Codes of_destination{Code::destination_rate, Code::destination_tunnels, Code::destination_bytes};

template <class Account>
std::optional<Shares::Refusal> judge(const Account& account, const ShareConfig& share, const Codes& codes, bool tunnel,
                                     const Shares::Moment& moment) {
  const auto today = std::chrono::floor<days>(moment.wall);
  if (share.bytes.count != 0 && account.day >= today && account.octets >= share.bytes.count)
    return Shares::Refusal{codes.bytes, rounded_up(account.day + days(1) - moment.wall)};
  if (tunnel && share.tunnels != 0 && account.tunnels >= share.tunnels)
    return Shares::Refusal{codes.tunnels, until_a_tunnel_ends};
  if (share.rate.count == 0) return std::nullopt;
  const std::chrono::nanoseconds wait = account.rate.wait(share.rate, moment.now);
  if (wait == std::chrono::nanoseconds::zero()) return std::nullopt;
  return Shares::Refusal{codes.rate, rounded_up(wait)};
}

}  // namespace

std::optional<Shares::Refusal> Shares::enter(const Asked& asked, const Moment& moment, Both& held) {
  const std::scoped_lock lock(mutex_);
  Account* const user = any(asked.per_user) ? &account(Of::user, asked.entry, asked.user) : nullptr;
  Account* const destination =
      any(asked.per_destination) ? &account(Of::destination, asked.entry, asked.destination) : nullptr;
  std::optional<Refusal> refusal;
  if (user != nullptr) refusal = judge(*user, asked.per_user, of_user, asked.tunnel, moment);
  if (!refusal && destination != nullptr)
    refusal = judge(*destination, asked.per_destination, of_destination, asked.tunnel, moment);
  if (!refusal && user != nullptr) take(*user, asked.per_user, asked.tunnel, moment, held.user);
  if (!refusal && destination != nullptr)
    take(*destination, asked.per_destination, asked.tunnel, moment, held.destination);
  while (idle_count_ > most_idle) forget_oldest();
  return refusal;
}

// One that is new is idle at first. An entry's name has neither space nor line end.
Shares::Account& Shares::account(Of of, std::string_view entry, std::string_view name) {
  std::string key(of == Of::user ? "user " : "destination ");
  key.append(entry).append(" ").append(name);
  const auto [found, is_new] = accounts_.try_emplace(std::move(key));
  Account& account = found->second;
  if (is_new) {
    account.owner = this;
    account.key = &found->first;
    idle_.push_back(account);
    ++idle_count_;
  }
  return account;
}

void Shares::take(Account& account, const ShareConfig& share, bool tunnel, const Moment& moment, Held& held) {
  account.begin(std::chrono::floor<days>(moment.wall));
  if (share.rate.count != 0) account.rate.pay(share.rate, moment.now);
  if (account.held++ == 0) {
    account.unlink();
    --idle_count_;
  }
  if (tunnel) ++account.tunnels;
  held.account_ = &account;
  held.tunnel_ = tunnel;
  held.most_ = share.bytes.count;
}

bool Shares::spend(Account& account, std::uint64_t octets, std::chrono::sys_days today, std::uint64_t most) {
  const std::scoped_lock lock(mutex_);
  account.begin(today);
  account.octets += octets;
  return most == 0 || account.octets <= most;
}

void Shares::leave(Account& account, bool tunnel) {
  const std::scoped_lock lock(mutex_);
  if (tunnel) --account.tunnels;
  if (--account.held != 0) return;
  idle_.push_back(account);
  if (++idle_count_ > most_idle) forget_oldest();
}

void Shares::forget_oldest() {
  const Account* oldest = idle_.front();
  accounts_.erase(accounts_.find(*oldest->key));
  --idle_count_;
}

std::size_t Shares::size() {
  const std::scoped_lock lock(mutex_);
  return accounts_.size();
}

}  // namespace sp::proxy
