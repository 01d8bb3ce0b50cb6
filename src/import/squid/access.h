// http_access as rules.
#pragma once

#include <string>
#include <vector>

#include "import/draft.h"
#include "import/squid/meaning.h"

namespace sp::import::squid {

struct Access {
  std::vector<DraftOutboundRule> rules;
  std::vector<std::string> clients;  // who may connect at all; empty: not said
  std::string connections_per_address;
  bool asks_users = false;  // some rule is about users
};

// Squid's rules for this listener. What cannot be said allows less than Squid did, and is remarked upon.
Access translate_access(const Configuration& configuration, const Listener& listener, Meanings& meanings,
                        Report& report);

}  // namespace sp::import::squid
