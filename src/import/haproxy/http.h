// Sites of mode http in the making: what the rules of a frontend come to, before it is routes.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "import/haproxy/build.h"

namespace sp::import::haproxy {

// What a request of one class meets.
struct Outcome {
  DraftRule rule;
  bool answered = false;  // false: 503 in HAProxy
  bool to_https = false;
  std::optional<PathMap> path;
  std::string server_url;  // `to` is this, and could have a path
};

// One site in the making.
struct BuiltSite {
  std::optional<Pattern> host;  // null: every other name
  std::vector<std::pair<Pattern, Outcome>> routes;
};

struct Played {
  std::vector<BuiltSite> sites;
  const Proxy* main_backend = nullptr;  // whose timeouts are those of the entry
};
// The rules of the frontend and its backends, played through for these listeners, which are all alike.
Played play_rules(const Proxy& frontend, const std::vector<Bind>& binds, Building& state);
bool same_routes(const BuiltSite& a, const BuiltSite& b);

}  // namespace sp::import::haproxy
