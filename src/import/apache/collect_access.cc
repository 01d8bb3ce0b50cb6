// Who may come in: Require with its containers, and Order, Allow, Deny of Apache 2.2. Sallyport knows addresses only.
// Where something else decides (a password, a host name), the route is closed rather than left open: what was protected
// stays so.
#include <algorithm>
#include <array>

#include "import/apache/collect.h"
#include "import/apache/values.h"

namespace sp::import::apache {
namespace {

using Directives = std::span<const Directive>;

// The addresses that an expression lets in: all of them, or those of `allow`, without those of `deny`. `unknown`:
// something that we cannot ask would have to hold as well (in Any: would also let in).
struct Admitted {
  bool everybody = false;
  std::vector<std::string> allow, deny;
  std::string unknown;
  bool nobody() const { return !everybody && allow.empty(); }
};

void append(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& each : from) {
    if (std::ranges::find(to, each) == to.end()) to.push_back(each);
  }
}

// Either admits. A denial within one alternative cannot be said beside the other.
Admitted any_of(const Admitted& a, const Admitted& b) {
  Admitted both{.everybody = a.everybody || b.everybody};
  if (!both.everybody) {
    append(both.allow, a.allow);
    append(both.allow, b.allow);
  }
  append(both.deny, a.deny);
  append(both.deny, b.deny);
  if (!both.everybody)
    both.unknown = a.unknown.empty() ? b.unknown : a.unknown;  // who else would come in matters no more
  return both;
}

Admitted all_of(const Admitted& a, const Admitted& b) {
  Admitted both{.everybody = a.everybody && b.everybody};
  if (!both.everybody) both.allow = a.everybody ? b.allow : a.allow;
  const bool intersects = !a.everybody && !b.everybody && a.allow != b.allow;
  if (intersects) both.allow.clear();
  append(both.deny, a.deny);
  append(both.deny, b.deny);
  both.unknown = a.unknown.empty() ? b.unknown : a.unknown;
  if (intersects && both.unknown.empty() && !a.nobody() && !b.nobody()) both.unknown = "two lists of addresses at once";
  return both;
}

// In "all", what we cannot ask closes: it may have refused.
void close_on_unknown(Admitted& admitted) {
  if (admitted.unknown.empty()) return;
  admitted.everybody = false;
  admitted.allow.clear();
}

Admitted addresses(std::span<const std::string> words) {
  Admitted admitted;
  for (const std::string& word : words) {
    if (const auto pattern = address_pattern(word)) {
      admitted.allow.push_back(*pattern);
    } else {
      admitted.unknown = "not an address: " + word;
    }
  }
  return admitted;
}

Admitted require(const Directive& directive) {
  const std::string kind = lower(directive.arg(0));
  const auto rest = std::span(directive.args).subspan(std::min<size_t>(1, directive.args.size()));
  if (kind == "all") return {.everybody = same_word(directive.arg(1), "granted")};
  if (kind == "local") return {.allow = {"127.0.0.0/8", "::1"}};
  if (kind == "ip") return addresses(rest);
  return {.unknown = directive.text()};
}

Admitted negated(const Admitted& inner) {
  if (!inner.unknown.empty()) return {.unknown = inner.unknown};
  if (inner.everybody) return {};
  return {.everybody = true, .deny = inner.allow};
}

bool is_container(const Directive& directive) {
  return directive.is("RequireAll") || directive.is("RequireAny") || directive.is("RequireNone");
}
bool is_require(const Directive& directive) { return directive.is("Require") || is_container(directive); }

Admitted evaluate(const Directive& directive);

Admitted evaluate_all(Directives directives) {
  Admitted result{.everybody = true};
  for (const Directive& each : directives) {
    if (is_require(each)) result = all_of(result, evaluate(each));
  }
  close_on_unknown(result);
  return result;
}

Admitted evaluate_any(Directives directives) {
  Admitted result;
  for (const Directive& each : directives) {
    if (is_require(each)) result = any_of(result, evaluate(each));
  }
  return result;
}

Admitted evaluate(const Directive& directive) {
  if (directive.is("RequireAll")) return evaluate_all(directive.children);
  if (directive.is("RequireAny")) return evaluate_any(directive.children);
  if (directive.is("RequireNone")) return negated(evaluate_any(directive.children));
  if (!same_word(directive.arg(0), "not")) return require(directive);
  Directive positive = directive;
  positive.args.erase(positive.args.begin());
  return negated(require(positive));
}

// Allow from ..., Deny from ...
Admitted from_lines(Directives directives, std::string_view name) {
  Admitted result;
  for (const Directive& each : directives) {
    if (!each.is(name)) continue;
    const auto words = std::span(each.args).subspan(std::min<size_t>(1, each.args.size()));
    const bool all = words.size() == 1 && same_word(words[0], "all");
    result = any_of(result, all ? Admitted{.everybody = true} : addresses(words));
  }
  return result;
}

Admitted evaluate_order(Directives directives) {
  Admitted allow = from_lines(directives, "Allow");
  const Admitted deny = from_lines(directives, "Deny");
  const auto order = std::ranges::find_if(directives, [](const Directive& each) { return each.is("Order"); });
  std::string words;
  if (order != directives.end()) {
    for (const std::string& arg : order->args) words += lower(arg);
  }
  if (words == "allow,deny" || words == "mutual-failure") return all_of(allow, negated(deny));
  // deny,allow: what is not denied comes in, and so does what is allowed.
  if (deny.everybody) return allow;
  Admitted result = negated(deny);
  close_on_unknown(result);
  return result;
}

bool is_order(const Directive& directive) {
  return directive.is("Order") || directive.is("Allow") || directive.is("Deny");
}

Admitted evaluate_section(Directives directives) {
  const bool has_require = std::ranges::any_of(directives, is_require);
  const bool has_order = std::ranges::any_of(directives, is_order);
  const bool any = std::ranges::any_of(
      directives, [](const Directive& each) { return each.is("Satisfy") && same_word(each.arg(0), "any"); });
  Admitted result = has_require ? evaluate_any(directives) : Admitted{.everybody = true};
  // Bare Requires are alternatives; what is only negated there refuses, and everybody else is let in by the others.
  if (has_order) {
    const Admitted order = evaluate_order(directives);
    result = has_require && any ? any_of(result, order) : all_of(result, order);
    if (has_require && !any && !result.unknown.empty()) close_on_unknown(result);
  }
  const auto condition = std::ranges::find_if(directives, [](const Directive& each) { return each.is("SSLRequire"); });
  if (condition != directives.end()) {
    result = all_of(result, {.unknown = condition->text()});
    close_on_unknown(result);
  }
  return result;
}

}  // namespace

bool is_access(const Directive& directive) {
  return is_require(directive) || is_order(directive) || directive.is("Satisfy") || directive.is("SSLRequire") ||
         directive.is("AuthMerging");
}

void collect_access(Context& context, Directives directives) {
  const auto first = std::ranges::find_if(directives, is_access);
  if (first == directives.end()) return;
  const Origin at = origin_of(*first);
  const Admitted admitted = evaluate_section(directives);
  Access access{.set = true};
  if (admitted.nobody() && !admitted.unknown.empty()) access.closed_because = admitted.unknown;
  if (!admitted.unknown.empty()) {
    const std::string what =
        admitted.nobody() ? "nobody may come in until you decide" : "only these addresses may come in";
    context.report.lost(at,
                        "access is decided by addresses only, not by: " + admitted.unknown + ". In the result " + what);
    access.comments.push_back(brief(at) + ": Apache asked for \"" + admitted.unknown +
                              "\", which is not available here: " + what + ".");
  }
  if (admitted.nobody())
    access.deny = {"*"};
  else
    access.deny = admitted.deny;
  if (!admitted.everybody) access.allow = admitted.allow;
  context.settings.access = std::move(access);
}

}  // namespace sp::import::apache
