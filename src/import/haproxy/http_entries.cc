// Frontends of mode http: entries with sites and routes.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/grammar.h"
#include "import/apache/patterns.h"
#include "import/haproxy/http.h"

namespace sp::import::haproxy {
namespace {

// `path` is for whole segments, and wins over every `regex`. Where that could matter, all routes of the site are
// expressions, in their order.
bool needs_expressions(const BuiltSite& site) {
  for (const auto& [path, outcome] : site.routes) {
    if (path.form == Form::regex) return true;
    if (path.form == Form::exact || path.text.ends_with('/')) {
      if (config::route_path(path.text)) return true;
      continue;
    }
    if (config::route_path(path.text)) return true;
    const DraftRule& rest = site.routes.back().second.rule;
    const DraftRule& rule = outcome.rule;
    if (rule.respond != rest.respond || rule.allow != rest.allow || rule.deny != rest.deny) return true;
  }
  return false;
}

std::string mapped(const PathMap& map, std::string_view path) {
  std::string result = map.to + std::string(path.substr(std::min(path.size(), map.from.size())));
  for (size_t at = result.find("//"); at != std::string::npos; at = result.find("//")) result.erase(at, 1);
  return result;
}

void set_path(const Pattern& path, const Outcome& outcome, bool expressions, const Proxy& frontend, DraftRule& rule,
              Report& report) {
  if (!outcome.path || outcome.rule.to.empty()) return;
  if (outcome.server_url.empty() || outcome.server_url.find("+unix://") != std::string::npos)
    return report.lost(frontend.at,
                       fmt::format("the path {} was mapped to {}: only a server's own URL in `to` has a path",
                                   outcome.path->from, outcome.path->to));
  if (path.form == Form::regex)
    return report.lost(frontend.at, fmt::format("the path {} was mapped to {}: not where {} matches",
                                                outcome.path->from, outcome.path->to, path.text));
  std::string to = mapped(*outcome.path, path.text);
  if (!expressions) {
    // A prefix and its replacement end alike.
    if (path.form == Form::prefix && path.text == "/" && !to.ends_with('/')) to += '/';
    rule.to = outcome.server_url + to;
    return;
  }
  rule.to = outcome.server_url + to;
  if (path.form == Form::exact) return;
  rule.pattern = "^" + apache::escape_regex(path.text) + "(.*)";
  rule.to += "${regex.1}";
}

DraftRoute route_of(const Pattern& path, const Outcome& outcome, bool expressions, const Proxy& frontend,
                    Report& report) {
  DraftRoute route{.rule = outcome.rule, .comments = {}};
  DraftRule& rule = route.rule;
  if (path.form == Form::regex) {
    rule.match = DraftMatch::regex;
    rule.pattern = path.text;
  } else if (expressions) {
    rule.match = DraftMatch::regex;
    rule.pattern = "^" + apache::escape_regex(path.text) + (path.form == Form::exact ? "$" : "");
  } else {
    rule.match = path.form == Form::exact ? DraftMatch::exact : DraftMatch::path;
    rule.pattern = path.text;
    const bool half = path.form == Form::prefix && !path.text.ends_with('/');
    if (half) route.comments.push_back(fmt::format("In HAProxy also what only begins like it: {}x.", path.text));
  }
  set_path(path, outcome, expressions, frontend, rule, report);
  return route;
}

// What all servers of a site are told is said once.
void hoist(DraftSite& site) {
  const auto first = std::ranges::find_if(site.routes, [](const DraftRoute& route) { return !route.rule.to.empty(); });
  if (first == site.routes.end()) return;
  for (const auto& [member, there] : {std::pair{&DraftRule::request_headers, &DraftSite::request_headers},
                                      std::pair{&DraftRule::response_headers, &DraftSite::response_headers}}) {
    const DraftEdits common = first->rule.*member;
    // HAProxy's own answers have none of it.
    const bool all = std::ranges::all_of(
        site.routes, [&](const DraftRoute& route) { return route.rule.*member == common && !route.rule.to.empty(); });
    if (!all || site.routes.size() < 2) continue;
    site.*there = common;
    for (DraftRoute& route : site.routes) route.rule.*member = {};
  }
}

std::string host_text(const std::optional<Pattern>& host) {
  if (!host) return "*";
  return (host->form == Form::below ? "*." : "") + host->text;
}

std::vector<DraftSite> draft_sites(const std::vector<BuiltSite>& built, const Proxy& frontend, Report& report) {
  std::vector<DraftSite> result;
  std::vector<const BuiltSite*> sources;
  for (const BuiltSite& site : built) {
    const auto same = std::ranges::find_if(sources, [&](const BuiltSite* other) { return same_routes(*other, site); });
    if (same != sources.end() && site.host) {
      result[static_cast<size_t>(same - sources.begin())].hosts.push_back(host_text(site.host));
      continue;
    }
    DraftSite draft{.hosts = {host_text(site.host)}};
    const bool expressions = needs_expressions(site);
    for (const auto& [path, outcome] : site.routes)
      draft.routes.push_back(route_of(path, outcome, expressions, frontend, report));
    hoist(draft);
    result.push_back(std::move(draft));
    sources.push_back(&site);
  }
  return result;
}

bool only_to_https(const std::vector<BuiltSite>& sites) {
  return !sites.empty() && std::ranges::all_of(sites, [](const BuiltSite& site) {
    return std::ranges::all_of(site.routes, [](const auto& route) { return route.second.to_https; });
  });
}

bool same_sites(const std::vector<BuiltSite>& a, const std::vector<BuiltSite>& b) {
  return std::ranges::equal(
      a, b, [](const BuiltSite& x, const BuiltSite& y) { return x.host == y.host && same_routes(x, y); });
}

// Bare and secure listeners of one frontend: one entry, where it can say what both do.
class HttpEntries {
 public:
  HttpEntries(const Proxy& frontend, Building& state) : frontend_(frontend), state_(state) {}

