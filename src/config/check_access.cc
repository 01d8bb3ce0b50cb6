// `allow` and `deny` of inbound entries, their sites and routes.
#include <initializer_list>

#include "config/check_parts.h"
#include "config/proxy_condition.h"

namespace sp::config {

// A condition that can never hold lets nobody in, or, worse, keeps nobody out.
void check_access(CheckState& state, const InboundConfig& entry) {
  if (!entry.accept_proxy.from.empty()) return;
  const auto look_at = [&](std::initializer_list<const std::vector<Text>*> lists) {
    for (const auto* list : lists) {
      for (const Text& text : *list) {
        if (!is_proxy_condition(text.value)) continue;
        state.error(text.place, shown(text) + " never holds: this entry takes no PROXY header from anybody",
                    "add `accept_proxy: { from: [ ADDRESS ] }` with the addresses of the proxies in front of this one");
      }
    }
  };
  look_at({&entry.allow, &entry.deny});
  for (const SiteConfig& site : entry.sites) {
    look_at({&site.allow, &site.deny});
    for (const RouteConfig& route : site.routes) look_at({&route.allow, &route.deny});
  }
}

}  // namespace sp::config
