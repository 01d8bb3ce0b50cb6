// Each server block by itself, as sites.
#include <algorithm>

#include "config/grammar.h"
#include "import/apache/tree.h"
#include "import/nginx/http.h"
#include "import/nginx/values.h"
#include "import/nginx/variables.h"

namespace sp::import::nginx {
namespace {

bool means_plain(const std::string& condition) {
  static constexpr std::string_view all[] = {
      "$scheme = http",  "$scheme != https", "$https = ",         "$https =",
      "$https != on",    "$https = off",     "$server_port = 80", "$server_port != 443",
      "$ssl_protocol =", "$ssl_protocol = ", "$scheme ~ http$",   "$scheme ~ ^http$"};
  return std::ranges::find(all, condition) != std::end(all);
}

std::optional<std::string> name_meant(const std::string& condition) {
  for (const std::string_view begins : {"$host = ", "$http_host = "}) {
    if (!condition.starts_with(begins)) continue;
    std::string name = condition.substr(begins.size());
    if (name != "*" && !config::host_pattern(name)) return name;
  }
  return std::nullopt;
}

// The one redirect that a block consists of.
const Directive* only_redirect(const Directive& block) {
  const Directive* found = nullptr;
  for (const Directive& each : block.children) {
    if (found != nullptr || !(each.is("return") || each.is("rewrite"))) return nullptr;
    found = &each;
  }
  return found;
}

std::vector<std::string> names_of(const HttpServer& server) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    const std::string lower = apache::lower(name);
    if (std::ranges::find(names, lower) == names.end()) names.push_back(lower);
  };
  for (const Directive* at : all_own(server.scope, "server_name", server.report)) {
    for (const std::string& name : at->args) {
      if (name.empty() || name == "_") continue;
      if (name.starts_with('~')) {
        server.report.lost(*at, "names by expressions are not available: list them, or write *.example.com");
      } else if (name.starts_with('.')) {
        add(name.substr(1));
        add("*" + name);
      } else if (const auto problem = config::host_pattern(name); problem || name == "*") {
        server.report.lost(*at, name == "*" ? "`*` is no name in NGINX" : problem->message);
      } else {
        add(name);
      }
    }
  }
  return names;
}

class SiteBuilder {
 public:
  SiteBuilder(const Directive& http, const Scope& outer, const Directive& block, Upstreams& upstreams, Report& report)
      : server_{.http = http,
                .scope = {.block = &block, .outer = &outer},
                .name = {},
                .upstreams = upstreams,
                .report = report} {}

  void build(std::vector<BuiltSite>& into);

 private:
  void read_conditions();
  void condition(const Directive& block);
  bool is_same_name(const std::string& target, const std::string& name) const;
  void make_routes_of_all(std::vector<Made>& made);
  std::optional<std::string> redirect_of(const Directive& at) const;
  void split_off(const std::string& name, DraftRedirect redirect, std::vector<BuiltSite>& into);
  void finish(std::vector<Made> made, std::vector<BuiltSite>& into);

  HttpServer server_;
  BuiltSite built_;
  std::vector<std::string> to_https_;                             // names that an `if` sends there
  std::vector<std::pair<std::string, DraftRedirect>> elsewhere_;  // names that an `if` sends somewhere else
};

// "https://$host$request_uri": the same name, as far as that can be known.
bool SiteBuilder::is_same_name(const std::string& target, const std::string& name) const {
  constexpr std::string_view scheme = "https://";
  if (!target.starts_with(scheme)) return false;
  std::string rest = target.substr(scheme.size());
  bool whole = false;
  for (const std::string_view uri : {"${request.uri}", "${request.path}"}) {
    if (!rest.ends_with(uri)) continue;
    rest.resize(rest.size() - uri.size());
    whole = true;
    break;
  }
  if (rest.ends_with('/')) rest.pop_back();
  if (rest.ends_with(":443")) rest.resize(rest.size() - 4);
  const bool only_name = built_.site.hosts == std::vector<std::string>{rest};
  return whole && (rest == "${request.host}" || (!name.empty() && rest == name) || only_name);
}

