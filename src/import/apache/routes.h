// From Apache's order (the first that matches) to Sallyport's (exact, the longest prefix, regex): the routes of one
// site.
#pragma once

#include <string>
#include <vector>

#include "import/apache/report.h"
#include "import/apache/scope.h"
#include "import/apache/upstreams.h"
#include "import/draft.h"

namespace sp::import::apache {

// A virtual host with what it inherits from the server.
Server inherit(const Server& whole, const Server& host);

// A rule with all that holds for it.
struct PlacedRule {
  Rule rule;
  Settings settings;
};

// Rules in Apache's order, simplified; those that can never be reached are gone, and so are those for WebSockets where
// another rule sends to the same server.
std::vector<Rule> ordered_rules(const Server& host, Report& report);

// A rule of its own for each Location that says something about a part of what a rule takes. In Sallyport's order.
std::vector<PlacedRule> place_rules(const Server& host, std::vector<Rule> rules, Report& report);

DraftRoute make_route(const Server& host, const PlacedRule& placed, Upstreams& upstreams, Report& report);

// The whole of it.
std::vector<DraftRoute> make_routes(const Server& host, Upstreams& upstreams, Report& report);

}  // namespace sp::import::apache
