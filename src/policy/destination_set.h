// Many patterns of destinations, compiled: what does not match costs nothing. A name is looked up once for each of its
// labels, an address once by halving; then only the patterns are looked at that hold it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/address_set.h"
#include "policy/destination_pattern.h"
#include "policy/string_table.h"

namespace sp::policy {

// Patterns are known by their numbers, in the order in which they were given. Immutable.
class DestinationSet {
 public:
  DestinationSet() = default;
  explicit DestinationSet(std::vector<DestinationPattern> patterns);

  bool empty() const { return patterns_.empty(); }
  std::span<const DestinationPattern> patterns() const { return patterns_; }

  // The first pattern of the list that holds the host and, where it names one, the port.
  std::optional<std::uint32_t> first(const DestinationHost& host, std::uint16_t port) const;
  // The most specific one: the longest name or network, `*` last; of equal ones one with the port, then the first.
  std::optional<std::uint32_t> most_specific(const DestinationHost& host, std::uint16_t port) const;

  // The pieces of first(), for who has more conditions: the first pattern of which `fits(number)` is true. It is asked
  // about such only that hold the name or the address, whatever their port.
  template <class Fits>
  std::optional<std::uint32_t> first_by_name(std::string_view name, Fits fits) const {
    std::optional<std::uint32_t> best;
    visit_name(name, [&](Numbers numbers) { return earlier(numbers, best, fits), false; });
    return best;
  }
  template <class Fits>
  std::optional<std::uint32_t> first_by_address(const IpAddress& address, Fits fits) const {
    std::optional<std::uint32_t> best;
    visit_address(address, [&](Numbers numbers) { return earlier(numbers, best, fits), false; });
    return best;
  }
  // Of those that hold everything: `*`, and 0.0.0.0/0 or ::/0 where the family is known.
  template <class Fits>
  std::optional<std::uint32_t> first_of_everything(const std::optional<IpAddress>& address, Fits fits) const {
    std::optional<std::uint32_t> best;
    if (address) earlier(address->v4 ? every_v4_ : every_v6_, best, fits);
    earlier(everything_, best, fits);
    return best;
  }

 private:
  using Numbers = std::span<const std::uint32_t>;

  // Lists of numbers, ascending, one after the other.
  class Lists {
   public:
    // Pairs of a list and a number, the numbers ascending.
    using Entries = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
    Lists() = default;
    Lists(const Entries& entries, std::size_t count);
    Numbers operator[](std::uint32_t list) const {
      return Numbers(numbers_).subspan(starts_[list], starts_[list + 1] - starts_[list]);
    }

   private:
    std::vector<std::uint32_t> starts_, numbers_;
  };

  void add_names();
  void add_networks();
  // The part of a name behind its first labels, as long as any pattern can be.
  std::string_view nearest(std::string_view name) const;

  // Narrows `best` to the first of `numbers` that fits.
  template <class Fits>
  static void earlier(Numbers numbers, std::optional<std::uint32_t>& best, Fits fits) {
    for (const std::uint32_t number : numbers) {
      if (best && number >= *best) return;
      if (fits(number)) best = number;
    }
  }
  // From the most specific to the least, until `visit` returns true.
  template <class Visit>
  void visit_name(std::string_view name, Visit visit) const {
    for (std::string_view rest = nearest(name); !rest.empty();) {
      if (rest.size() == name.size()) {
        if (auto list = whole_.find(rest); list && visit(names_[*list])) return;
      } else if (auto list = below_.find(rest); list && visit(names_[*list])) {
        return;
      }
      const auto dot = rest.find('.');
      rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
    }
  }
  template <class Visit>
  void visit_address(const IpAddress& address, Visit visit) const {
    const auto found = addresses_.find(address);
    for (std::int64_t at = found ? std::int64_t{*found} : -1; at >= 0; at = around_[static_cast<std::size_t>(at)]) {
      if (visit(networks_[static_cast<std::uint32_t>(at)])) return;
    }
  }

  std::vector<DestinationPattern> patterns_;
  StringTable whole_{Case::insensitive};  // names of `domain`
  StringTable below_{Case::insensitive};  // names of `domain` and of `subdomains`, for what is below them
  std::size_t most_labels_ = 0;           // of any of them
  Lists names_;
  AddressSet addresses_;              // each network once
  std::vector<std::int64_t> around_;  // of each network the next wider one that holds it, or -1
  Lists networks_;                    // of each network its patterns
  std::vector<std::uint32_t> everything_, every_v4_, every_v6_;
};

}  // namespace sp::policy
