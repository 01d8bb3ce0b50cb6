#include "proxy/address_counts.h"

#include <algorithm>
#include <chrono>
#include <string_view>

namespace sp::proxy {
namespace {

constexpr std::ptrdiff_t network_octets = 8;  // of IPv6

}  // namespace

IpAddress counted_as(IpAddress address) {
  if (!address.v4) std::fill(address.bytes.begin() + network_octets, address.bytes.end(), std::uint8_t{0});
  return address;
}

std::size_t AddressCounts::Hash::operator()(const Key& key) const {
  const IpAddress& address = key.address;
  const std::size_t size = address.v4 ? std::size_t{4} : address.bytes.size();
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(address.bytes.data()), size}) * 31 +
         std::hash<std::string_view>()(key.entry);
}

bool AddressCounts::enter(const IpAddress& address, std::string_view entry, const Allowed& allowed,
                          runtime::TimePoint now, Held& held) {
  const std::scoped_lock lock(mutex_);
  if (without_ > most_without) {
    std::erase_if(counts_, [](const auto& item) { return item.second.connections == 0; });
    without_ = 0;
  }
  const auto [found, is_new] = counts_.try_emplace(Key{counted_as(address), std::string(entry)}, Count{.owner = this});
  Count& count = found->second;
  if (is_new) ++without_;
  if (allowed.connections != 0 && count.connections >= allowed.connections) return false;
  if (allowed.rate.count != 0) {
    if (count.rate.wait(allowed.rate, now) > std::chrono::nanoseconds::zero()) return false;
    count.rate.pay(allowed.rate, now);
  }
  if (++count.connections == 1) --without_;
  held = Held(count);
  return true;
}

void AddressCounts::leave(Count& count) {
  const std::scoped_lock lock(mutex_);
  if (--count.connections == 0) ++without_;
}

std::size_t AddressCounts::size() {
  const std::scoped_lock lock(mutex_);
  return counts_.size();
}

void AddressCounts::tidy(runtime::TimePoint now) {
  const std::scoped_lock lock(mutex_);
  if (without_ == 0) return;
  without_ -= std::erase_if(
      counts_, [&](const auto& item) { return item.second.connections == 0 && item.second.rate.settled(now); });
}

}  // namespace sp::proxy
