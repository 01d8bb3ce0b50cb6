// One rule of Apache as one route of ours.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "import/apache/patterns.h"
#include "import/apache/routes.h"
#include "import/apache/values.h"

namespace sp::import::apache {
namespace {

constexpr int apache_timeout_seconds = 60;
constexpr DraftMatch draft_match[] = {DraftMatch::exact, DraftMatch::path, DraftMatch::regex};

// $1 as ${regex.1}; Apache's %{...} as far as they are known in targets.
std::string with_variables(std::string target) {
  static constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"%{REQUEST_FULL}", "${request.uri}"},   {"%{REQUEST_URI}", "${request.path}"},
      {"%{HTTP_HOST}", "${request.host}"},     {"%{SERVER_NAME}", "${request.host}"},
      {"%{QUERY_STRING}", "${request.query}"}, {"%{REQUEST_SCHEME}", "${request.scheme}"}};
  std::string result;
  for (size_t at = 0; at < target.size();) {
    const std::string_view rest = std::string_view(target).substr(at);
    const auto known = std::ranges::find_if(names, [&](const auto& name) { return rest.starts_with(name.first); });
    if (known != std::end(names)) {
      result += known->second;
      at += known->first.size();
    } else if (rest.size() > 1 && rest[0] == '$' && std::isdigit(static_cast<unsigned char>(rest[1])) != 0) {
      result.append("${regex.").append(1, rest[1]).append("}");
      at += 2;
    } else if (rest.size() > 1 && rest[0] == '\\') {
      result += rest[1];
      at += 2;
    } else {
      result += target[at++];
    }
  }
  return result;
}

class RouteMaker {
 public:
  RouteMaker(const Server& host, const PlacedRule& placed, Upstreams& upstreams, Report& report)
      : host_(host), rule_(placed.rule), settings_(placed.settings), upstreams_(upstreams), report_(report) {}

  DraftRoute make() {
    DraftRule& out = route_.rule;
    out.match = draft_match[static_cast<size_t>(rule_.form)];
    out.pattern = rule_.form == MatchForm::prefix && rule_.pattern.size() > 1 ? without_trailing_slash(rule_.pattern)
                                                                              : rule_.pattern;
    if (out.pattern.empty()) out.pattern = "/";
    if (rule_.form == MatchForm::regex && !is_available(rule_.pattern)) {
      report_.lost(rule_.origin, "the expression looks ahead or back, which our engine does not: write it without");
      return std::move(route_);
    }
    switch (rule_.does) {
      case Rule::Does::proxy: proxy(); break;
      case Rule::Does::leave: leave(); break;
      case Rule::Does::redirect: redirect(); break;
      case Rule::Does::respond: out.respond = rule_.status; break;
    }
    return std::move(route_);
  }

 private:
  void proxy();
  void to_url(const UrlParts& url);
  void to_balancer(const UrlParts& url);
  void leave();
  void redirect();
  void common_settings();
  void tls(const UrlParts& url);
  void timeouts();
  void parameters();
  void comment(std::string text) { route_.comments.push_back(std::move(text)); }

  const Server& host_;
  const Rule& rule_;
  const Settings& settings_;
  Upstreams& upstreams_;
  Report& report_;
  DraftRoute route_;
};

void RouteMaker::proxy() {
  auto url = parse_url(rule_.target);
  if (!url) {
    report_.lost(rule_.origin, "the target is not a URL");
    route_.rule.respond = 502;
    return comment(brief(rule_.origin) + ": not translated: " + rule_.origin.text);
  }
  if (url->scheme == "ws" || url->scheme == "h2c") url->scheme = "http";
  if (url->scheme == "wss" || url->scheme == "h2") url->scheme = "https";
  common_settings();
  if (url->scheme == "balancer") {
    to_balancer(*url);
  } else if (url->scheme == "http" || url->scheme == "https") {
    to_url(*url);
    tls(*url);
  } else {
    const bool ajp = url->scheme == "ajp";
    report_.lost(rule_.origin,
                 ajp ? "AJP is not spoken: enable the HTTP connector of Tomcat (8080), and write its URL in `to`"
                     : "only http and https are spoken: run the program with an HTTP port of its own");
    route_.rule.respond = 502;
    return comment(brief(rule_.origin) + ": " + url->scheme +
                   ":// is not spoken here; give `to` an http:// URL instead of this");
  }
  timeouts();
  parameters();
}

