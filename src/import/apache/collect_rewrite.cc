// mod_rewrite, as far as it is used for what has its own words elsewhere: redirects to https, WebSockets, plain redirects and
// proxies, refusals.
#include <algorithm>
#include <array>

#include "import/apache/collect.h"
#include "import/apache/patterns.h"
#include "import/apache/values.h"

namespace sp::import::apache {
namespace {

using Directives = std::span<const Directive>;

// What is known about a server before its directives are read in order.
struct Surroundings {
  std::vector<std::string> names;
  bool tls = false;
};

Surroundings look_around(Directives directives) {
  Surroundings around;
  for (const Directive& each : directives) {
    if (each.is("SSLEngine")) around.tls = is_on(each.arg(0));
    if (each.is("ServerName") || each.is("ServerAlias")) std::ranges::copy(each.args, std::back_inserter(around.names));
  }
  return around;
}

struct Condition {
  enum class Asks { plain_http, websocket, own_name, path, not_path, always, trace, other } asks = Asks::other;
  std::string pattern;
  bool or_next = false;
  Origin origin;
};

// What a chain of conditions joined by [OR] asks for, if that is one thing.
Condition either(std::span<const Condition> chain) {
  using Asks = Condition::Asks;
  const auto asks = [&](Asks what) { return std::ranges::find(chain, what, &Condition::asks); };
  if (chain.size() == 1) return chain[0];
  for (const Asks strongest : {Asks::always, Asks::plain_http, Asks::websocket}) {
    if (const auto found = asks(strongest); found != chain.end()) return *found;
  }
  const bool names = std::ranges::all_of(chain, [](const Condition& each) { return each.asks == Asks::own_name; });
  if (names) return chain[0];
  const bool paths = std::ranges::all_of(chain, [](const Condition& each) { return each.asks == Asks::path; });
  Condition result = chain[0];
  if (!paths) {
    result.asks = Asks::other;
    return result;
  }
  for (const Condition& each : chain.subspan(1)) result.pattern += "|" + each.pattern;
  return result;
}

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

Condition read_condition(const Directive& directive, const Surroundings& around) {
  using Asks = Condition::Asks;
  Condition condition{.pattern = directive.arg(1), .or_next = lower(directive.arg(2)).contains("or"), .origin = origin_of(directive)};
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

struct Flags {
  bool proxy = false, forbidden = false, gone = false, no_case = false, control = false;
  int redirect = 0;
  bool sets_environment = false;
};

Flags read_flags(std::string_view text) {
  Flags flags;
  if (text.starts_with('[')) text.remove_prefix(1);
  if (text.ends_with(']')) text.remove_suffix(1);
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    std::string flag = lower(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
    std::erase(flag, ' ');
    const std::string value = flag.contains('=') ? flag.substr(flag.find('=') + 1) : "";
    const std::string name = flag.substr(0, flag.find('='));
    if (name == "p" || name == "proxy") flags.proxy = true;
    if (name == "f" || name == "forbidden") flags.forbidden = true;
    if (name == "g" || name == "gone") flags.gone = true;
    if (name == "nc" || name == "nocase") flags.no_case = true;
    if (name == "c" || name == "chain" || name == "s" || name == "skip" || name == "n" || name == "next") flags.control = true;
    if (name == "e" || name == "env") flags.sets_environment = true;
    if (name == "r" || name == "redirect") {
      const auto number = parse_number(value);
      flags.redirect = number ? static_cast<int>(std::min<std::uint64_t>(*number, 599)) : value == "permanent" ? 301 : value == "seeother" ? 303 : 302;
    }
  }
  return flags;
}

class RewriteReader {
 public:
  RewriteReader(Context& context, Directives directives) : context_(context), around_(look_around(directives)) {}

  void read(const Directive& directive) {
    const Origin at = origin_of(directive);
    if (directive.is("RewriteEngine")) {
      on_ = is_on(directive.arg(0));
      context_.report.not_needed(at, "each rule is looked at by itself");
    } else if (!on_) {
      context_.report.not_needed(at, "RewriteEngine is not on here: Apache does not look at it");
    } else if (directive.is("RewriteCond")) {
      written_.push_back(read_condition(directive, around_));
    } else {
      join_conditions();
      rule(directive);
      written_.clear();
    }
  }

 private:
  using Asks = Condition::Asks;
  void join_conditions();
  void rule(const Directive& directive);
  void redirect(Rule rule);
  bool asks(Asks what) const {
    return std::ranges::any_of(conditions_, [&](const Condition& each) { return each.asks == what; });
  }
  bool is_answered_by_itself(const Directive& directive, const Flags& flags);
  bool narrow(Rule& rule);
  void report(Fate fate, const std::string& why, const Origin& at) {
    for (const Condition& each : written_) context_.report.add(each.origin, see_rule, fate);
    context_.report.add(at, why, fate);
  }

  Context& context_;
  Surroundings around_;
  std::vector<Condition> written_;     // of the rule that comes next
  std::vector<Condition> conditions_;  // all must hold
  bool on_ = false;
};

void RewriteReader::join_conditions() {
  conditions_.clear();
  for (size_t begin = 0; begin < written_.size();) {
    size_t end = begin;
    while (end + 1 < written_.size() && written_[end].or_next) ++end;
    conditions_.push_back(either(std::span(written_).subspan(begin, end + 1 - begin)));
    begin = end + 1;
  }
  for (const Condition& each : written_) {
    if (each.asks == Asks::always && each.pattern.starts_with("!-")) {
      context_.report.changed(each.origin, "files that Apache had and served itself are asked from the server too");
    }
  }
}

// Rules whose effect is there without them.
bool RewriteReader::is_answered_by_itself(const Directive& directive, const Flags& flags) {
  const Origin at = origin_of(directive);
  if (asks(Asks::trace) && flags.forbidden) {
    report(Fate::changed, "TRACE is refused by itself", at);
  } else if (directive.arg(1) == "-" && flags.sets_environment && directive.arg(2).contains("uthorization")) {
    report(Fate::changed, "Authorization is passed on by itself", at);
  } else if (around_.tls && asks(Asks::plain_http)) {
    report(Fate::not_needed, "never true in this virtual host: it speaks TLS", at);
  } else {
    return false;
  }
  return true;
}

// Brings conditions about the path into the rule. False if a condition is left that cannot be said.
bool RewriteReader::narrow(Rule& rule) {
  for (const Condition& each : conditions_) {
    if (each.asks == Asks::other || each.asks == Asks::trace) return false;
    if (each.asks == Asks::not_path && !each.pattern.contains("well-known")) return false;
    if (each.asks == Asks::not_path) {
      context_.report.lost(each.origin, "certificate files for ACME are not served: let the ACME client use another way, or write "
                                        "a route for /.well-known/acme-challenge");
    }
    if (each.asks != Asks::path) continue;
    const auto all = simple_patterns(rule.pattern);
    if (all.size() != 1 || (!all[0].path.empty() && all[0].path != "/") || all[0].form != MatchForm::prefix) return false;
    if (rule.target.ends_with("$1") && all[0].rest_group == 1) {
      rule.target.replace(rule.target.size() - 2, 2, all[0].path.empty() || rule.target.ends_with("/$1") ? "" : "/");
      if (rule.target.ends_with('/')) rule.target.pop_back();
      rule.target += "%{REQUEST_URI}";
    }
    rule.pattern = each.pattern;
  }
  return true;
}

void RewriteReader::rule(const Directive& directive) {
  const Flags flags = read_flags(directive.arg(2));
  Rule rule{.form = MatchForm::regex, .pattern = directive.arg(0), .target = directive.arg(1), .origin = origin_of(directive)};
  if (context_.location != nullptr) {
    return report(Fate::lost, "rewriting within a section is not translated: write a route for it", rule.origin);
  }
  if (is_answered_by_itself(directive, flags)) return;
  if (flags.control || rule.pattern.starts_with('!')) return report(Fate::lost, "rules that depend on each other are not translated", rule.origin);
  if (!narrow(rule)) return report(Fate::lost, "routes look at host and path only, not at this condition", rule.origin);
  if (flags.no_case) rule.pattern = "(?i)" + rule.pattern;
  if (rule.target.contains("%{") && !rule.target.contains("%{REQUEST_URI}") && !flags.redirect) {
    return report(Fate::lost, "a variable in the target of a proxy is not available", rule.origin);
  }
  if (flags.forbidden || flags.gone) {
    rule.does = Rule::Does::respond;
    rule.status = flags.forbidden ? 403 : 410;
    rule.target.clear();
    context_.server.rewrites.push_back(std::move(rule));
  } else if (flags.proxy) {
    (asks(Asks::websocket) ? context_.server.websocket_rewrites : context_.server.rewrites).push_back(std::move(rule));
  } else if (flags.redirect != 0 || rule.target.contains("://")) {
    rule.does = Rule::Does::redirect;
    rule.status = flags.redirect != 0 ? flags.redirect : 302;
    redirect(std::move(rule));
  } else {
    report(Fate::lost, "a path is rewritten inside Apache: write a route for it, with the path in `to`", rule.origin);
  }
}

// Everything to https on the same name is what Sallyport does by itself.
void RewriteReader::redirect(Rule rule) {
  const auto all = simple_patterns(rule.pattern);
  const bool everything = all.size() == 1 && (all[0].path.empty() || all[0].path == "/") && all[0].form == MatchForm::prefix;
  const auto url = parse_url(rule.target);
  if (everything && url && url->scheme == "https" && !around_.tls) {
    const std::string rest = url->path;
    const bool same_path = rest == "%{REQUEST_URI}" || rest == "/$1" || rest == "$1" || rest == "/%{REQUEST_URI}" || rest == "$0";
    const std::string host = lower(url->authority.substr(0, url->authority.find("%{REQUEST_URI}")));
    const bool same_host = host == "%{http_host}" || host == "%{server_name}" || host == "%{server_name}$1" || host == "%{http_host}$1" ||
                           std::ranges::any_of(around_.names, [&](const std::string& name) { return same_word(name, host); });
    if (same_host && (same_path || url->authority.contains("%{REQUEST_URI}") || url->authority.ends_with("$1"))) {
      context_.server.redirects_to_https = host.contains('%') ? "%{HTTP_HOST}" : host;
      return;
    }
  }
  if (rule.target.contains("%1") || rule.target.contains("%2")) {
    return report(Fate::lost, "what a condition captured is not available", rule.origin);
  }
  context_.server.rewrites.push_back(std::move(rule));
}

}  // namespace

bool is_rewrite(const Directive& directive) {
  return directive.is("RewriteEngine") || directive.is("RewriteCond") || directive.is("RewriteRule");
}

void collect_rewrites(Context& context, Directives directives) {
  RewriteReader reader(context, directives);
  for (const Directive& each : directives) {
    if (is_rewrite(each)) reader.read(each);
  }
}

}  // namespace sp::import::apache
