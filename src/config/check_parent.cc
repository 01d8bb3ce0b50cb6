// The parent proxy of a way out. What may stand in `no_proxy`, policy/ says when it compiles it.
#include <algorithm>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "config/address.h"
#include "config/check_parts.h"
#include "config/parent_url.h"

namespace sp::config {
namespace {

struct Named {
  const Text& text;
  std::expected<ParentUrl, Problem> url;
};

// What `parent` names, by its URL or by variables.
std::vector<Named> parents_of(const OutboundConfig& entry) {
  std::vector<Named> named;
  if (!entry.parent) return named;
  const ParentConfig& parent = *entry.parent;
  if (given(parent.url)) named.push_back({parent.url, parse_parent_url(parent.url.value)});
  for (const Text* variable : {&parent.http_variable, &parent.https_variable}) {
    if (!variable->empty()) named.push_back({*variable, parse_parent_variable(variable->value)});
  }
  return named;
}

// Whether a connection to the parent arrives at this listener, as far as that is written.
bool arrives_at(const ParentUrl& parent, const Text& listen) {
  const auto address = parse_address(listen.value, AddressUse::way_out);
  if (!address || address->port != parent.port) return false;
  const auto to = parent.host == "localhost" ? std::optional(IpAddress::loopback4()) : IpAddress::parse(parent.host);
  if (!to) return false;
  if (address->host.empty()) return to->is_loopback();
  const auto at = IpAddress::parse(address->host);
  if (!at) return false;
  const bool everywhere = *at == IpAddress::any6() || *at == IpAddress::parse("0.0.0.0");
  return *at == *to || (everywhere && to->is_loopback());
}

const OutboundConfig* entry_behind(const Config& config, const ParentUrl& parent) {
  const auto found = std::ranges::find_if(config.outbound, [&](const OutboundConfig& entry) {
    return std::ranges::any_of(entry.listen, [&](const Text& listen) { return arrives_at(parent, listen); });
  });
  return found == config.outbound.end() ? nullptr : &*found;
}

// Whether the ways from one parent to the next, as far as they are of this file, come back to `entry`.
bool comes_back(const Config& config, const OutboundConfig& entry) {
  std::vector<const OutboundConfig*> passed{&entry};
  for (std::size_t i = 0; i < passed.size(); ++i) {
    for (const Named& parent : parents_of(*passed[i])) {
      const OutboundConfig* next = parent.url ? entry_behind(config, *parent.url) : nullptr;
      if (next == &entry) return true;
      if (next != nullptr && std::ranges::find(passed, next) == passed.end()) passed.push_back(next);
    }
  }
  return false;
}

void check_source(CheckState& state, const ParentConfig& parent) {
  const bool url = given(parent.url);
  if (url == parent.environment) {
    state.error(parent.place, url ? "`parent` has a `url` and `environment`" : "`parent` does not say which proxy",
                url ? "keep one of them" : "add `url: http://HOST:PORT` or `environment: true`");
  }
  if (!url && parent.environment && parent.http_variable.empty() && parent.https_variable.empty()) {
    state.warning(parent.place, "neither HTTP_PROXY nor HTTPS_PROXY is set: everything is reached without a parent",
                  "set them in the environment of the gate, or write `url`");
  }
}

}  // namespace

void check_parent(CheckState& state, const OutboundConfig& entry) {
  if (!entry.parent) return;
  const ParentConfig& parent = *entry.parent;
  check_source(state, parent);
  check_upstream_tls(state, parent.upstream_tls);
  const std::vector<Named> named = parents_of(entry);
  for (const Named& each : named) {
    if (each.url) continue;
    const bool variable = &each.text != &parent.url;
    const std::string_view name = &each.text == &parent.http_variable ? "HTTP_PROXY" : "HTTPS_PROXY";
    state.error(each.text.place,
                variable ? std::string(name) + " of the environment: " + each.url.error().message
                         : "`url`: " + each.url.error().message,
                each.url.error().remedy);
  }
  const bool tls =
      std::ranges::any_of(named, [](const Named& each) { return !each.url || each.url->scheme == "https"; });
  if (!tls && !named.empty() && parent.upstream_tls.place.line > 0) {
    state.warning(parent.upstream_tls.place, "`upstream_tls` has no effect: no TLS is spoken with the parent",
                  "write `https://` in its URL, or leave `upstream_tls` out");
  }
  if (comes_back(state.config, entry)) {
    state.error(given(parent.url) ? parent.url.place : parent.place,
                "the parent leads back to this way out: what goes to it would go round for ever",
                "write the address of another proxy");
  }
}

}  // namespace sp::config