  void add(const std::vector<Bind>& binds, const std::string& suffix) {
    std::vector<Bind> plain, secure;
    for (const Bind& bind : binds) (bind.ssl ? secure : plain).push_back(bind);
    if (plain.empty() || secure.empty()) return entry(binds, suffix, false, play_rules(frontend_, binds, state_));
    const Played bare = play_rules(frontend_, plain, state_);
    const Played safe = play_rules(frontend_, secure, state_);
    if (only_to_https(bare.sites)) {
      for (const Rule& rule : frontend_.rules) {
        if (rule.to_https) state_.report.changed(rule.at, "http is redirected to https by itself, with 301 or 308");
      }
      return entry(binds, suffix, false, safe);
    }
    if (same_sites(bare.sites, safe.sites)) return entry(binds, suffix, true, safe);
    entry(secure, suffix, false, safe);
    entry(plain, suffix + "-http", false, bare);
  }

  std::vector<DraftEntry> take() { return std::move(entries_); }

 private:
  void entry(const std::vector<Bind>& binds, const std::string& suffix, bool no_redirect, const Played& played) {
    if (played.sites.empty())
      return state_.report.lost(frontend_.at, "nothing is left that could be answered: the section is left out");
    DraftEntry entry = begin_entry(frontend_, binds, suffix, Mode::http, state_);
    if (entry.listen.empty()) return;
    if (played.main_backend != nullptr)
      entry.timeouts = timeouts_of(frontend_, *played.main_backend, Mode::http, state_.report);
    entry.sites = draft_sites(played.sites, frontend_, state_.report);
    for (DraftSite& site : entry.sites) site.https_redirect_off = no_redirect;
    entries_.push_back(std::move(entry));
  }

  const Proxy& frontend_;
  Building& state_;
  std::vector<DraftEntry> entries_;
};

}  // namespace

std::vector<DraftEntry> http_entries(const Proxy& frontend, const std::vector<Bind>& binds, Building& state) {
  HttpEntries entries(frontend, state);
  if (!asks(frontend, Fact::port, state) || binds.size() == 1) {
    entries.add(binds, "");
    return entries.take();
  }
  for (const Bind& bind : binds) entries.add({bind}, fmt::format("-{}", bind.port));
  return entries.take();
}

}  // namespace sp::import::haproxy
