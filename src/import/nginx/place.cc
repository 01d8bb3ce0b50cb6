// NGINX asks the longest prefix first, then the regular expressions in their order, which win over it; Sallyport asks
// paths before expressions. And NGINX's prefixes end anywhere, Sallyport's at a slash. Where either would make a
// difference, prefixes are written as expressions too, behind those that NGINX asks before them.
#include <re2/re2.h>

#include <algorithm>
#include <set>
#include <span>

#include "config/grammar.h"
#include "import/apache/patterns.h"
#include "import/apache/values.h"
#include "import/nginx/http.h"
#include "import/nginx/values.h"

namespace sp::import::nginx {
namespace {

bool is_path(const Made& made) { return made.kind == Kind::prefix || made.kind == Kind::stop; }

bool could_meet(const Made& regex, const std::string& prefix) {
  const std::string beginning = apache::literal_prefix(regex.pattern);
  return beginning.starts_with(prefix) || prefix.starts_with(beginning);
}

class Placer {
 public:
  Placer(std::vector<Made> made, Report& report) : made_(std::move(made)), report_(report) {}

  std::vector<DraftRoute> place() {
    drop_repeated();
    for (Made& each : made_) each.protects = each.protects && is_path(each) && !each.pattern.ends_with('/');
    decide();
    std::vector<DraftRoute> result;
    for (const Made* each : in_order()) {
      DraftRoute route = finish(*each);
      check_groups(*each, route);
      const bool again = std::ranges::any_of(result, [&](const DraftRoute& other) {
        return other.rule.match == route.rule.match && other.rule.pattern == route.rule.pattern;
      });
      if (!again && says_something(route)) result.push_back(std::move(route));
    }
    return result;
  }

 private:
  static bool says_something(const DraftRoute& route) {
    return !route.rule.to.empty() || route.rule.redirect || route.rule.respond != 0;
  }
  void drop_repeated();
  void decide();
  bool needs_expression(const Made& made) const;
  std::vector<const Made*> in_order() const;
  DraftRoute finish(const Made& made);
  void finish_path(const Made& made, DraftRule& rule);
  void finish_expression(const Made& made, DraftRule& rule);
  void set_target(const Made& made, DraftRoute& route, const std::optional<std::string>& path);
  void check_groups(const Made& made, DraftRoute& route);

