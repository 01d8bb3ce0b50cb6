// The parts of check(), by what they look at.
#pragma once

#include <cstdint>
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
void check_client_certificates(CheckState& state, const ClientCertificateConfig& clients);
// Whether what `allow` and `deny` ask about is ever said.
void check_access(CheckState& state, const InboundConfig& entry);
// Whether an entry that passes octets on has what it needs, and nothing that belongs to sites.
void check_relay(CheckState& state, const InboundConfig& entry);
// What is sent to a target.
enum class Passes : std::uint8_t { octets, requests };
// Who may use a way out, and whether its rules can be understood.
void check_outbound(CheckState& state, const OutboundConfig& entry);
// Whether its parent proxy can be understood, and does not lead back to it.
void check_parent(CheckState& state, const OutboundConfig& entry);
// Servers of an upstream are all of the kind of who uses it.
void check_servers_of(CheckState& state, const Text& to, Passes passes);
// Whether `to` names an upstream, which is noted as used.
void check_upstream_name(CheckState& state, const Text& to, Passes passes);
// Whether what it asks for is in a header of its version.
void check_send_proxy(CheckState& state, const SendProxyConfig& config);
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
// Whether each test asks one question, and expects what can come of it.
void check_tests(CheckState& state);

// Whether a key stands in the file, even if its value is empty.
inline bool given(const Text& text) { return !text.empty() || text.place.line > 0; }
// In backquotes, unless it is a secret.
std::string shown(const Text& text);
// "line 7", or "conf.d/a.yaml:7" where that is another file than that of `from`.
std::string where(const Place& place, const Place& from);

}  // namespace sp::config
