#include <map>
#include <string_view>

#include "config/check_parts.h"
#include "config/node.h"

namespace sp::config {
namespace {

// Whether a prefix covers a path: at segment boundaries, as the router has it.
bool covers(std::string_view prefix, std::string_view path) {
  if (!path.starts_with(prefix)) return false;
  return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

// What every path that the expression matches begins with: the literal characters after `^`, without the last one if it
// may be left out or repeated.
std::string_view literal_prefix(std::string_view regex) {
  if (!regex.starts_with('^') || regex.find('|') != std::string_view::npos) return {};
  regex.remove_prefix(1);
  const std::size_t end = regex.find_first_of(".[]()*+?{}\\$^");
  if (end == std::string_view::npos || end == 0) return regex.substr(0, end);
  const bool repeated = regex[end] == '*' || regex[end] == '?' || regex[end] == '{' || regex[end] == '+';
  return regex.substr(0, repeated ? end - 1 : end);
}

void check_repeated(CheckState& state, const SiteConfig& site, Text RouteConfig::* member, std::string_view key) {
  std::map<std::string_view, const Text*> known;
  for (const RouteConfig& route : site.routes) {
    const Text& pattern = route.*member;
    if (pattern.empty()) continue;
    const auto [first, is_new] = known.emplace(pattern.value, &pattern);
    if (is_new) continue;
    state.error(pattern.place,
                "this route can never be reached: the same `" + std::string(key) + "` stands on " +
                    where(first->second->place, pattern.place),
                "remove one of the two, or change its `" + std::string(key) + "`");
  }
}

// A prefix wins over every regex, so that one which covers all that the regex matches leaves nothing to it.
void check_covered(CheckState& state, const SiteConfig& site) {
  for (const RouteConfig& route : site.routes) {
    if (route.regex.empty()) continue;
    const std::string_view begin = literal_prefix(route.regex.value);
    for (const RouteConfig& other : site.routes) {
      const std::string& prefix = other.path.value;
      if (prefix.empty()) continue;
      // "^/app" also matches /apple, which the prefix /app does not cover: the boundary must be part of the literal
      // text.
      const bool all =
          prefix == "/" || (begin.starts_with(prefix) &&
                            (prefix.ends_with('/') || (begin.size() > prefix.size() && begin[prefix.size()] == '/')));
      if (!all) continue;
      state.warning(route.regex.place,
                    "this route can never be reached: `path: " + prefix + "` on " +
                        where(other.path.place, route.regex.place) + " wins over every `regex`",
                    "say it with `path` or `exact`");
      break;
    }
  }
}

// The route that takes a path, as far as it is certain: exact, then the longest prefix.
const RouteConfig* taker_of(const SiteConfig& site, std::string_view path) {
  const RouteConfig* best = nullptr;
  for (const RouteConfig& route : site.routes) {
    if (!route.exact.empty() && route.exact.value == path) return &route;
    const std::string& prefix = route.path.value;
    if (prefix.empty() || !covers(prefix, path)) continue;
    if (best == nullptr || prefix.size() > best->path.value.size()) best = &route;
  }
  return best;
}

void check_circles(CheckState& state, const SiteConfig& site) {
  for (const RouteConfig& route : site.routes) {
    if (!route.redirect) continue;
    const Text& to = route.redirect->to;
    const bool other_host = !to.value.starts_with('/') || to.value.starts_with("//");
    if (other_host || to.value.find("${") != std::string::npos) continue;
    const std::string_view path = std::string_view(to.value).substr(0, to.value.find_first_of("?#"));
    if (taker_of(site, path) != &route) continue;
    state.error(to.place, "this redirect leads back to its own route, and so in a circle",
                route.exact.empty() ? "match the one path with `exact`, or make a route for " + backquoted(path)
                                    : "redirect to another path");
  }
}

}  // namespace

void check_reach(CheckState& state, const SiteConfig& site) {
  check_repeated(state, site, &RouteConfig::exact, "exact");
  check_repeated(state, site, &RouteConfig::path, "path");
  check_repeated(state, site, &RouteConfig::regex, "regex");
  check_covered(state, site);
  check_circles(state, site);
}

}  // namespace sp::config
