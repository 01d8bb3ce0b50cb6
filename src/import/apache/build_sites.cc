// Each virtual host by itself.
#include <algorithm>
#include <map>
#include <tuple>

#include "import/apache/listening.h"
#include "import/apache/sites.h"
#include "import/apache/values.h"

namespace sp::import::apache {

namespace {

// In the order of the files, as people know them. Only among regexes it has a meaning, and there it is kept.
void order_for_readers(std::vector<PlacedRule>& placed) {
  std::map<std::string, size_t> files;
  for (const PlacedRule& each : placed) files.try_emplace(each.rule.origin.file, files.size());
  std::vector<std::pair<std::tuple<bool, size_t, int, size_t>, size_t>> order;
  for (size_t i = 0; i < placed.size(); ++i) {
    const Rule& rule = placed[i].rule;
    const bool regex = rule.form == MatchForm::regex;
    order.push_back({{regex, regex ? i : files[rule.origin.file], regex ? 0 : rule.origin.line, i}, i});
  }
  std::ranges::sort(order);
  std::vector<PlacedRule> sorted;
  sorted.reserve(order.size());
  for (const auto& [key, index] : order) sorted.push_back(std::move(placed[index]));
  placed = std::move(sorted);
}

}  // namespace

std::vector<DraftRoute> make_routes(const Server& host, Upstreams& upstreams, Report& report) {
  std::vector<DraftRoute> routes;
  std::vector<PlacedRule> placed = place_rules(host, ordered_rules(host, report), report);
  order_for_readers(placed);
  for (const PlacedRule& each : placed) {
    DraftRoute route = make_route(host, each, upstreams, report);
    const DraftRule& rule = route.rule;
    if (rule.to.empty() && !rule.redirect && rule.respond == 0) continue;  // it was reported
    routes.push_back(std::move(route));
  }
  return routes;
}

namespace {

// What every proxying route says alike is said once, by the site.
void hoist(DraftSite& site) {
  std::vector<DraftRule*> proxying;
  for (DraftRoute& route : site.routes) {
    if (!route.rule.to.empty()) proxying.push_back(&route.rule);
  }
  if (proxying.size() < 2) return;
  const DraftRule first = *proxying.front();
  const bool same_timeouts =
      std::ranges::all_of(proxying, [&](const DraftRule* rule) { return rule->timeouts == first.timeouts; });
  const bool same_size =
      std::ranges::all_of(proxying, [&](const DraftRule* rule) { return rule->max_body == first.max_body; });
  if (same_timeouts) site.timeouts = first.timeouts;
  if (same_size) site.max_body = first.max_body;
  for (DraftRule* rule : proxying) {
    if (same_timeouts) rule->timeouts = {};
    if (same_size) rule->max_body.clear();
  }
}

// X-Forwarded-* that say what Sallyport says anyway.
void drop_own_fields(DraftEdits& edits, bool tls) {
  std::erase_if(edits.set, [&](const auto& field) {
    const auto& [written, value] = field;
    std::string name = written;
    std::ranges::transform(name, name.begin(), [](char c) { return c == '_' ? '-' : c; });
    if (same_word(name, "X-Forwarded-Proto")) return value == (tls ? "https" : "http") || value == "${request.scheme}";
    if (same_word(name, "X-Forwarded-Port")) return value == (tls ? "443" : "80") || value == "${server.port}";
    if (same_word(name, "X-Forwarded-Host")) return value == "${request.host}";
    return same_word(name, "X-Forwarded-For") && value == "${client.address}";
  });
}

// Note once, where it is needed first, what Apache does not do by default.
void explain_verification(DraftSite& site) {
  const auto unverified = std::ranges::find_if(
      site.routes, [](const DraftRoute& route) { return route.rule.upstream_tls.verify == "none"; });
  if (unverified == site.routes.end()) return;
  const std::string server = parse_url(unverified->rule.to).value_or(UrlParts{}).authority;
  unverified->comments.insert(
      unverified->comments.begin(),
      "WARNING: the certificate of " + (server.empty() ? "the servers" : server) +
          " is not verified, as in Apache, whose SSLProxyVerify is `none` unless told otherwise (it looked at the "
          "dates; "
          "here not even they count). Better: { verify: chain, ca: /path/to/its-ca-or-own-certificate.pem }; without "
          "`ca:` if a public authority signed it; nothing at all if it has the right name too.");
}

bool is_own_name(const Server& host, std::string_view name) {
  const std::string wanted = lower(name.substr(0, name.find(':')));
  return wanted == host.name || std::ranges::find(host.aliases, wanted) != host.aliases.end() ||
         wanted == "%{http_host}" || wanted == "%{server_name}";
}

// The rule, or the redirect, that sends everything to https on the name that was asked for: where to.
std::optional<std::string> https_target(const Server& host, const std::vector<Rule>& rules) {
  if (host.redirects_to_https) return host.redirects_to_https;
  const Rule* only = nullptr;
  for (const Rule& rule : rules) {
    if (rule.does == Rule::Does::leave) continue;
    if (only != nullptr) return std::nullopt;
    only = &rule;
  }
  if (only == nullptr || only->does != Rule::Does::redirect || !only->appends_rest || only->pattern != "/")
    return std::nullopt;
  const auto url = parse_url(only->target);
  const bool same_name = url && url->scheme == "https" && without_trailing_slash(url->path).empty() &&
                         is_own_name(host, url->authority) &&
                         (!url->authority.contains(':') || url->authority.ends_with(":443"));
  return same_name ? std::optional<std::string>(url->authority) : std::nullopt;
}

bool is_member(const Server& host, std::string_view authority) {
  const auto names_it = [&](const Balancer::Member& member) {
    const auto url = parse_url(member.url);
    return url && same_word(url->authority, authority);
  };
  return std::ranges::any_of(host.balancers,
                             [&](const auto& each) { return std::ranges::any_of(each.second.members, names_it); });
}

// ProxyPassReverse of another server than those that the routes go to would not happen by itself.
void check_reverses(const Server& host, const std::vector<Rule>& rules, Report& report) {
  for (const Reverse& reverse : host.reverses) {
    const auto url = parse_url(reverse.url);
    if (!url) {
      if (!reverse.url.starts_with('/')) report.lost(reverse.origin, "not a URL");
      continue;
    }
    const bool known = is_own_name(host, url->authority) ||
                       std::ranges::any_of(rules,
                                           [&](const Rule& rule) {
                                             const auto target = parse_url(rule.target);
                                             return target && same_word(target->authority, url->authority);
                                           }) ||
                       is_member(host, url->authority);
    if (!known)
      report.lost(reverse.origin,
                  "answers are mapped back from the servers of the site's routes; none of them is " + url->authority);
  }
}

std::vector<std::string> names_of(const Server& host) {
  std::vector<std::string> names;
  if (!host.name.empty()) names.push_back(host.name);
  for (const std::string& alias : host.aliases) {
    if (std::ranges::find(names, alias) == names.end()) names.push_back(alias);
  }
  if (names.empty()) names.emplace_back("*");
  return names;
}

// certbot says SSLEngine in a file that it includes, which may not be at hand.
void settle_tls(Server& host, Report& report) {
  if (host.tls.engine || host.tls.certificates.empty()) return;
  host.tls.engine = true;
  report.changed(host.tls.certificates.front().second,
                 "no SSLEngine is in these files: with a certificate, https is taken for granted");
}

void build(const Configuration& configuration, const Server& host, Upstreams& upstreams, Report& report,
           std::vector<BuiltSite>& into) {
  BuiltSite built{.tls = host.tls, .origin = host.origin};
  const bool tls = host.tls.engine.value_or(false);
  (tls ? built.secure : built.plain) = listen_urls(configuration, host, report);
  built.site.hosts = names_of(host);
  const std::vector<Rule> rules = ordered_rules(host, report);
  check_reverses(host, rules, report);
  if (!tls) built.redirects_to_https = https_target(host, rules);
  if (built.redirects_to_https) {
    for (const Rule& rule : rules) {
      if (rule.does == Rule::Does::leave)
        report.changed(rule.origin, "this virtual host redirects everything to https");
    }
  } else {
    built.site.routes = make_routes(host, upstreams, report);
  }
  if (built.site.routes.empty() && !built.redirects_to_https) {
    return report.lost(host.origin, "nothing in it is proxied or redirected: Sallyport serves no files");
  }
  built.site.request_headers = host.settings.request;
  built.site.response_headers = host.settings.response;
  drop_own_fields(built.site.request_headers, tls);
  for (DraftRoute& route : built.site.routes) drop_own_fields(route.rule.request_headers, tls);
  hoist(built.site);
  explain_verification(built.site);
  into.push_back(std::move(built));
}

}  // namespace

std::vector<BuiltSite> build_sites(const Configuration& configuration, Upstreams& upstreams, Report& report) {
  std::vector<BuiltSite> sites;
  for (const Server& each : configuration.virtual_hosts) {
    Server host = each;
    if (!configuration.server.tls.engine) settle_tls(host, report);
    build(configuration, inherit(configuration.server, host), upstreams, report, sites);
  }
  Server whole = configuration.server;
  whole.addresses = remaining_addresses(configuration);
  const bool proxies =
      !whole.passes.empty() || !whole.rewrites.empty() || !whole.redirects.empty() ||
      std::ranges::any_of(whole.locations, [](const LocationScope& each) { return !each.rules.empty(); });
  if (!whole.addresses.empty() && proxies) build(configuration, whole, upstreams, report, sites);
  return sites;
}

}  // namespace sp::import::apache
