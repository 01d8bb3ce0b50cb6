// Locations say something about paths that another directive sends somewhere: each such path gets a route of its own.
#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "import/apache/patterns.h"
#include "import/apache/routes.h"
#include "import/apache/values.h"

namespace sp::import::apache {

void Settings::merge(const Settings& inner) {
  const auto take = [](auto& outer, const auto& value) {
    if (value) outer = value;
  };
  take(preserve_host, inner.preserve_host);
  take(proxy_timeout_seconds, inner.proxy_timeout_seconds);
  take(timeout_seconds, inner.timeout_seconds);
  take(proxy_verify, inner.proxy_verify);
  take(check_name, inner.check_name);
  take(check_cn, inner.check_cn);
  take(check_expire, inner.check_expire);
  take(proxy_ca, inner.proxy_ca);
  take(proxy_client_certificate, inner.proxy_client_certificate);
  take(encoded_slashes, inner.encoded_slashes);
  take(max_body, inner.max_body);
  if (!inner.host.empty()) host = inner.host;
  if (inner.access.set) access = inner.access;
  for (auto [outer, edits] : {std::pair{&request, &inner.request}, std::pair{&response, &inner.response}}) {
    for (const auto& [name, value] : edits->set) {
      std::erase_if(outer->set, [&](const auto& field) { return same_word(field.first, name); });
      outer->set.emplace_back(name, value);
    }
    std::ranges::copy(edits->add, std::back_inserter(outer->add));
    for (const std::string& name : edits->remove) {
      std::erase_if(outer->set, [&](const auto& field) { return same_word(field.first, name); });
      outer->remove.push_back(name);
    }
  }
}

namespace {

bool restricts(const Settings& settings) { return !settings.access.allow.empty() || !settings.access.deny.empty(); }

// That everybody may come in is worth a route only where somebody may not elsewhere.
bool says_something(const Settings& settings, bool some_restrict) {
  return (settings.access.set && some_restrict) || settings.preserve_host || settings.max_body ||
         settings.encoded_slashes || !settings.host.empty() || !settings.request.empty() || !settings.response.empty();
}

// Locations by regular expressions become those by paths, where they can. What protects must protect as much as before:
// ^/admin is about /admin.php too, which `path: /admin` is not.
std::vector<LocationScope> simple_locations(const std::vector<LocationScope>& locations) {
  std::vector<LocationScope> result;
  for (const LocationScope& location : locations) {
    auto simple = location.form == MatchForm::regex ? simple_patterns(location.pattern) : std::vector<SimplePattern>();
    if (restricts(location.settings) && !std::ranges::all_of(simple, &SimplePattern::whole_segments)) simple.clear();
    for (const SimplePattern& pattern : simple) {
      result.push_back(location);
      result.back().form = pattern.form;
      result.back().pattern = pattern.path.empty() ? "/" : pattern.path;
    }
    if (simple.empty()) result.push_back(location);
  }
  return result;
}

bool applies(const LocationScope& location, const Rule& rule) {
  if (location.form == MatchForm::regex || rule.form == MatchForm::regex) {
    if (location.form == rule.form && location.pattern == rule.pattern) return true;
    return location.form == MatchForm::prefix && covers(location.pattern, literal_prefix(rule.pattern));
  }
  if (location.form == MatchForm::exact) return rule.form == MatchForm::exact && rule.pattern == location.pattern;
  return covers(location.pattern, rule.pattern);
}

// Where the target of a prefix goes for a path below it.
std::string target_below(const Rule& rule, std::string_view path) {
  const std::string prefix = without_trailing_slash(rule.pattern);
  std::string rest(path.substr(std::min(path.size(), prefix.size())));
  return without_trailing_slash(rule.target) + rest;
}

class Placer {
 public:
  Placer(const Server& host, std::vector<Rule> rules, Report& report)
      : host_(host), locations_(simple_locations(host.locations)), rules_(std::move(rules)), report_(report) {}

