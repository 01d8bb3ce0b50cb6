// `return` and `rewrite`.
#include <re2/re2.h>

#include <algorithm>

#include "config/grammar.h"
#include "import/apache/values.h"
#include "import/nginx/http.h"
#include "import/nginx/variables.h"

namespace sp::import::nginx {
namespace {

constexpr int redirects[] = {301, 302, 303, 307, 308};

bool is_redirect(std::uint64_t status) { return std::ranges::find(redirects, status) != std::end(redirects); }
bool is_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("$scheme");
}

// Nothing: it was reported.
std::optional<std::string> redirect_target(const HttpServer& server, const Scope& scope, const Directive& at,
                                           const std::string& written, bool groups) {
  const Expanded expanded = expand(with_set_variables(scope, written, server.report), server.name);
  std::string why;
  if (!expanded.unknown.empty()) {
    why = expanded.unknown + " has no counterpart: write the redirect with another `${...}`";
  } else if (!groups && expanded.text.contains("${regex.")) {
    why = "a group of a regular expression that is not the location's";
  } else if (const auto problem = config::redirect_target(expanded.text)) {
    why = problem->message;
  } else if (const auto unknown = config::known_variables(expanded.text, config::When::request)) {
    why = unknown->message;
  }
  if (why.empty()) return expanded.text;
  server.report.lost(at, why);
  return std::nullopt;
}

// Text with variables would have to be read as NGINX does.
void answer(DraftRule& rule, const Scope& scope, const Directive& at, Report& report) {
  const std::string& text = at.arg(1);
  if (text.empty()) return;
  const bool bodiless = rule.respond == 204 || rule.respond == 205 || rule.respond == 304;
  if (text.contains('$') || bodiless)
    return report.lost(at, "the text that is answered is lost: `respond: { status: N, body: TEXT }`");
  rule.respond_body = text;
  const Directive* type = in_force(scope, "default_type", report);
  if (type == nullptr) return;
  if (type->arg(0) == "text/plain" || type->arg(0).empty())
    report.not_needed(*type, "text/plain is the type of what is answered by itself");
  else
    rule.respond_type = type->arg(0);
}

void respond(Made& made, std::uint64_t status, const Scope& scope, const Directive& at, Report& report) {
  made.route.rule.respond = static_cast<int>(status);
  if (status == 444) {
    made.route.rule.respond = 403;
    return report.changed(at, "403 is answered; NGINX closes the connection without an answer");
  }
  if (status < 200 || status > 599) {
    made.route.rule.respond = 404;
    return report.lost(at, "this is not a status: 404 is answered");
  }
  answer(made.route.rule, scope, at, report);
}

}  // namespace

std::optional<Made> returned(const HttpServer& server, const Scope& scope, const Directive& at) {
  server.report.used(at);
  Made made{.at = &at};
  const bool only_url = at.args.size() == 1 && is_url(at.arg(0));
  const auto status = only_url ? std::optional<std::uint64_t>(302) : apache::parse_number(at.arg(0));
  if (!status) {
    server.report.lost(at, "the status is not understood: 404 is answered");
    made.route.rule.respond = 404;
    return made;
  }
  const std::string& url = at.arg(only_url ? 0 : 1);
  if (!is_redirect(*status) || url.empty()) {
    respond(made, is_redirect(*status) ? 404 : *status, scope, at, server.report);
    if (is_redirect(*status)) server.report.lost(at, "a redirect to nowhere: 404 is answered");
    return made;
  }
  // What follows a location's expression may name its groups; that is checked once the form of the route is known.
  const bool groups = scope.block->is("location") && scope.block->arg(0).starts_with('~');
  const auto to = redirect_target(server, scope, at, url, groups);
  if (to) {
    made.route.rule.redirect = DraftRedirect{.to = *to, .status = static_cast<int>(*status)};
  } else {
    made.route.rule.respond = 404;
    made.route.comments.push_back(brief(at) + ": not translated: " + at.text());
  }
  return made;
}

namespace {

enum class Flag : std::uint8_t { none, redirect, permanent, last };

Flag flag_of(const Directive& at) {
  if (at.arg(2) == "permanent") return Flag::permanent;
  if (at.arg(2) == "redirect" || is_url(at.arg(1))) return Flag::redirect;
  return at.arg(2).empty() ? Flag::none : Flag::last;
}

// Expressions that every path matches.
bool takes_all(std::string_view regex) {
  static constexpr std::string_view all[] = {"^",       ".*",     "^.*$",  "^.*", "(.*)",  "^(.*)$",
                                             "^/(.*)$", "^/(.*)", "^(.*)", "^/",  "^/.*$", "/"};
  return std::ranges::find(all, regex) != std::end(all);
}

// Where the group of an expression that takes all is the whole path, it is said so: then the query goes along too.
std::string whole_path_named(std::string_view regex, std::string to) {
  const std::string_view group = regex.starts_with("^/(") ? "/$1" : "$1";
  if (regex.contains('(') && to.ends_with(group)) {
    to.resize(to.size() - group.size());
    to += "$request_uri";
  }
  return to;
}

}  // namespace

std::vector<Made> rewritten(const HttpServer& server, const Scope& scope, const Location* location) {
  std::vector<Made> made;
  for (const Directive* at : all_own(scope, "rewrite", server.report)) {
    const Flag flag = flag_of(*at);
    if (flag == Flag::none || flag == Flag::last) {
      if (location == nullptr)
        server.report.lost(*at,
                           "paths are changed by the route's `to` alone: write a route with `regex` and `to: "
                           "http://SERVER/new/${regex.1}`, or a redirect");
      continue;  // of a location: its target says whether it could be translated
    }
    const std::string& regex = at->arg(0);
    std::string to = at->arg(1);
    const bool no_query = to.ends_with('?');
    if (no_query) to.pop_back();
    const bool all = takes_all(regex);
    if (all) to = whole_path_named(regex, std::move(to));
    Made each{.at = at};
    if (all && location != nullptr) {
      each.kind = location->kind;
      each.pattern = location->pattern;
    } else if (all) {
      each.pattern = "/";
    } else {
      each.kind = Kind::regex;
      each.pattern = regex;
      each.rank = location == nullptr ? Made::Rank::first : Made::Rank::nested;
    }
    const auto target = redirect_target(server, scope, *at, to, each.kind == Kind::regex && !all);
    if (!target) continue;
    if (!no_query && !target->contains("${request.uri}"))
      server.report.changed(*at, "the query of the request is not carried over");
    each.route.rule.redirect = DraftRedirect{.to = *target, .status = flag == Flag::permanent ? 301 : 302};
    made.push_back(std::move(each));
  }
  return made;
}

}  // namespace sp::import::nginx
