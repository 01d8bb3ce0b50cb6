// What an application is told of its proxy, in the form that its runtime understands.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/destination_pattern.h"

namespace sp::app {

struct ProxyToUse {
  std::string scheme;  // http, https or socks5
  std::string user;    // "name:password" as in the URL, percent-encoded; empty: none
  std::string host;    // IPv6 without brackets
  std::uint16_t port = 0;

  std::string url() const;
};

struct ProxyVariables {
  std::vector<std::pair<std::string, std::string>> variables;
  std::vector<std::string> remarks;  // where the runtime understands less, or not what one might think
};

struct ProxyRuntime {
  std::string_view name;
  ProxyVariables (*variables)(const ProxyToUse& proxy, std::span<const policy::DestinationPattern> direct);
};

// What `sallyport env --for` knows, in the order of the help.
std::span<const ProxyRuntime> proxy_runtimes();

}  // namespace sp::app
