// mod_rewrite, as far as it is used for what has its own words elsewhere: redirects to https, WebSockets, plain
// redirects and proxies, refusals.
#include <algorithm>
#include <array>

#include "import/apache/collect.h"
#include "import/apache/patterns.h"
#include "import/apache/rewrite_conditions.h"
#include "import/apache/values.h"

namespace sp::import::apache {
namespace {

using Directives = std::span<const Directive>;

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
    if (name == "c" || name == "chain" || name == "s" || name == "skip" || name == "n" || name == "next")
      flags.control = true;
    if (name == "e" || name == "env") flags.sets_environment = true;
    if (name == "r" || name == "redirect") {
      const auto number = parse_number(value);
      flags.redirect = number                 ? static_cast<int>(std::min<std::uint64_t>(*number, 599))
                       : value == "permanent" ? 301
                       : value == "seeother"  ? 303
                                              : 302;
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
  using Asks = RewriteCondition::Asks;
  void join_conditions();
  void rule(const Directive& directive);
  void redirect(Rule rule);
  bool asks(Asks what) const {
    return std::ranges::any_of(conditions_, [&](const RewriteCondition& each) { return each.asks == what; });
  }
  bool is_answered_by_itself(const Directive& directive, const Flags& flags);
  bool narrow(Rule& rule);
  void report(Fate fate, const std::string& why, const Origin& at) {
    for (const RewriteCondition& each : written_) context_.report.add(each.origin, see_rule, fate);
    context_.report.add(at, why, fate);
  }

  Context& context_;
  Surroundings around_;
  std::vector<RewriteCondition> written_;     // of the rule that comes next
  std::vector<RewriteCondition> conditions_;  // all must hold
  bool on_ = false;
};

void RewriteReader::join_conditions() {
  conditions_.clear();
  for (size_t begin = 0; begin < written_.size();) {
    size_t end = begin;
    while (end + 1 < written_.size() && written_[end].or_next) ++end;
    std::vector<RewriteCondition> chain(written_.begin() + static_cast<std::ptrdiff_t>(begin),
                                        written_.begin() + static_cast<std::ptrdiff_t>(end + 1));
    // In a virtual host with TLS, only the others of a chain can be true.
    const bool mixed =
        std::ranges::any_of(chain, [](const RewriteCondition& each) { return each.asks != Asks::plain_http; });
    if (around_.tls && mixed)
      std::erase_if(chain, [](const RewriteCondition& each) { return each.asks == Asks::plain_http; });
    conditions_.push_back(either(chain));
    begin = end + 1;
  }
  for (const RewriteCondition& each : written_) {
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
  for (const RewriteCondition& each : conditions_) {
    if (each.asks == Asks::other || each.asks == Asks::trace) return false;
    if (each.asks == Asks::not_path && !each.pattern.contains("well-known")) return false;
    if (each.asks == Asks::not_path) {
      context_.report.lost(each.origin,
                           "certificate files for ACME are not served: let the ACME client use another way, or write "
                           "a route for /.well-known/acme-challenge");
    }
    if (each.asks != Asks::path) continue;
    const auto all = simple_patterns(rule.pattern);
    if (all.size() != 1 || (!all[0].path.empty() && all[0].path != "/") || all[0].form != MatchForm::prefix)
      return false;
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
  Rule rule{.form = MatchForm::regex,
            .pattern = directive.arg(0),
            .target = directive.arg(1),
            .origin = origin_of(directive)};
  if (context_.location != nullptr) {
    return report(Fate::lost, "rewriting within a section is not translated: write a route for it", rule.origin);
  }
  if (is_answered_by_itself(directive, flags)) return;
  if (flags.control || rule.pattern.starts_with('!'))
    return report(Fate::lost, "rules that depend on each other are not translated", rule.origin);
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
  const bool everything =
      all.size() == 1 && (all[0].path.empty() || all[0].path == "/") && all[0].form == MatchForm::prefix;
  const auto url = parse_url(rule.target);
  if (everything && url && url->scheme == "https" && !around_.tls) {
    const std::string rest = url->path;
    const bool same_path =
        rest == "%{REQUEST_URI}" || rest == "/$1" || rest == "$1" || rest == "/%{REQUEST_URI}" || rest == "$0";
    const std::string host = lower(url->authority.substr(0, url->authority.find("%{REQUEST_URI}")));
    const bool same_host =
        host == "%{http_host}" || host == "%{server_name}" || host == "%{server_name}$1" || host == "%{http_host}$1" ||
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