  std::vector<Made> made_;
  std::set<const Made*> as_expression_;
  Report& report_;
};

// NGINX does not start with such a file.
void Placer::drop_repeated() {
  std::vector<Made> kept;
  for (Made& each : made_) {
    const bool again = std::ranges::any_of(kept, [&](const Made& other) {
      const bool same_kind = other.kind == each.kind || (is_path(other) && is_path(each));
      return same_kind && other.pattern == each.pattern;
    });
    if (again && each.kind != Kind::regex)
      report_.lost(*each.at, "there is another one for " + each.pattern + " before it");
    if (!again)
      kept.push_back(std::move(each));
    else if (each.kind == Kind::regex)
      report_.changed(*each.at, "an earlier one with this expression answers");
  }
  made_ = std::move(kept);
}

// Paths that are not the longest possible: "/app" with URI "/x/" and the like.
bool slashes_differ(const Made& made) {
  if (!made.target || !made.target->uri || made.target->whole) return false;
  return made.pattern.ends_with('/') && !made.target->uri->ends_with('/');
}

bool Placer::needs_expression(const Made& made) const {
  if (made.kind == Kind::regex) return false;
  const auto beats = [&](const Made& regex) {
    if (regex.kind != Kind::regex) return false;
    if (made.kind == Kind::exact) return regex.rank == Made::Rank::first && could_meet(regex, made.pattern);
    if (made.kind == Kind::stop && regex.rank == Made::Rank::normal) return false;
    return could_meet(regex, made.pattern);
  };
  if (std::ranges::any_of(made_, beats)) return true;
  return is_path(made) && (made.protects || slashes_differ(made));
}

void Placer::decide() {
  for (const Made& each : made_) {
    if (needs_expression(each)) as_expression_.insert(&each);
  }
  // A path would win over the longer one that has become an expression.
  for (const Made& each : made_) {
    if (!is_path(each) || as_expression_.contains(&each)) continue;
    const bool covers_one = std::ranges::any_of(
        as_expression_, [&](const Made* other) { return is_path(*other) && other->pattern.starts_with(each.pattern); });
    if (!covers_one) continue;
    as_expression_.insert(&each);
    if (each.kind == Kind::stop)
      report_.lost(*each.at, "longer locations below " + each.pattern +
                                 " are asked after it here: check them with "
                                 "`sallyport explain`");
  }
  for (const Made& each : made_) {
    const bool shorter = is_path(each) && !as_expression_.contains(&each) && !each.pattern.ends_with('/');
    if (shorter)
      report_.changed(*each.at, "a `path` ends at a slash: " + each.pattern + " is not for " + each.pattern +
                                    "x, which NGINX took too");
  }
}

std::vector<const Made*> Placer::in_order() const {
  std::vector<const Made*> order;
  const auto add = [&](auto wanted) {
    for (const Made& each : made_) {
      if (wanted(each)) order.push_back(&each);
    }
  };
  const auto expression = [&](const Made& each) { return as_expression_.contains(&each); };
  const auto regex = [&](const Made& each, Made::Rank rank) { return each.kind == Kind::regex && each.rank == rank; };
  add([&](const Made& each) { return each.kind != Kind::regex && !expression(each); });
  add([&](const Made& each) { return regex(each, Made::Rank::first); });
  add([&](const Made& each) { return each.kind == Kind::exact && expression(each); });
  add([&](const Made& each) { return regex(each, Made::Rank::nested); });
  const auto longest_first = [&](size_t from) {
    std::ranges::sort(std::span(order).subspan(from), {}, [](const Made* each) {
      return std::pair(-static_cast<std::ptrdiff_t>(each->pattern.size()), std::string_view(each->pattern));
    });
  };
  size_t from = order.size();
  add([&](const Made& each) { return each.kind == Kind::stop && expression(each); });
  longest_first(from);
  add([&](const Made& each) { return regex(each, Made::Rank::normal); });
  from = order.size();
  add([&](const Made& each) { return each.kind == Kind::prefix && expression(each); });
  longest_first(from);
  return order;
}

DraftRoute Placer::finish(const Made& made) {
  DraftRoute route = made.route;
  if (made.kind == Kind::regex) {
    route.rule.match = DraftMatch::regex;
    route.rule.pattern = made.pattern;
    set_target(made, route, made.target ? made.target->uri : std::nullopt);
  } else if (as_expression_.contains(&made)) {
    finish_expression(made, route.rule);
    std::optional<std::string> path = made.target ? made.target->uri : std::nullopt;
    if (path && !made.target->whole && made.kind != Kind::exact) *path += "${regex.1}";
    set_target(made, route, path);
  } else {
    finish_path(made, route.rule);
    set_target(made, route, made.target ? made.target->uri : std::nullopt);
  }
  return route;
}

// "/app/" is written "/app", as long as that is not another's.
void Placer::finish_path(const Made& made, DraftRule& rule) {
  rule.match = made.kind == Kind::exact ? DraftMatch::exact : DraftMatch::path;
  rule.pattern = made.pattern;
  const std::string shorter = without_slash(made.pattern);
  const bool other =
      std::ranges::any_of(made_, [&](const Made& each) { return each.kind != Kind::regex && each.pattern == shorter; });
  if (is_path(made) && !shorter.empty() && !other) rule.pattern = shorter;
}

void Placer::finish_expression(const Made& made, DraftRule& rule) {
  rule.match = DraftMatch::regex;
  rule.pattern = "^" + apache::escape_regex(made.pattern);
  const bool rest = made.target && made.target->uri && !made.target->whole && made.kind != Kind::exact;
  if (made.kind == Kind::exact) rule.pattern += "$";
  if (rest) rule.pattern += "(.*)";
}

// The path in `to`, which replaces what was matched.
void Placer::set_target(const Made& made, DraftRoute& route, const std::optional<std::string>& path) {
  if (!made.target) return;
  const Target& target = *made.target;
  DraftRule& rule = route.rule;
  const bool stays = !path || (rule.match != DraftMatch::regex && !target.whole &&
                               without_slash(*path) == without_slash(made.pattern));
  if (stays) {
    rule.to = target.base;
    return;
  }
  if (made.target->whole && rule.match != DraftMatch::regex && made.kind != Kind::exact)
    report_.lost(*made.at, "NGINX sent every path below it to the same one; here what follows the prefix is appended");
  std::string base = target.base;
  if (target.upstream) {
    if (target.only_server.empty()) {
      rule.to = base;
      report_.lost(*made.at,
                   "the path changes on the way to several servers: a named upstream leaves it as it is. Let the "
                   "servers take " +
                       made.pattern + ", or write a route to each of them");
      route.comments.push_back(brief(*made.at) + ": NGINX replaced " + made.pattern + " by " + *path +
                               "; here the path stays");
      return;
    }
    base = target.only_server;
  }
  const bool is_unix = base.contains("+unix://");
  rule.to = base + (is_unix ? ":" : "") + *path;
  if (!made.pattern.ends_with('/') && target.uri->ends_with('/') && rule.match == DraftMatch::path)
    report_.changed(*made.at, "what follows the prefix is joined with one slash; NGINX made two of it");
}

// NGINX gives a group that there is not the empty text.
void Placer::check_groups(const Made& made, DraftRoute& route) {
  DraftRule& rule = route.rule;
  const std::string text = rule.to + (rule.redirect ? rule.redirect->to : "");
  const int groups = rule.match == DraftMatch::regex ? RE2(rule.pattern, RE2::Quiet).NumberOfCapturingGroups() : -1;
  for (int i = 0; i <= 9; ++i) {
    if (i <= groups || !text.contains("${regex." + std::to_string(i) + "}")) continue;
    report_.lost(*made.at, "its expression has no group " + std::to_string(i) + ": 502 is answered");
    rule.to.clear();
    rule.redirect.reset();
    rule.respond = 502;
    return;
  }
}

}  // namespace

std::vector<DraftRoute> placed(std::vector<Made> made, Report& report) {
  return Placer(std::move(made), report).place();
}

}  // namespace sp::import::nginx
