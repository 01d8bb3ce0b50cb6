// ssl_bump as `inspect`.
#pragma once

#include <optional>

#include "import/draft.h"
#include "import/squid/meaning.h"

namespace sp::import::squid {

struct Inspection {
  std::optional<DraftInspect> inspect;        // nothing: no TLS is opened
  std::vector<DraftOutboundRule> terminated;  // tunnels that Squid ends: they come before the other rules
};

Inspection translate_inspection(const Configuration& configuration, const Listener& listener, Meanings& meanings,
                                Report& report);

}  // namespace sp::import::squid
