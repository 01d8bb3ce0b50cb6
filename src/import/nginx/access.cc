// Who may come in: allow and deny, of which NGINX takes the first that fits, and passwords and the like, which are not
// available. What was protected stays so: where something else than an address decides, nobody may come in.
#include <algorithm>

#include "config/grammar.h"
#include "config/network.h"
#include "import/apache/values.h"
#include "import/nginx/http.h"

namespace sp::import::nginx {
namespace {

// The innermost block that has either of the two: they are one list.
std::vector<const Directive*> rules_in_force(const Scope& scope, Report& report) {
  std::vector<const Directive*> rules;
  for (const Scope* each = &scope; each != nullptr && rules.empty(); each = each->outer) {
    for (const Directive& directive : each->block->children) {
      if (directive.block || !(directive.is("allow") || directive.is("deny"))) continue;
      report.used(directive);
      rules.push_back(&directive);
    }
  }
  return rules;
}

bool overlap(const std::string& a, const std::string& b) {
  const auto first = config::parse_network(a);
  const auto second = config::parse_network(b);
  return first && second && (first->contains(second->address) || second->contains(first->address));
}

void add_once(std::vector<std::string>& to, const std::string& pattern) {
  if (std::ranges::find(to, pattern) == to.end()) to.push_back(pattern);
}

// In Sallyport `deny` wins over `allow`; in NGINX what stands first.
void deny_address(Access& access, const std::string& pattern, const Directive& rule, Report& report) {
  for (const std::string& allowed : access.allow) {
    if (!overlap(allowed, pattern)) continue;
    report.lost(rule, "`allow " + allowed +
                          "` stands before it and won; here `deny` wins, so that fewer may come in. "
                          "Write networks that do not overlap");
  }
  add_once(access.deny, pattern);
}

// Everything behind `all` is never asked.
void rest_is_unreached(const std::vector<const Directive*>& rules, const Directive* last, Report& report) {
  const auto at = std::ranges::find(rules, last);
  for (auto each = at; each != rules.end(); ++each) {
    if (*each != last) report.not_needed(**each, "it stands behind `" + last->name + " all`");
  }
}

// Variables that a geo block makes of the client's address.
bool is_of_geo(const Scope& scope, const std::string& condition) {
  const Scope* outermost = &scope;
  while (outermost->outer != nullptr) outermost = outermost->outer;
  return std::ranges::any_of(outermost->block->children, [&](const Directive& each) {
    const bool geo = each.block && (each.is("geo") || (each.is("map") && each.arg(0).contains("remote_addr")));
    return geo && !each.args.empty() && condition.starts_with(each.args.back());
  });
}

// An `if` that refuses by who the client is. Other conditions are reported, and protect no longer.
const Directive* asks_by_condition(const Scope& scope) {
  for (const Scope* at = &scope; at != nullptr; at = at->outer) {
    for (const Directive& each : at->block->children) {
      if (!each.block || !each.is("if")) continue;
      const bool refuses = std::ranges::any_of(each.children, [](const Directive& answer) {
        return (answer.is("return") && answer.arg(0).starts_with('4')) || answer.is("deny");
      });
      const std::string condition = condition_of(each);
      const bool server_itself = at->block->is("server") && condition == "$ssl_client_verify != SUCCESS";
      const bool who = condition.contains("$ssl_client_") || condition.contains("remote_addr") ||
                       condition.contains("$geoip") || is_of_geo(scope, condition);
      if (refuses && who && !server_itself) return &each;
    }
  }
  return nullptr;
}

// What else than an address decides; null: nothing does.
const Directive* asks_for_more(const Scope& scope, Report& report) {
  for (const std::string_view name : {"auth_basic", "auth_request", "auth_jwt", "auth_digest", "auth_ldap", "auth_pam",
                                      "auth_gss", "secure_link", "auth_oidc"}) {
    const Directive* found = in_force(scope, name, report);
    if (found != nullptr && found->arg(0) != "off") return found;
    if (found != nullptr) report.not_needed(*found, "nothing is asked for");
  }
  if (const Directive* limits = own(scope, "limit_except", report)) return limits;
  return asks_by_condition(scope);
}

void close_if_more_is_asked(const Scope& scope, Access& access, Report& report) {
  const Directive* asks = asks_for_more(scope, report);
  if (asks == nullptr) return;
  const Directive* satisfy = in_force(scope, "satisfy", report);
  if (satisfy != nullptr && satisfy->arg(0) == "any" && !access.allow.empty()) {
    return report.lost(*asks,
                       "it is not available: only who comes from an address of `allow` may come in, nobody else");
  }
  access.allow.clear();
  access.deny = {"*"};
  access.comments.push_back(brief(*asks) + ": " + asks->text() +
                            " is not available: closed until you decide who may come in");
  report.lost(*asks, "it is not available: the paths are closed until you replace `deny: [ \"*\" ]`");
}

}  // namespace

Access access_of(const Scope& scope, Report& report) {
  Access access;
  const auto rules = rules_in_force(scope, report);
  bool others_denied = false;
  for (const Directive* rule : rules) {
    const std::string& word = rule->arg(0);
    const bool allows = rule->is("allow");
    if (word == "all") {
      others_denied = !allows;
      if (allows) access.allow.clear();
      rest_is_unreached(rules, rule, report);
      break;
    }
    const auto pattern = apache::address_pattern(word);
    if (!pattern || config::network(*pattern)) {
      report.lost(
          *rule, "not an address or network" + std::string(allows ? ": it is left out" : "; nobody is refused for it"));
    } else if (allows) {
      add_once(access.allow, *pattern);
    } else {
      deny_address(access, *pattern, *rule, report);
    }
  }
  if (others_denied && access.allow.empty()) access.deny = {"*"};
  if (!others_denied) {
    for (const Directive* rule : rules) {
      if (rule->is("allow")) report.not_needed(*rule, "everybody may come in who is not refused");
    }
    access.allow.clear();
  }
  close_if_more_is_asked(scope, access, report);
  return access;
}

}  // namespace sp::import::nginx
