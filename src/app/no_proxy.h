// Destinations that an application reaches without its proxy, in the words that its runtime understands.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/destination_pattern.h"

namespace sp::app {

// How a runtime reads its NO_PROXY, or what it has instead. What it cannot say is left out, with a remark: the
// application then asks the gate, which is the lesser harm.
struct NoProxyDialect {
  // `example.com` is for itself and what is below it, `.example.com` for what is below it.
  enum class Domains : std::uint8_t {
    as_here,       // the same: Go, Ruby
    exact_or_dot,  // example.com is for itself alone: "example.com,.example.com" for both
    dot_is_both,   // .example.com is for itself too, and the only safe way to say so
    name_is_both,  // there is no way to say "below it alone"
    stars,         // "*.example.com"
  };
  enum class Networks : std::uint8_t { no, v4, v4_as_ranges, v4_by_octets, both };
  enum class Ipv6 : std::uint8_t { no, plain, brackets, either };
  enum class Ports : std::uint8_t { no, where_written, yes };
  enum class Everything : std::uint8_t { no, alone, yes };

  Domains domains = Domains::as_here;
  Networks networks = Networks::no;
  std::string_view networks_remark;  // where not everybody reads them
  Ipv6 ipv6 = Ipv6::plain;
  Ports ports = Ports::no;
  Everything everything = Everything::no;
  char separator = ',';
};

struct NoProxy {
  std::string value;
  std::vector<std::string> remarks;  // each begins with the destination that it is about
};

NoProxy no_proxy_for(const NoProxyDialect& dialect, std::span<const policy::DestinationPattern> destinations);

}  // namespace sp::app
