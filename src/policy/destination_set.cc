#include "policy/destination_set.h"

#include <algorithm>
#include <tuple>

namespace sp::policy {
namespace {

using Kind = DestinationPattern::Kind;

std::uint32_t list_of(StringTable& table, const std::string& name, std::uint32_t& lists) {
  if (auto found = table.find(name)) return *found;
  table.insert(name, lists);
  return lists++;
}

}  // namespace

DestinationSet::Lists::Lists(const Entries& entries, std::size_t count) : starts_(count + 1), numbers_(entries.size()) {
  for (const auto& [list, number] : entries) ++starts_[list + 1];
  for (std::size_t i = 0; i < count; ++i) starts_[i + 1] += starts_[i];
  std::vector<std::uint32_t> at(starts_.begin(), starts_.end() - 1);
  for (const auto& [list, number] : entries) numbers_[at[list]++] = number;
}

void DestinationSet::add_names() {
  Lists::Entries entries;
  std::uint32_t lists = 0;
  for (std::uint32_t number = 0; number < patterns_.size(); ++number) {
    const DestinationPattern& pattern = patterns_[number];
    if (pattern.kind != Kind::domain && pattern.kind != Kind::subdomains) continue;
    if (pattern.kind == Kind::domain) entries.emplace_back(list_of(whole_, pattern.name, lists), number);
    entries.emplace_back(list_of(below_, pattern.name, lists), number);
    const auto dots = static_cast<std::size_t>(std::ranges::count(pattern.name, '.'));
    most_labels_ = std::max(most_labels_, dots + 1);
  }
  names_ = Lists(entries, lists);
}

void DestinationSet::add_networks() {
  std::vector<std::uint32_t> order;
  for (std::uint32_t number = 0; number < patterns_.size(); ++number) {
    const DestinationPattern& pattern = patterns_[number];
    if (pattern.kind == Kind::everything) everything_.push_back(number);
    if (pattern.kind != Kind::network) continue;
    if (pattern.network.bits != 0) {
      order.push_back(number);
    } else {
      (pattern.network.address.v4 ? every_v4_ : every_v6_).push_back(number);
    }
  }
  // Wider networks before those inside of them, so that the ones around are on the way back.
  std::ranges::sort(order, {}, [&](std::uint32_t number) {
    const config::Network& network = patterns_[number].network;
    return std::tuple(network.address.v4, network.address.bytes, network.bits, number);
  });
  std::vector<config::Network> networks;
  Lists::Entries entries;
  for (const std::uint32_t number : order) {
    const config::Network& network = patterns_[number].network;
    if (networks.empty() || networks.back() != network) {
      auto around = static_cast<std::int64_t>(networks.size()) - 1;
      while (around >= 0 && !networks[static_cast<std::size_t>(around)].contains(network.address)) {
        around = around_[static_cast<std::size_t>(around)];
      }
      networks.push_back(network);
      around_.push_back(around);
    }
    entries.emplace_back(networks.size() - 1, number);
  }
  networks_ = Lists(entries, networks.size());
  addresses_ = AddressSet(networks);
}

DestinationSet::DestinationSet(std::vector<DestinationPattern> patterns) : patterns_(std::move(patterns)) {
  add_names();
  add_networks();
}

std::string_view DestinationSet::nearest(std::string_view name) const {
  std::size_t labels = 0;
  for (std::size_t at = name.size(); at > 0; --at) {
    if (name[at - 1] == '.' && ++labels == most_labels_) return name.substr(at);
  }
  return most_labels_ == 0 ? std::string_view{} : name;
}

std::optional<std::uint32_t> DestinationSet::first(const DestinationHost& host, std::uint16_t port) const {
  auto fits = [&](std::uint32_t number) { return patterns_[number].port == 0 || patterns_[number].port == port; };
  const auto near = host.address ? first_by_address(*host.address, fits) : first_by_name(host.name, fits);
  const auto all = first_of_everything(host.address, fits);
  return near && all ? std::min(near, all) : near ? near : all;
}

std::optional<std::uint32_t> DestinationSet::most_specific(const DestinationHost& host, std::uint16_t port) const {
  // With the port is more specific than without it.
  std::optional<std::uint32_t> best;
  auto visit = [&](Numbers numbers) {
    for (const std::uint32_t number : numbers) {
      if (patterns_[number].port == port) return best = number, true;
      if (patterns_[number].port == 0 && !best) best = number;
    }
    return best.has_value();
  };
  if (host.address) {
    visit_address(*host.address, visit);
    if (!best) visit(host.address->v4 ? every_v4_ : every_v6_);
  } else {
    visit_name(host.name, visit);
  }
  if (!best) visit(everything_);
  return best;
}

}  // namespace sp::policy
