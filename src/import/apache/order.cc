// Which rule takes a path: Apache asks them one after the other.
#include <algorithm>

#include "import/apache/patterns.h"
#include "import/apache/routes.h"
#include "import/apache/values.h"

namespace sp::import::apache {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

bool answers(const Rule& rule) { return rule.does == Rule::Does::redirect || rule.does == Rule::Does::respond; }

// Whether everything that `later` could take is taken by `earlier`.
bool hides(const Rule& earlier, const Rule& later) {
  const std::string path = later.form == MatchForm::regex ? literal_prefix(later.pattern) : later.pattern;
  switch (earlier.form) {
    case MatchForm::prefix: return covers(earlier.pattern, path);
    case MatchForm::exact: return later.form == MatchForm::exact && earlier.pattern == later.pattern;
    case MatchForm::regex: return later.form == MatchForm::regex && earlier.pattern == later.pattern;
  }
  return false;
}

std::string server_of(const Rule& rule) {
  const auto url = parse_url(rule.target);
  return url ? lower(url->authority) + url->unix_path : rule.target;
}

bool is_websocket(const Rule& rule) {
  const std::string target = lower(rule.target);
  return target.starts_with("ws://") || target.starts_with("wss://");
}

// Upgrades pass through every route: a rule for them is needed only where they go to another server.
bool goes_along(const Rule& socket, const std::vector<Rule>& rules) {
  // "/cool/(.*)/ws" without ^ is meant from the beginning of the path.
  const std::string expression = socket.pattern.starts_with('/') ? "^" + socket.pattern : socket.pattern;
  const std::string path = socket.form == MatchForm::regex ? literal_prefix(expression) : socket.pattern;
  const auto same = [&](const Rule& rule) {
    return &rule != &socket && rule.does == Rule::Does::proxy && rule.form == MatchForm::prefix &&
           !is_websocket(rule) && covers(rule.pattern, path) && server_of(rule) == server_of(socket);
  };
  return std::ranges::any_of(rules, same);
}

constexpr const char* upgrades_pass =
    "WebSockets pass through every route by themselves; this one goes to the same server";

void drop_websocket_rules(const Server& host, std::vector<Rule>& rules, Report& report) {
  std::vector<Rule> kept;
  for (const Rule& rule : rules) {
    if (is_websocket(rule) && goes_along(rule, rules)) {
      report.changed(rule.origin, upgrades_pass);
    } else {
      kept.push_back(rule);
    }
  }
  rules = std::move(kept);
  // Rules that looked at the Upgrade field: where they name a path, it gets a route; else the field would have to
  // decide.
  std::vector<Rule> first;
  for (const Rule& each : host.websocket_rewrites) {
    for (const Rule& rule : simplified(each)) {
      if (goes_along(rule, rules)) {
        report.changed(rule.origin, upgrades_pass);
      } else if (rule.form == MatchForm::prefix && rule.pattern != "/") {
        report.changed(rule.origin, "a route for this path, for WebSockets and everything else");
        first.push_back(rule);
      } else if (rules.empty()) {
        first.push_back(rule);
      } else {
        report.lost(rule.origin,
                    "WebSockets go to another server than the rest: routes look at the path, not at the Upgrade field. "
                    "Write a route for the path that the application uses for them");
      }
    }
  }
  rules.insert(rules.begin(), first.begin(), first.end());
}

void add_reached(std::vector<Rule>& reached, Rule rule, Report& report) {
  const auto first = std::ranges::find_if(reached, [&](const Rule& earlier) { return hides(earlier, rule); });
  if (first == reached.end()) {
    reached.push_back(std::move(rule));
  } else if (first->does == Rule::Does::leave && answers(rule)) {
    // What the proxy leaves to Apache, Apache looks at again: a redirect goes before the exclusion, or in its place.
    const bool replaces = hides(rule, *first);
    const auto place = reached.insert(first, std::move(rule));
    if (replaces) reached.erase(std::next(place));
  } else {
    const bool same = first->target == rule.target && first->pattern == rule.pattern;
    report.changed(rule.origin,
                   same ? "said twice" : "never reached in Apache: " + brief(first->origin) + " comes first. Left out");
  }
}

// Whether the expression also takes /apple where the path that was made of it is /app.
bool goes_on_without_slash(const Rule& rule, const std::vector<Rule>& simple) {
  const bool became_path = rule.form == MatchForm::regex && simple.front().form == MatchForm::prefix;
  return became_path && !std::ranges::all_of(simple_patterns(rule.pattern), &SimplePattern::whole_segments);
}

}  // namespace

Server inherit(const Server& whole, const Server& host) {
  Server both = host;
  both.settings = whole.settings;
  both.settings.merge(host.settings);
  if (both.name.empty()) both.name = whole.name;
  both.locations = whole.locations;
  append(both.locations, host.locations);
  append(both.passes, whole.passes);
  append(both.redirects, whole.redirects);
  append(both.reverses, whole.reverses);
  both.balancers.insert(whole.balancers.begin(), whole.balancers.end());
  both.proxy_sections = whole.proxy_sections;
  append(both.proxy_sections, host.proxy_sections);
  if (both.tls.certificates.empty()) {
    both.tls.certificates = whole.tls.certificates;
    both.tls.keys = whole.tls.keys;
    both.tls.chain = whole.tls.chain;
  }
  if (!both.tls.engine) both.tls.engine = whole.tls.engine;
  if (!both.tls.verify_client) {
    both.tls.verify_client = whole.tls.verify_client;
    both.tls.verify_origin = whole.tls.verify_origin;
  }
  if (!both.tls.client_ca) both.tls.client_ca = whole.tls.client_ca;
  both.tls.modern = both.tls.modern || whole.tls.modern;
  return both;
}

std::vector<Rule> ordered_rules(const Server& host, Report& report) {
  std::vector<Rule> all = host.rewrites;
  for (auto location = host.locations.rbegin(); location != host.locations.rend(); ++location)
    append(all, location->rules);
  append(all, host.passes);
  append(all, host.redirects);

  std::vector<Rule> rules;
  for (const Rule& rule : all) {
    const std::vector<Rule> simple = simplified(rule);
    if (goes_on_without_slash(rule, simple)) {
      report.changed(rule.origin,
                     "Apache also took paths that go on without a slash (/app and /apple): a route takes whole "
                     "segments");
    }
    append(rules, simple);
  }
  drop_websocket_rules(host, rules, report);

  std::vector<Rule> reached;
  for (Rule& rule : rules) add_reached(reached, std::move(rule), report);
  return reached;
}

}  // namespace sp::import::apache