// Where a `return` or `rewrite` of everything leads to, if it is a redirect.
std::optional<std::string> SiteBuilder::redirect_of(const Directive& at) const {
  std::string to;
  if (at.is("return")) {
    to = at.args.size() > 1 ? at.arg(1) : at.arg(0);
    const std::string& status = at.args.size() > 1 ? at.arg(0) : "302";
    if (!status.starts_with("30")) return std::nullopt;
  } else {
    const std::string& regex = at.arg(0);
    to = at.arg(1);
    if (to.ends_with('?')) to.pop_back();
    for (const auto& [all, group] : {std::pair{"^(.*)$", "$1"}, std::pair{"^(.*)", "$1"}, std::pair{"(.*)", "$1"},
                                     std::pair{"^/(.*)$", "/$1"}, std::pair{"^/(.*)", "/$1"}, std::pair{"^", ""},
                                     std::pair{".*", ""}, std::pair{"^.*$", ""}, std::pair{"^/", ""}}) {
      if (regex != all) continue;
      const std::string_view end(group);
      if (end.empty()) return expand(to, server_.name).text;
      if (!to.ends_with(end)) return std::nullopt;
      to.resize(to.size() - end.size());
      return expand(to + "$request_uri", server_.name).text;
    }
    return std::nullopt;
  }
  return expand(with_set_variables(server_.scope, to, server_.report), server_.name).text;
}

void SiteBuilder::condition(const Directive& block) {
  const Directive* redirect = only_redirect(block);
  const auto target = redirect != nullptr ? redirect_of(*redirect) : std::nullopt;
  if (!target || config::redirect_target(*target)) return;  // reported with the rest
  const std::string text = condition_of(block);
  const auto use = [&] {
    server_.report.used(block);
    server_.report.used(*redirect);
  };
  if (means_plain(text) && is_same_name(*target, "")) {
    use();
    built_.redirects_plain = true;
    if (server_.plain) return;
    return server_.report.not_needed(block, "nothing comes here by http");
  }
  const auto name = name_meant(text);
  if (!name || config::known_variables(*target, config::When::request)) return;
  const bool known = std::ranges::find(built_.site.hosts, *name) != built_.site.hosts.end();
  if (!known) return;
  use();
  if (is_same_name(*target, *name) && !server_.secure) {
    to_https_.push_back(*name);
  } else if (!redirect->is("return") || redirect->args.size() < 2) {
    elsewhere_.emplace_back(*name, DraftRedirect{.to = *target, .status = redirect->has_arg("permanent") ? 301 : 302});
  } else {
    elsewhere_.emplace_back(*name, DraftRedirect{.to = *target, .status = std::atoi(redirect->arg(0).c_str())});
  }
}

void SiteBuilder::read_conditions() {
  for (const Directive& each : server_.scope.block->children) {
    if (each.block && each.is("if")) condition(each);
  }
}

void SiteBuilder::make_routes_of_all(std::vector<Made>& made) {
  const Directive* answer = own(server_.scope, "return", server_.report);
  if (answer != nullptr) {
    if (auto one = returned(server_, server_.scope, *answer)) {
      one->pattern = "/";
      one->route.rule.response_headers = response_edits(server_, server_.scope, "");
      made.push_back(std::move(*one));
    }
    for (const Directive& each : server_.scope.block->children) {
      if (each.block && each.is("location"))
        server_.report.changed(each, "never reached: the server's `return` comes before it");
    }
    return;
  }
  made = rewritten(server_, server_.scope, nullptr);
  const bool all = std::ranges::any_of(made, [](const Made& each) { return each.kind == Kind::prefix; });
  if (all) return;
  const auto locations = locations_of(server_);
  for (const Location& location : locations) {
    for (Made& each : make_routes(server_, location, locations)) made.push_back(std::move(each));
  }
}

bool serves(const std::vector<Made>& made) {
  return std::ranges::any_of(made, [](const Made& each) { return !each.files; });
}

// A name that is sent somewhere else gets a site of its own.
void SiteBuilder::split_off(const std::string& name, DraftRedirect redirect, std::vector<BuiltSite>& into) {
  BuiltSite other = built_;
  std::erase(built_.site.hosts, name);
  for (Listen& each : other.listens) each.default_server = false;
  other.site = {};
  other.site.hosts = {name};
  other.nameless = false;
  DraftRoute route;
  route.rule.redirect = std::move(redirect);
  other.site.routes = {route};
  into.push_back(std::move(other));
}

