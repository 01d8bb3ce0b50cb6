// One location as routes.
#include <algorithm>

#include "config/grammar.h"
#include "import/apache/patterns.h"
#include "import/apache/values.h"
#include "import/nginx/http.h"
#include "import/nginx/target.h"
#include "import/nginx/values.h"
#include "import/nginx/variables.h"

namespace sp::import::nginx {
namespace {

constexpr std::string_view programs[] = {"fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass",
                                         "passenger_enabled"};

class RouteMaker {
 public:
  RouteMaker(const HttpServer& server, const Location& location, const std::deque<Location>& all)
      : server_(server), location_(location), all_(all), report_(server.report) {
    made_.kind = location.kind;
    made_.pattern = location.pattern;
    made_.rank = location.nested ? Made::Rank::nested : Made::Rank::normal;
    made_.at = location.block;
  }

  std::vector<Made> make() {
    const Scope& scope = location_.scope;
    if (refused_pattern()) return closed_instead();
    std::vector<Made> result = rewritten(server_, scope, &location_);
    const bool all_redirected =
        std::ranges::any_of(result, [&](const Made& each) { return each.pattern == location_.pattern; });
    if (all_redirected) return result;
    if (const Directive* at = own(scope, "return", report_)) {
      answer(*at);
    } else if (const Directive* internal = own(scope, "internal", report_)) {
      made_.route.rule.respond = 404;
      report_.changed(*internal, "nobody is sent there from within: 404 is answered");
    } else {
      handle();
    }
    if (!made_.target) rewrites_are_lost();
    if (made_.target || made_.route.rule.redirect || made_.route.rule.respond != 0) result.push_back(std::move(made_));
    return result;
  }

 private:
  bool refused_pattern();
  std::vector<Made> closed_instead();
  void answer(const Directive& at);
  void handle();
  void pass(const Directive& at, const Scope& scope, const std::string& kind);
  bool try_files(const Directive& at);
  void program(const Directive& at);
  void files();
  void strip_prefix(const Scope& scope, Passed& passed);
  void rewrites_are_lost();
  void next_upstream(const Scope& scope, const std::string& kind, DraftUpstream* upstream);
  void redirects(const Scope& scope, const std::string& kind);