// A path that stays is left out at the root, where nobody would write it; elsewhere it is written as it was.
std::string mapped_path(const Rule& rule, const std::string& path) {
  if (rule.form == MatchForm::regex) return path;
  const std::string from = rule.form == MatchForm::exact ? rule.pattern : without_trailing_slash(rule.pattern);
  std::string to = rule.form == MatchForm::exact ? path : without_trailing_slash(path);
  if (from.empty() && to.empty()) return "";
  if (to.empty()) return "/";
  return to;
}

void RouteMaker::to_url(const UrlParts& url) {
  const std::string_view without_query = std::string_view(url.path).substr(0, url.path.find('?'));
  const std::string path = with_variables(mapped_path(rule_, std::string(without_query)));
  if (url.unix_path.empty()) {
    route_.rule.to = url.scheme + "://" + url.authority + path;
  } else {
    route_.rule.to = url.scheme + "+unix://" + url.unix_path + (path.empty() ? "" : ":" + path);
  }
  if (url.path.contains('?'))
    report_.lost(rule_.origin, "a query in the target is not available: the client's is passed on");
}

void RouteMaker::to_balancer(const UrlParts& url) {
  const std::string key = "balancer://" + lower(url.authority);
  const auto known = host_.balancers.find(key);
  std::optional<DraftUpstream> upstream;
  if (known != host_.balancers.end()) {
    const std::string name = upstreams_.name_for(known->second, url.authority);
    upstream = make_upstream(known->second, name, report_);
  }
  if (!upstream) {
    report_.lost(rule_.origin, "the balancer has no members that could be translated");
    route_.rule.respond = 502;
    return comment(brief(rule_.origin) + ": " + key + " has no members that could be translated");
  }
  const auto member = parse_url(known->second.members.front().url);
  const UrlParts first = member.value_or(UrlParts{});
  const std::string path = mapped_path(rule_, without_trailing_slash(first.path) + url.path);
  const bool stays =
      rule_.form == MatchForm::regex ? path.empty() : path.empty() || path == without_trailing_slash(rule_.pattern);
  if (first.scheme == "https") tls(first);
  if (!stays && upstream->servers.size() == 1) {
    route_.rule.to = upstream->servers[0].url + with_variables(path);
    return;
  }
  route_.rule.to = upstream->name;
  upstreams_.add(known->second, std::move(*upstream));
  if (stays) return;
  report_.lost(
      rule_.origin,
      "the path changes on the way to several servers: a named upstream leaves it as it is. Let the servers take " +
          rule_.pattern + ", or write a site of their own for it");
  comment(brief(rule_.origin) + ": Apache replaced " + rule_.pattern + " by " + (path.empty() ? "/" : path) +
          "; here the path stays.");
}

void RouteMaker::common_settings() {
  DraftRule& out = route_.rule;
  out.request_headers = settings_.request;
  out.response_headers = settings_.response;
  if (!settings_.preserve_host.value_or(false)) out.host = "upstream";
  if (!settings_.host.empty()) out.host = settings_.host;
  out.allow = settings_.access.allow;
  out.deny = settings_.access.deny;
  std::ranges::copy(settings_.access.comments, std::back_inserter(route_.comments));
  if (settings_.max_body && *settings_.max_body > 0) out.max_body = size_text(*settings_.max_body);
  out.encoded_slashes = settings_.encoded_slashes.value_or(false);
}