// What every proxying route says alike is said once, by the site.
template <class Value>
void hoist(DraftSite& site, Value DraftRule::* of_rule, Value DraftSite::* of_site, bool of_all) {
  std::vector<DraftRule*> rules;
  for (DraftRoute& route : site.routes) {
    if (of_all || !route.rule.to.empty()) rules.push_back(&route.rule);
  }
  if (rules.size() < 2) return;
  const Value first = rules.front()->*of_rule;
  if (!std::ranges::all_of(rules, [&](const DraftRule* rule) { return rule->*of_rule == first; })) return;
  site.*of_site = first;
  for (DraftRule* rule : rules) rule->*of_rule = Value{};
}

void SiteBuilder::finish(std::vector<Made> made, std::vector<BuiltSite>& into) {
  Report& report = server_.report;
  built_.site.routes = placed(std::move(made), report);
  if (built_.site.routes.empty() && (server_.secure || !built_.redirects_plain)) return;
  if (built_.site.routes.empty()) return into.push_back(built_);
  // The redirect of everything to https comes by itself where http and https share an entry.
  const DraftRule& first = built_.site.routes.front().rule;
  const bool all = built_.site.routes.size() == 1 && first.match == DraftMatch::path && first.pattern == "/";
  if (all && first.redirect && !server_.secure && is_same_name(first.redirect->to, "")) {
    built_.redirects_plain = true;
  }
  hoist(built_.site, &DraftRule::response_headers, &DraftSite::response_headers, true);
  hoist(built_.site, &DraftRule::request_headers, &DraftSite::request_headers, false);
  hoist(built_.site, &DraftRule::timeouts, &DraftSite::timeouts, false);
  hoist(built_.site, &DraftRule::max_body, &DraftSite::max_body, false);
  into.push_back(built_);
}

void SiteBuilder::build(std::vector<BuiltSite>& into) {
  Report& report = server_.report;
  const Directive& block = *server_.scope.block;
  report.used(block);
  built_.at = &block;
  built_.listens = listens_of(server_.scope, "80", report);
  if (!has(block, "listen")) built_.listens.push_back({.port = "80", .at = &block});
  if (const Directive* ssl = in_force(server_.scope, "ssl", report); ssl != nullptr && ssl->arg(0) == "on") {
    for (Listen& each : built_.listens) each.ssl = true;
    report.changed(*ssl, "all addresses of this server are https");
  }
  server_.secure = std::ranges::any_of(built_.listens, &Listen::ssl);
  server_.plain = !std::ranges::all_of(built_.listens, &Listen::ssl);
  built_.site.hosts = names_of(server_);
  built_.nameless = built_.site.hosts.empty();
  if (!built_.nameless && !built_.site.hosts.front().starts_with('*')) server_.name = built_.site.hosts.front();
  if (built_.listens.empty()) return report.lost(block, "nothing in it listens on an address that is available");
  // Of a server that takes what nobody else does, no answer is the usual answer here too.
  const bool refuses = built_.nameless && std::ranges::any_of(block.children, [](const Directive& each) {
                         return each.is("return") && each.arg(0) == "444";
                       });
  if (refuses) {
    for (const Directive& each : block.children) report.used(each);
    return report.changed(block, "a name that no site has is answered with 421 by itself");
  }
  read_conditions();
  std::vector<Made> made;
  make_routes_of_all(made);
  built_.settings = entry_settings(server_, built_.listens);
  if (server_.secure) built_.tls = tls_of(server_.scope, report);
  for (auto& [name, redirect] : elsewhere_) split_off(name, redirect, into);
  if (!to_https_.empty()) {
    BuiltSite other = built_;
    other.site.hosts = to_https_;
    other.redirects_plain = true;
    other.nameless = false;
    for (Listen& each : other.listens) each.default_server = false;
    into.push_back(other);
    for (const std::string& name : to_https_) std::erase(built_.site.hosts, name);
  }
  const bool names_left = built_.nameless || !built_.site.hosts.empty();
  if (!names_left) {
    const Directive* answer = own(server_.scope, "return", report);
    if (answer != nullptr) report.changed(*answer, "every name of this server is redirected before it");
    return;
  }

  if (!serves(made) && !built_.redirects_plain)
    return report.lost(block, "nothing in it is proxied or redirected: Sallyport serves no files");
  finish(std::move(made), into);
}

}  // namespace

std::vector<BuiltSite> build_sites(const Directive& http, Upstreams& upstreams, Report& report) {
  const Scope scope{.block = &http};
  std::vector<BuiltSite> sites;
  for (const Directive& block : http.children) {
    if (block.block && block.is("server")) SiteBuilder(http, scope, block, upstreams, report).build(sites);
  }
  return sites;
}

}  // namespace sp::import::nginx
