// From the configuration to what the data path uses. Everything that can be wrong is found here or earlier, not in a
// request.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/finding.h"
#include "config/model.h"
#include "policy/address_set.h"
#include "policy/relay.h"
#include "policy/router.h"
#include "policy/site_table.h"

namespace sp::policy {

// One entry of `inbound`.
struct Inbound {
  std::string name;
  AddressSet trusted_proxies;
  AddressSet proxies;                  // those that must begin with a PROXY header
  std::unique_ptr<const Relay> relay;  // null: an entry of HTTP
  std::vector<std::unique_ptr<Site>> sites;
  Router router;
  config::TimeoutsConfig timeouts;  // of the entry: what holds before a route is known
  std::optional<std::uint64_t> max_body;
};

// One entry of `outbound`; see outbound.h.
struct Outbound;

// One snapshot. Sites and routes point at upstreams: it lives and dies as a whole.
struct Policy {
  Policy();
  ~Policy();
  std::vector<std::unique_ptr<Upstream>> upstreams;
  std::vector<std::unique_ptr<Inbound>> inbounds;    // as many as Config::inbound, in its order
  std::vector<std::unique_ptr<Outbound>> outbounds;  // of Config::outbound as well
};

// All that is wrong at once, for the person who wrote it.
std::expected<std::unique_ptr<const Policy>, std::vector<config::Finding>> compile(const config::Config& config);

}  // namespace sp::policy
