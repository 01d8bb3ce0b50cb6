// Patterns of destinations: the one grammar of `allow`, `deny`, `only`, `except` and `no_proxy`.
//
//   192.0.2.1  2001:db8::1    an address
//   10.0.0.0/8                a network
//   example.com               a domain: itself and everything below it
//   .example.com              what is below it, and not itself
//   *                         everything
//
// Each with an optional `:port`, for which IPv6 is in brackets: [2001:db8::1]:443, [2001:db8::/32]:443.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "config/network.h"
#include "config/problem.h"
#include "policy/destination_host.h"

namespace sp::policy {

struct DestinationPattern {
  enum class Kind : std::uint8_t { everything, network, domain, subdomains };
  Kind kind = Kind::everything;
  std::uint16_t port = 0;   // 0: none is written
  config::Network network;  // of `network`; an address is one of full length
  std::string name;         // of `domain` and `subdomains`: A-labels in lower case, without a dot at either end

  // Without regard to the port. A name is in no network: what it resolves to may be.
  bool holds(const DestinationHost& host) const;
  std::string text() const;  // as one would write it
  bool operator==(const DestinationPattern&) const = default;
};

// Refuses what other programs would read in another way (a URL, *.example.com, 127.1, host bits), with what to write.
std::expected<DestinationPattern, config::Problem> parse_destination(std::string_view text);

}  // namespace sp::policy
