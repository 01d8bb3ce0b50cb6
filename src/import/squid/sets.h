// What Squid's access lists can hold, as sets that can be cut with each other: where to, to which ports, from where.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/network.h"

namespace sp::import::squid {

struct Destination {
  enum class Kind : std::uint8_t { everything, network, domain, below, exact };
  Kind kind = Kind::everything;
  std::string name;         // of domain (itself and all below), below, exact
  config::Network network;  // of `network`

  // As a rule has it; what is exact is written as its domain, and parted from what is below it by a rule before.
  std::string text() const;
  bool operator==(const Destination&) const = default;
};

// Whether everything that `inner` holds is held by `outer`.
bool holds(const Destination& outer, const Destination& inner);
// A name that leads into a network cannot be said in one rule: then there is no answer, or it is left out.
enum class Mixed : std::uint8_t { no_answer, left_out };
std::optional<std::vector<Destination>> common(const std::vector<Destination>& a, const std::vector<Destination>& b,
                                               Mixed mixed);

// "www.example.com" alone, ".example.com" with all below it; nothing where it is no name.
std::optional<Destination> destination_of_name(std::string_view text);
// Expressions that say no more than a name does: `\.example\.com$`, `(^|\.)example\.com$`, `^www\.example\.com$`.
std::optional<Destination> destination_of_regex(std::string_view text);

// "10.0.0.0/8", "10.0.0.0/255.0.0.0", "10.0.0.1-10.0.0.9", "all"; empty where it is none of these.
std::vector<config::Network> networks_of(std::string_view text);
std::vector<config::Network> common(const std::vector<config::Network>& a, const std::vector<config::Network>& b);

using Ports = std::vector<std::pair<int, int>>;  // ascending, apart from each other
std::optional<std::pair<int, int>> port_range_of(std::string_view text);
Ports sorted(Ports ports);
Ports all_but(const Ports& ports);
Ports common(const Ports& a, const Ports& b);
std::vector<std::string> texts_of(const Ports& ports);
inline Ports all_ports() { return {{1, 65535}}; }

}  // namespace sp::import::squid
