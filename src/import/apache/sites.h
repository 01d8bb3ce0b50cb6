// Virtual hosts as sites, and sites in entries: an http and an https virtual host of one name become one site.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "import/apache/report.h"
#include "import/apache/routes.h"
#include "import/apache/scope.h"
#include "import/draft.h"

namespace sp::import::apache {

// A virtual host, translated, with where it listens.
struct BuiltSite {
  DraftSite site;
  std::vector<std::string> plain, secure;         // URLs to listen on
  std::optional<std::string> redirects_to_https;  // it does nothing but that, for its own name: as the target says it
  ServerTls tls;
  Origin origin;
};

// Nothing for a virtual host that proxies nothing.
std::vector<BuiltSite> build_sites(const Configuration& configuration, Upstreams& upstreams, Report& report);

// Joins what belongs together, and distributes it to entries.
std::vector<DraftEntry> make_entries(const Configuration& configuration, std::vector<BuiltSite> sites, Report& report);

}  // namespace sp::import::apache