  const HttpServer& server_;
  const Location& location_;
  const std::deque<Location>& all_;
  Report& report_;
  Made made_;
};

bool RouteMaker::refused_pattern() {
  if (location_.kind == Kind::named) return true;  // whoever sends requests there is asked
  const auto problem = location_.kind == Kind::regex      ? config::route_regex(location_.pattern)
                       : location_.pattern.ends_with('*') ? std::nullopt
                                                          : config::route_path(location_.pattern);
  const bool star = location_.kind != Kind::regex && location_.pattern.ends_with('*');
  if (!problem && !star) return false;
  report_.lost(*location_.block, star ? "a path that ends in `*` stands for itself in NGINX, and cannot be said here"
                                      : problem->message + ": " + problem->remedy);
  return true;
}

// An expression that cannot be said may have kept somebody out: then all that begins like it is closed.
std::vector<Made> RouteMaker::closed_instead() {
  if (location_.kind != Kind::regex) return {};
  const Access access = access_of(location_.scope, report_);
  const Directive* answer = own(location_.scope, "return", report_);
  const bool refuses = answer != nullptr && answer->arg(0).starts_with('4');
  if (access.allow.empty() && access.deny.empty() && !refuses) {
    if (answer != nullptr) report_.lost(*answer, "see its location");
    return {};
  }
  made_.pattern = "^" + apache::escape_regex(apache::literal_prefix(location_.pattern));
  made_.files = true;
  made_.route.rule.respond = 403;
  made_.route.comments.push_back(brief(*location_.block) + ": " + location_.block->text() +
                                 " kept somebody out, and cannot be said here: closed until you decide");
  report_.lost(*location_.block, "it kept somebody out: all paths that begin like it are closed until you decide");
  return {std::move(made_)};
}

void RouteMaker::answer(const Directive& at) {
  auto made = returned(server_, location_.scope, at);
  if (!made) return;
  made_.route.rule.redirect = made->route.rule.redirect;
  made_.route.rule.respond = made->route.rule.respond;
  made_.route.rule.respond_body = made->route.rule.respond_body;
  made_.route.rule.respond_type = made->route.rule.respond_type;
  made_.route.comments = made->route.comments;
  made_.route.rule.response_headers = response_edits(server_, location_.scope, "");
  made_.protects = made_.route.rule.respond >= 400;
  for (const std::string_view name : {"proxy_pass", "grpc_pass", "try_files"}) {
    if (const Directive* other = own(location_.scope, name, report_))
      report_.not_needed(*other, "`return` answers before it");
  }
}

void RouteMaker::handle() {
  const Scope& scope = location_.scope;
  for (const std::string kind : {"proxy", "grpc"}) {
    if (const Directive* at = own(scope, kind + "_pass", report_)) return pass(*at, scope, kind);
  }
  for (const std::string_view name : programs) {
    if (const Directive* at = own(scope, name, report_)) return program(*at);
  }
  if (const Directive* at = in_force(scope, "try_files", report_); at != nullptr) {
    if (try_files(*at)) return;
    report_.lost(*at, "Sallyport serves no files");
  }
  files();
}

void RouteMaker::program(const Directive& at) {
  report_.lost(at,
               "only HTTP is spoken with servers: run the program with an HTTP port of its own, and name it in `to`");
  made_.files = true;
  made_.route.rule.respond = 502;
  made_.route.comments.push_back(brief(at) + ": " + at.text() +
                                 " is not spoken here; give `to` an http:// URL instead");
}

// NGINX looked for a file first, and asked a server for the rest.
bool RouteMaker::try_files(const Directive& at) {
  if (at.args.empty()) return false;
  const std::string& last = at.args.back();
  const auto named = std::ranges::find_if(
      all_, [&](const Location& each) { return each.kind == Kind::named && each.pattern == last; });
  if (named == all_.end()) return false;
  for (const std::string kind : {"proxy", "grpc"}) {
    const Directive* passes = own(named->scope, kind + "_pass", report_);
    if (passes == nullptr) continue;
    pass(*passes, named->scope, kind);
    report_.lost(at, "Sallyport serves no files: the server is asked for all paths, so let it serve the files too");
    return true;
  }
  return false;
}

void RouteMaker::files() {
  made_.files = true;
  const bool error_page =
      location_.kind == Kind::exact && std::ranges::any_of(server_.scope.block->children, [&](const Directive& each) {
        return each.is("error_page") && each.has_arg(location_.pattern);
      });
  if (error_page) {
    for (const Directive& each : location_.block->children) report_.not_needed(each, "see its location");
    return report_.changed(*location_.block, "error pages are Sallyport's own");
  }
  const Access access = access_of(location_.scope, report_);
  const bool denied = access.deny == std::vector<std::string>{"*"};
  made_.protects = denied;
  made_.route.rule.respond = denied ? 403 : 404;
  for (const Directive& each : location_.block->children) {
    if (each.is("root") || each.is("alias") || each.is("index")) report_.not_needed(each, "see its location");
  }
  if (denied) return;
  if (location_.pattern.contains("acme-challenge")) {
    report_.lost(*location_.block,
                 "NGINX served the files of an ACME client (certbot --webroot) itself: let the client use another way, "
                 "such as certbot --standalone on a port of its own with a route to it");
    made_.route.comments.push_back(
        brief(*location_.block) + ": NGINX answered ACME challenges from files; give `to` of your ACME client instead");
    return;
  }
  report_.lost(*location_.block, "NGINX served this itself, from files: give it a server, or leave the 404");
  made_.route.comments.push_back(brief(*location_.block) + ": NGINX served this itself, from files");
}

void RouteMaker::pass(const Directive& at, const Scope& scope, const std::string& kind) {
  Passed passed = passed_to(server_, scope, at, location_.kind);
  DraftRule& rule = made_.route.rule;
  made_.at = &at;
  const Access access = access_of(scope, report_);
  rule.allow = access.allow;
  rule.deny = access.deny;
  made_.protects = !rule.allow.empty() || !rule.deny.empty();
  made_.route.comments = access.comments;
  rule.response_headers = response_edits(server_, scope, kind);
  if (!passed.target) {
    report_.lost(at, passed.why);
    rule.respond = 502;
    made_.route.comments.push_back(brief(at) + ": not translated: " + at.text());
    return;
  }
  strip_prefix(scope, passed);
  made_.target = passed.target;
  const RequestEdits request = request_edits(server_, scope, kind);
  rule.request_headers = request.edits;
  rule.host = request.host_is_said ? request.host : passed.host_setting;
  rule.timeouts = timeouts_of(scope, kind, report_);
  rule.max_body = max_body_of(scope, report_);
  const bool same_host = rule.host == passed.host || (rule.host == "upstream" && passed.upstream == nullptr);
  if (passed.tls)
    rule.upstream_tls = upstream_tls_of(scope, kind, passed.host, same_host, at, made_.route.comments, report_);
  next_upstream(scope, kind, passed.upstream);
  redirects(scope, kind);
}

// "rewrite ^/app/(.*)$ /$1 break": what NGINX's users write to take a prefix away.
void RouteMaker::strip_prefix(const Scope& scope, Passed& passed) {
  const std::string prefix = without_slash(location_.pattern);
  bool done = false;
  for (const Directive* at : all_own(scope, "rewrite", report_)) {
    const bool internal = at->arg(2) == "break" || at->arg(2) == "last" || at->args.size() == 2;
    if (!internal || at->arg(1).starts_with("http")) continue;
    const std::string& regex = at->arg(0);
    const std::string& to = at->arg(1);
    std::string_view rest(regex);
    const bool begins = rest.starts_with('^') && rest.substr(1).starts_with(prefix) && location_.kind != Kind::regex;
    if (begins) rest.remove_prefix(1 + prefix.size());
    static constexpr std::string_view with_slash[] = {"/(.*)$", "/(.*)", "/?(.*)$", "/?(.*)"};
    static constexpr std::string_view without[] = {"(.*)$", "(.*)", "(/.*)$", "(/.*)"};
    const bool slash = std::ranges::find(with_slash, rest) != std::end(with_slash) && to.ends_with("/$1");
    const bool whole = std::ranges::find(without, rest) != std::end(without) && to.ends_with("$1");
    const std::string front = to.substr(0, to.find('$'));
    const bool simple = begins && (slash || whole) && front.size() + 2 == to.size() && at->arg(2) == "break" &&
                        !passed.target->uri && !done && (front.empty() || !config::route_path(front));
    if (!simple) {
      report_.lost(*at,
                   "paths are changed by the route's `to` alone: a path in it takes the place of `path`; of "
                   "`regex`, its groups are ${regex.1} and so on");
      continue;
    }
    done = true;
    // As if the URI stood in proxy_pass, with or without the slash as in the location.
    const std::string path = without_slash(front);
    passed.target->uri = location_.pattern.ends_with('/') ? path + "/" : path.empty() ? "/" : path;
  }
}

void RouteMaker::rewrites_are_lost() {
  for (const Directive* at : all_own(location_.scope, "rewrite", report_)) {
    if (at->arg(2) == "permanent" || at->arg(2) == "redirect" || at->arg(1).starts_with("http")) continue;
    report_.lost(*at, "a path that becomes another one within NGINX: write a route for it");
  }
}

void RouteMaker::next_upstream(const Scope& scope, const std::string& kind, DraftUpstream* upstream) {
  const Directive* next = in_force(scope, kind + "_next_upstream", report_);
  const Directive* tries = in_force(scope, kind + "_next_upstream_tries", report_);
  if (next != nullptr && next->has_arg("off") && upstream != nullptr) {
    upstream->retries = 0;
  } else if (next != nullptr &&
             std::ranges::any_of(next->args, [](const std::string& word) { return word.starts_with("http_"); })) {
    report_.lost(*next, "another server is tried when one cannot be reached or does not answer; not for its status");
  } else if (next != nullptr) {
    report_.not_needed(*next, "another server is tried where that is safe");
  }
  const auto count = tries != nullptr ? apache::parse_number(tries->arg(0)) : std::nullopt;
  if (count && *count > 0 && upstream != nullptr) {
    upstream->retries = static_cast<int>(std::min<std::uint64_t>(*count - 1, 100));
  } else if (tries != nullptr) {
    report_.not_needed(*tries, "there is no other server, or no limit");
  }
}

// Sallyport maps back what the server says in its own name.
void RouteMaker::redirects(const Scope& scope, const std::string& kind) {
  for (const Directive* at : all_in_force(scope, kind + "_redirect", report_)) {
    if (at->arg(0) == "default")
      report_.not_needed(*at, "redirects of the server are mapped back by themselves");
    else
      report_.changed(*at, "redirects of the server are mapped back by themselves, where they name the server");
  }
  for (const std::string_view name : {"_cookie_path", "_cookie_domain"}) {
    for (const Directive* at : all_in_force(scope, kind + std::string(name), report_))
      report_.changed(*at, "Domain and Path of cookies are mapped back by themselves, where they are the server's");
  }
}

}  // namespace

std::vector<Made> make_routes(const HttpServer& server, const Location& location, const std::deque<Location>& all) {
  return RouteMaker(server, location, all).make();
}

}  // namespace sp::import::nginx
