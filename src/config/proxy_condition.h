// Conditions of `allow` and `deny` on what a header of the PROXY protocol has said:
// "${proxy.authority} = *.example.com".
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "config/problem.h"

namespace sp::config {

struct ProxyCondition {
  std::string name;  // of the value: "authority"
  std::string text;  // what it must be, without the `*`
  bool open_front = false, open_back = false;

  // Where nothing was said, nothing holds: not even `*`, which is any value. Names of hosts (`authority`) are compared
  // without case and the dot behind them, all else octet by octet.
  bool holds(std::string_view said) const;
  bool operator==(const ProxyCondition&) const = default;
};

// Whether it is meant for one, and not for an address.
bool is_proxy_condition(std::string_view text);
std::expected<ProxyCondition, Problem> parse_proxy_condition(std::string_view text);

}  // namespace sp::config
