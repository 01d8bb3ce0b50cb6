#include <algorithm>
#include <map>

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
  const auto is_https = [](const ServerConfig& server) { return server.url.value.starts_with("https"); };
  if (upstream.upstream_tls.place.line > 0 && std::ranges::none_of(upstream.servers, is_https)) {
    state.warning(upstream.upstream_tls.place,
                  "`upstream_tls` has no effect: no server of " + backquoted(upstream.name) + " is https",
                  "write `https://` in `servers`, or remove `upstream_tls`");
  }
}

}  // namespace

void check_upstreams(CheckState& state) {
  for (const auto& [name, upstream] : state.config.upstreams) {
    check_servers(state, upstream);
    check_upstream_tls(state, upstream.upstream_tls);
    if (state.used_upstreams.contains(name)) continue;
    state.warning(upstream.place, "no route uses the upstream " + backquoted(name),
                  "write `to: " + name + "` in a route, or remove it");
  }
}

}  // namespace sp::config
