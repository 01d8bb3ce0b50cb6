#include "config/check.h"

#include "config/check_parts.h"
#include "config/node.h"

namespace sp::config {
namespace {

void check_certificates(CheckState& state) {
  const CertificateConfig* first = nullptr;
  for (const CertificateConfig& certificate : state.config.certificates) {
    if (!certificate.is_default) continue;
    if (first != nullptr) {
      state.error(certificate.place, "two certificates are the default",
                  "keep `default: true` of one of them; the other is on " + where(first->place, certificate.place));
    }
    first = &certificate;
  }
}

}  // namespace

std::string shown(const Text& text) { return text.secret ? "the value that is put in here" : backquoted(text.value); }

std::string where(const Place& place, const Place& from) {
  return place.file == from.file ? "line " + std::to_string(place.line) : place.file + ":" + std::to_string(place.line);
}

std::vector<Finding> check(const Config& config) {
  CheckState state{config, {}, {}};
  check_certificates(state);
  check_listeners(state);
  for (const InboundConfig& entry : config.inbound) {
    check_relay(state, entry);
    check_access(state, entry);
    check_hosts(state, entry);
    for (const SiteConfig& site : entry.sites) {
      check_request_edits(state, site.request_headers);
      for (const RouteConfig& route : site.routes) check_route(state, route);
      check_reach(state, site);
    }
  }
  for (const OutboundConfig& entry : config.outbound) check_outbound(state, entry);
  check_upstreams(state);
  check_tests(state);
  return std::move(state.findings);
}

}  // namespace sp::config