// Apache's default is SSLProxyVerify none: it takes any certificate whose dates are right.
void RouteMaker::tls(const UrlParts& url) {
  if (url.scheme != "https") return;
  DraftUpstreamTls& out = route_.rule.upstream_tls;
  const std::string verify = settings_.proxy_verify.value_or("none");
  const bool checks_name = settings_.check_name.value_or(true) && settings_.check_cn.value_or(true);
  if (verify != "require") {
    out.verify = "none";
    report_.changed(rule_.origin,
                    "the server's certificate is not verified, as in Apache (SSLProxyVerify none); here its dates do "
                    "not count either");
  } else if (!checks_name) {
    out.verify = "chain";
  }
  if (verify == "require" && settings_.proxy_ca) out.ca = *settings_.proxy_ca;
  if (verify == "require" && !settings_.check_expire.value_or(true)) {
    report_.changed(rule_.origin, "expired certificates are refused, which Apache was told to accept");
  }
  if (settings_.proxy_client_certificate) {
    out.cert = *settings_.proxy_client_certificate;
    out.key = *settings_.proxy_client_certificate;
  }
}

void RouteMaker::timeouts() {
  DraftTimeouts& out = route_.rule.timeouts;
  std::optional<int> seconds = settings_.proxy_timeout_seconds;
  for (const auto& [key, value] : rule_.parameters) {
    if (key == "timeout") seconds = parse_seconds(value);
    if (key != "connectiontimeout") continue;
    if (const auto connect = parse_seconds(value); connect && *connect > 0) out.connect = duration_text(*connect);
  }
  if (!seconds && settings_.timeout_seconds != apache_timeout_seconds) seconds = settings_.timeout_seconds;
  if (!seconds || *seconds <= 0) return;
  out.response_head = duration_text(*seconds);
  out.body_idle = duration_text(*seconds);
  if (*seconds > 3600) out.tunnel_idle = duration_text(*seconds);
}

void RouteMaker::parameters() {
  std::string ignored;
  for (const auto& [key, value] : rule_.parameters) {
    if (key == "timeout" || key == "connectiontimeout") continue;
    if (key == "stickysession") {
      report_.lost(rule_.origin, "sticky sessions are not available yet: let the servers share their sessions");
      continue;
    }
    if (key == "lbmethod") {
      report_.lost(rule_.origin, "lbmethod: say how servers are chosen with `balance:` of the upstream");
      continue;
    }
    if (key == "upgrade" && lower(value) != "websocket" && lower(value) != "any") {
      report_.lost(rule_.origin, "upgrade=" + value + ": see `upgrades:` of a route");
      continue;
    }
    ignored += (ignored.empty() ? "" : ", ") + key;
  }
  if (!ignored.empty()) report_.not_needed(rule_.origin, unused_parameters + ignored);
}

void RouteMaker::leave() {
  route_.rule.respond = 404;
  if (rule_.pattern.contains("acme-challenge")) {
    report_.lost(
        rule_.origin,
        "Apache served the files of an ACME client (certbot --webroot) itself: let the client use another way, "
        "such as certbot --standalone on a port of its own with a route to it");
    return comment(brief(rule_.origin) +
                   ": Apache answered ACME challenges from files; give `to` of your ACME client instead of this");
  }
  report_.lost(rule_.origin,
               "Apache served this path itself, from files or a program: give it a server, or leave the 404");
  comment(brief(rule_.origin) + ": excluded from the proxy; Apache served it itself");
}

void RouteMaker::redirect() {
  DraftRule& out = route_.rule;
  out.redirect = DraftRedirect{.to = rule_.target, .status = rule_.status};
  std::string& to = out.redirect->to;
  static constexpr std::string_view path = "%{REQUEST_URI}";
  // Apache appends the query where the target has none.
  if (to.ends_with(path)) to.replace(to.size() - path.size(), path.size(), "%{REQUEST_FULL}");
  to = with_variables(to);
  const bool known_status =
      rule_.status == 301 || rule_.status == 302 || rule_.status == 303 || rule_.status == 307 || rule_.status == 308;
  if (known_status) return;
  report_.changed(rule_.origin, "302 instead of this status");
  out.redirect->status = 302;
}

}  // namespace

DraftRoute make_route(const Server& host, const PlacedRule& placed, Upstreams& upstreams, Report& report) {
  return RouteMaker(host, placed, upstreams, report).make();
}

}  // namespace sp::import::apache
