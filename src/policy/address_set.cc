#include "policy/address_set.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sp::policy {
AddressSet::Key AddressSet::key_of(const IpAddress& address) {
  const auto number = [&]<class Number>(Number value, std::size_t from) {
    std::memcpy(&value, address.bytes.data() + from, sizeof value);
    return std::endian::native == std::endian::little ? std::byteswap(value) : value;
  };
  return address.v4 ? Key{0, number(std::uint32_t{}, 0)} : Key{number(std::uint64_t{}, 0), number(std::uint64_t{}, 8)};
}

AddressSet::Key AddressSet::last_of(Key first, int host_bits) {
  auto ones = [](int count) { return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << std::max(count, 0)) - 1; };
  return {first.high | ones(host_bits - 64), first.low | ones(host_bits)};
}

std::vector<AddressSet::Range> AddressSet::flatten(std::vector<Range> networks) {
  // Networks are disjoint or nested: a walk from left to right with the open ones on a stack, the innermost on top.
  std::ranges::sort(networks, [](const Range& a, const Range& b) {
    if (a.first != b.first) return a.first < b.first;
    return a.last != b.last ? a.last > b.last : a.network < b.network;
  });
  std::vector<Range> result;
  std::vector<Range> open;
  Key at{};
  bool at_end = false;  // `at` would be beyond the last address
  auto close_top = [&] {
    const Range& top = open.back();
    if (!at_end && at <= top.last) {
      result.push_back({at, top.last, top.network});
      at = next(top.last);
      at_end = at == Key{};
    }
    open.pop_back();
  };
  for (const Range& network : networks) {
    while (!open.empty() && open.back().last < network.first) close_top();
    if (!open.empty() && open.back().first == network.first && open.back().last == network.last) continue;
    if (!open.empty() && at < network.first) result.push_back({at, previous(network.first), open.back().network});
    open.push_back(network);
    at = network.first;
  }
  while (!open.empty()) close_top();
  return result;
}

AddressSet::AddressSet(std::span<const config::Network> networks) {
  std::vector<Range> v4, v6;
  for (std::uint32_t i = 0; i < networks.size(); ++i) {
    bool is_v4 = networks[i].address.v4;
    Key first = key_of(networks[i].address);
    (is_v4 ? v4 : v6).push_back({first, last_of(first, (is_v4 ? 32 : 128) - networks[i].bits), i});
  }
  v4_ = flatten(std::move(v4));
  v6_ = flatten(std::move(v6));
}

std::optional<std::uint32_t> AddressSet::find(const IpAddress& address) const {
  const std::vector<Range>& ranges = address.v4 ? v4_ : v6_;
  Key key = key_of(address);
  auto after = std::ranges::upper_bound(ranges, key, {}, &Range::first);
  if (after == ranges.begin()) return std::nullopt;
  const Range& range = *std::prev(after);
  return key <= range.last ? std::optional(range.network) : std::nullopt;
}

}  // namespace sp::policy