  std::vector<PlacedRule> place() {
    for (const LocationScope& each : locations_) some_restrict_ = some_restrict_ || restricts(each.settings);
    for (const LocationScope& each : host_.proxy_sections) some_restrict_ = some_restrict_ || restricts(each.settings);
    for (const LocationScope& location : locations_) split_for(location);
    for (Rule& rule : rules_) write_rest_as_regex(rule);
    make_order_explicit();
    std::vector<PlacedRule> placed;
    placed.reserve(rules_.size());
    for (const Rule& rule : rules_) placed.push_back({rule, settings_of(rule)});
    return placed;
  }

 private:
  void split_for(const LocationScope& location);
  void split_for_regex(const LocationScope& location);
  void close_or_report(const LocationScope& location);
  void write_rest_as_regex(Rule& rule);
  void make_order_explicit();
  Settings settings_of(const Rule& rule) const;

  const Server& host_;
  std::vector<LocationScope> locations_;
  std::vector<Rule> rules_;
  Report& report_;
  bool some_restrict_ = false;
};

void Placer::split_for(const LocationScope& location) {
  if (!says_something(location.settings, some_restrict_)) return;
  if (location.form == MatchForm::regex) return split_for_regex(location);
  const auto has_it = [&](const Rule& rule) {
    return rule.form == location.form &&
           without_trailing_slash(rule.pattern) == without_trailing_slash(location.pattern);
  };
  if (std::ranges::any_of(rules_, has_it)) return;
  const auto covering = std::ranges::find_if(rules_, [&](const Rule& rule) {
    return rule.form == MatchForm::prefix && covers(rule.pattern, location.pattern);
  });
  if (covering == rules_.end()) {
    const bool holds_some = std::ranges::any_of(rules_, [&](const Rule& rule) { return applies(location, rule); });
    if (!holds_some) report_.not_needed(location.origin, "nothing is proxied there");
    return;
  }
  Rule part = *covering;
  part.form = location.form;
  part.pattern = location.pattern;
  if (part.does == Rule::Does::proxy) part.target = target_below(*covering, location.pattern);
  // A redirect answers before anybody is asked who may come in; it stays whole.
  if (part.does == Rule::Does::proxy) rules_.insert(covering, std::move(part));
}

// "http://h:8080" of a rule that leaves paths as they are; nothing for one that changes them.
std::optional<std::string> unchanged_server(const Rule& rule) {
  const auto url = parse_url(rule.target);
  if (rule.does != Rule::Does::proxy || !url) return std::nullopt;
  const std::string path = rule.form == MatchForm::prefix ? without_trailing_slash(rule.pattern) : "";
  if (without_trailing_slash(url->path) != path) return std::nullopt;
  return rule.target.substr(0, rule.target.size() - url->path.size());
}

// A regex goes before all else, if all that it could take goes to one server with its path unchanged.
void Placer::split_for_regex(const LocationScope& location) {
  if (std::ranges::any_of(rules_,
                          [&](const Rule& rule) { return applies(location, rule) && rule.form == MatchForm::regex; }))
    return;
  const std::string beginning = literal_prefix(location.pattern);
  const Rule* only = nullptr;
  std::set<std::optional<std::string>> servers;
  for (const Rule& rule : rules_) {
    const bool overlaps =
        rule.form == MatchForm::regex || covers(rule.pattern, beginning) || rule.pattern.starts_with(beginning);
    if (!overlaps) continue;
    only = &rule;
    servers.insert(unchanged_server(rule));
  }
  if (only == nullptr) return report_.not_needed(location.origin, "nothing is proxied there");
  if (servers.size() > 1 || !*servers.begin() || !is_available(location.pattern)) return close_or_report(location);
  Rule part = *only;
  part.form = MatchForm::regex;
  part.pattern = location.pattern;
  part.target = **servers.begin();
  rules_.insert(rules_.begin(), std::move(part));
}

// What cannot be said is reported; where it protected something, the paths are closed: they must not be open unnoticed.
void Placer::close_or_report(const LocationScope& location) {
  if (!restricts(location.settings)) {
    return report_.lost(location.origin, "this expression spans several routes: repeat what it says on each");
  }
  Rule closed{.form = MatchForm::regex,
              .pattern = location.pattern,
              .does = Rule::Does::respond,
              .status = 403,
              .origin = location.origin};
  if (!is_available(location.pattern)) {
    const std::string beginning = literal_prefix(location.pattern);
    closed.form = MatchForm::prefix;
    closed.pattern = beginning.substr(0, beginning.rfind('/') + 1);
    std::erase_if(rules_, [&](const Rule& rule) {
      return covers(closed.pattern, rule.pattern) && rule.form != MatchForm::regex;
    });
  }
  report_.lost(
      location.origin,
      "its expression fits no single route: the paths are closed until you write routes with `allow` for them");
  rules_.insert(rules_.begin(), std::move(closed));
}

// A redirect of a prefix appends what follows it. Only a regex can name that, unless the whole path stays the same.
void Placer::write_rest_as_regex(Rule& rule) {
  if (rule.does != Rule::Does::redirect || !rule.appends_rest || rule.form != MatchForm::prefix) return;
  const auto url = parse_url(rule.target);
  const std::string prefix = without_trailing_slash(rule.pattern);
  if (url && without_trailing_slash(url->path) == prefix) {
    rule.target = rule.target.substr(0, rule.target.size() - url->path.size()) + "%{REQUEST_FULL}";
    rule.appends_rest = false;
    return;
  }
  const bool from_slash = rule.pattern.ends_with('/') && !rule.target.ends_with('/');
  rule.form = MatchForm::regex;
  rule.target = (from_slash ? rule.target : without_trailing_slash(rule.target)) + "$1";
  rule.pattern = from_slash ? "^" + escape_regex(rule.pattern) + "(.*)" : "^" + escape_regex(prefix) + "(/.*)?$";
  report_.changed(rule.origin, "the query of the request is not carried over");
}

// A prefix would win over a regex that Apache asks first: such a prefix is written as a regex too.
void Placer::make_order_explicit() {
  for (size_t i = 0; i < rules_.size(); ++i) {
    Rule& rule = rules_[i];
    if (rule.form == MatchForm::regex) continue;
    const bool behind = std::ranges::any_of(std::span(rules_).first(i), [&](const Rule& earlier) {
      if (earlier.form != MatchForm::regex) return false;
      const std::string beginning = literal_prefix(earlier.pattern);
      return beginning.starts_with(without_trailing_slash(rule.pattern)) || rule.pattern.starts_with(beginning);
    });
    if (!behind) continue;
    const std::string prefix = without_trailing_slash(rule.pattern);
    const bool exact = rule.form == MatchForm::exact;
    rule.form = MatchForm::regex;
    if (exact) {
      rule.pattern = "^" + escape_regex(rule.pattern) + "$";
      continue;
    }
    const auto url = parse_url(rule.target);
    const bool unchanged = url && without_trailing_slash(url->path) == prefix;
    const bool goes_on = rule.does == Rule::Does::proxy || rule.appends_rest;
    if (rule.does == Rule::Does::proxy && unchanged) {
      rule.target.resize(rule.target.size() - url->path.size());
    } else if (goes_on) {
      rule.target = without_trailing_slash(rule.target) + "$1";
    }
    const bool captures = goes_on && !(rule.does == Rule::Does::proxy && unchanged);
    rule.pattern =
        prefix.empty() ? (captures ? "^(/.*)" : "^/") : "^" + escape_regex(prefix) + (captures ? "(/.*)?$" : "(/|$)");
  }
}

Settings Placer::settings_of(const Rule& rule) const {
  Settings settings = host_.settings;
  settings.request = {};  // those of the host are the site's: they hold for every route
  settings.response = {};
  const std::string target = lower(rule.target);
  for (const LocationScope& proxy : host_.proxy_sections) {
    if (proxy.pattern == "*" || target.starts_with(proxy.pattern)) settings.merge(proxy.settings);
  }
  for (const LocationScope& location : locations_) {
    if (applies(location, rule)) settings.merge(location.settings);
  }
  return settings;
}

}  // namespace

std::vector<PlacedRule> place_rules(const Server& host, std::vector<Rule> rules, Report& report) {
  return Placer(host, std::move(rules), report).place();
}

}  // namespace sp::import::apache
