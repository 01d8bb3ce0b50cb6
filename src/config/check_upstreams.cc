#include <algorithm>
#include <map>

#include "config/address.h"
#include "config/check_parts.h"
#include "config/node.h"

namespace sp::config {
namespace {

void check_servers(CheckState& state, const UpstreamConfig& upstream) {
  if (upstream.servers.empty()) return;
  if (std::ranges::all_of(upstream.servers, &ServerConfig::backup)) {
    state.error(upstream.place, "the upstream " + backquoted(upstream.name) + " has only backup servers",
                "remove `backup: true` of one of them");
  }
  std::map<std::string_view, const Text*> known;
  for (const ServerConfig& server : upstream.servers) {
    const auto [first, is_new] = known.emplace(server.url.value, &server.url);
    if (is_new || server.url.empty()) continue;
    state.warning(server.url.place, "the server " + shown(server.url) + " is given twice",
                  "to give it a larger share, set its `weight`; the other is on " +
                      where(first->second->place, server.url.place));
  }
  const auto is_https = [](const ServerConfig& server) {
    const auto address = parse_address(server.url.value, AddressUse::server);
    return address && (address->scheme == "https" || address->scheme == "tls" || is_mail(address->scheme));
  };
  if (upstream.upstream_tls.place.line > 0 && std::ranges::none_of(upstream.servers, is_https)) {
    state.warning(upstream.upstream_tls.place,
                  "`upstream_tls` has no effect: no server of " + backquoted(upstream.name) + " speaks TLS",
                  "write `https://` or `tls://` in `servers`, or remove `upstream_tls`");
  }
}

bool says_more(const SendProxyConfig& config) {
  return config.crc32c == OnOff::on || config.unique_id == OnOff::on || !config.tlvs.empty();
}

void check_health_of(CheckState& state, const HealthConfig& health, const ServerConfig& server) {
  const auto address = parse_address(server.url.value, AddressUse::server);
  if (!address || !is_relayed(address->scheme)) return;
  if (address->port == 0 && address->unix_path.empty()) {
    state.error(server.url.place, shown(server.url) + " cannot be checked (`health`): it has no port",
                "write its port; where there are several, an upstream for each of them");
  }
  if (!given(health.path)) return;
  state.error(health.path.place, shown(server.url) + " is no server of HTTP that could be asked for a path",
              "leave `path` out: it is checked that the server can be connected to, and one of mail that it greets");
}

void check_health(CheckState& state, const UpstreamConfig& upstream) {
  if (!upstream.health) return;
  const HealthConfig& health = *upstream.health;
  const std::size_t before = state.findings.size();
  for (const ServerConfig& server : upstream.servers) {
    if (state.findings.size() == before) check_health_of(state, health, server);
  }
  if (given(health.path) || health.expect == HealthConfig{}.expect) return;
  state.warning(health.place, "`expect` has no effect: without `path` nothing is asked for", "add `path: /`");
}

}  // namespace

void check_servers_of(CheckState& state, const Text& to, Passes passes) {
  const auto found = state.config.upstreams.find(to.value);
  if (found == state.config.upstreams.end()) return;
  for (const ServerConfig& server : found->second.servers) {
    const auto address = parse_address(server.url.value, AddressUse::server);
    if (!address || is_relayed(address->scheme) == (passes == Passes::octets)) continue;
    if (passes == Passes::octets) {
      state.error(server.url.place,
                  shown(server.url) + " is a server of HTTP, and " + where(to.place, server.url.place) +
                      " passes on octets to it",
                  "write `tcp://`, `tls://`, or that of mail");
    } else {
      state.error(server.url.place,
                  shown(server.url) + " is no server of HTTP, and the route of " + where(to.place, server.url.place) +
                      " sends requests to it",
                  "write `http://` or `https://`");
    }
    return;
  }
}

void check_send_proxy(CheckState& state, const SendProxyConfig& config) {
  if (!says_more(config) || config.version == ProxyVersion::v2) return;
  if (config.version == ProxyVersion::off) {
    state.error(config.place, "no header of the PROXY protocol is sent: `send_proxy` does not say which version",
                "add `version: v2`, or remove the rest");
  } else {
    state.warning(config.place, "version 1 of the PROXY protocol has room for addresses only: the rest is not sent",
                  "write `version: v2`, or remove `crc32c`, `unique_id` and `tlvs`");
  }
}

void check_upstreams(CheckState& state) {
  for (const auto& [name, upstream] : state.config.upstreams) {
    check_servers(state, upstream);
    check_upstream_tls(state, upstream.upstream_tls);
    check_send_proxy(state, upstream.send_proxy);
    check_health(state, upstream);
    if (state.used_upstreams.contains(name)) continue;
    state.warning(upstream.place, "nothing uses the upstream " + backquoted(name),
                  "write `to: " + name + "` in a route or an entry, or remove it");
  }
}

}  // namespace sp::config
