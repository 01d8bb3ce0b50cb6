// The parts of check(), by what they look at.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/finding.h"
#include "config/model.h"

namespace sp::config {

// What the parts share: where findings go, and which upstreams are used.
struct CheckState {
  const Config& config;
  std::vector<Finding> findings;
  std::set<std::string, std::less<>> used_upstreams;

  void error(const Place& place, std::string message, std::string remedy) {
    findings.push_back({Finding::Severity::error, place, std::move(message), std::move(remedy)});
  }
  void warning(const Place& place, std::string message, std::string remedy) {
    findings.push_back({Finding::Severity::warning, place, std::move(message), std::move(remedy)});
  }
};

// Addresses, certificates and names of the entries, and who is trusted.
void check_listeners(CheckState& state);
// Host names that two sites of one entry claim.
void check_hosts(CheckState& state, const InboundConfig& entry);
// Each route by itself.
void check_route(CheckState& state, const RouteConfig& route);
// Routes of one site that no request can reach, and redirects that lead back to themselves.
void check_reach(CheckState& state, const SiteConfig& site);
void check_request_edits(CheckState& state, const FieldEdits& edits);
void check_upstream_tls(CheckState& state, const UpstreamTlsConfig& tls);
// After the routes: it looks at what they use.
void check_upstreams(CheckState& state);

// Whether a key stands in the file, even if its value is empty.
inline bool given(const Text& text) { return !text.empty() || text.place.line > 0; }
// In backquotes, unless it is a secret.
std::string shown(const Text& text);
// "line 7", or "conf.d/a.yaml:7" where that is another file than that of `from`.
std::string where(const Place& place, const Place& from);

}  // namespace sp::config
