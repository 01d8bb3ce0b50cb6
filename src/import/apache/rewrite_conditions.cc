#include "import/apache/rewrite_conditions.h"

#include <algorithm>
#include <iterator>

#include "import/apache/values.h"

namespace sp::import::apache {

Surroundings look_around(std::span<const Directive> directives) {
  Surroundings around;
  for (const Directive& each : directives) {
    if (each.is("SSLEngine")) around.tls = is_on(each.arg(0));
    if (each.is("SSLCertificateFile")) around.tls = true;
    if (each.is("ServerName") || each.is("ServerAlias")) std::ranges::copy(each.args, std::back_inserter(around.names));
  }
  return around;
}

RewriteCondition either(std::span<const RewriteCondition> chain) {
  using Asks = RewriteCondition::Asks;
  const auto asks = [&](Asks what) { return std::ranges::find(chain, what, &RewriteCondition::asks); };
  if (chain.size() == 1) return chain[0];
  for (const Asks strongest : {Asks::always, Asks::plain_http, Asks::websocket}) {
    if (const auto found = asks(strongest); found != chain.end()) return *found;
  }
  const bool names =
      std::ranges::all_of(chain, [](const RewriteCondition& each) { return each.asks == Asks::own_name; });
  if (names) return chain[0];
  const bool paths = std::ranges::all_of(chain, [](const RewriteCondition& each) { return each.asks == Asks::path; });
  RewriteCondition result = chain[0];
  if (!paths) {
    result.asks = Asks::other;
    return result;
  }
  for (const RewriteCondition& each : chain.subspan(1)) result.pattern += "|" + each.pattern;
  return result;
}

namespace {

// The pattern of a condition without its anchors and its '=': "!^on$" is {negated, "on"}.
struct Bare {
  bool negated = false;
  std::string text;
};
Bare bare(std::string_view pattern) {
  Bare result{.negated = pattern.starts_with('!')};
  if (result.negated) pattern.remove_prefix(1);
  if (pattern.starts_with('=')) pattern.remove_prefix(1);
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  if (pattern.ends_with('$')) pattern.remove_suffix(1);
  for (const char c : pattern) {
    if (c != '\\') result.text += c;
  }
  result.text = lower(result.text);
  return result;
}

bool asks_plain_http(const std::string& subject, const Bare& pattern) {
  if (subject == "%{https}") return pattern.text == (pattern.negated ? "on" : "off");
  if (subject == "%{request_scheme}") return pattern.text == (pattern.negated ? "https" : "http");
  return subject == "%{server_port}" && pattern.text == (pattern.negated ? "443" : "80");
}

}  // namespace

RewriteCondition read_condition(const Directive& directive, const Surroundings& around) {
  using Asks = RewriteCondition::Asks;
  RewriteCondition condition{
      .pattern = directive.arg(1), .or_next = lower(directive.arg(2)).contains("or"), .origin = origin_of(directive)};
  const std::string subject = lower(directive.arg(0));
  const Bare pattern = bare(directive.arg(1));
  const bool about_upgrade = (subject == "%{http:upgrade}" && pattern.text.contains("websocket")) ||
                             (subject == "%{http:connection}" && pattern.text.contains("upgrade"));
  if (asks_plain_http(subject, pattern)) condition.asks = Asks::plain_http;
  // The rule for all but WebSockets stands beside one for WebSockets: together they are for all.
  if (about_upgrade) condition.asks = pattern.negated ? Asks::always : Asks::websocket;
  if ((subject == "%{server_name}" || subject == "%{http_host}") && !pattern.negated &&
      std::ranges::any_of(around.names, [&](const std::string& name) { return same_word(name, pattern.text); })) {
    condition.asks = Asks::own_name;
  }
  if (subject == "%{query_string}" && pattern.text.contains("transport=websocket")) condition.asks = Asks::websocket;
  // What Apache had as a file it served itself; the server behind has its files too, or gets them.
  if (directive.arg(1) == "!-f" || directive.arg(1) == "!-d") condition.asks = Asks::always;
  if (subject == "%{request_uri}") condition.asks = pattern.negated ? Asks::not_path : Asks::path;
  if (subject == "%{request_method}" && pattern.text.contains("trac")) condition.asks = Asks::trace;
  return condition;
}

}  // namespace sp::import::apache
