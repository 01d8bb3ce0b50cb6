// Rules: tcp-request, http-request, http-response and redirect, each with its condition.
#include <fmt/format.h>

#include <algorithm>

#include "config/grammar.h"
#include "import/haproxy/collect.h"

namespace sp::import::haproxy {
namespace {

constexpr const char* with_its_burst = "with the burst that the number says";

void add_rule(std::vector<Rule>& rules, Rule rule, const Directive& directive, size_t condition, const Proxy& proxy,
              Collecting& state) {
  auto read = condition_of(directive, condition, proxy, state);
  if (!read) return;
  rule.at = directive.at;
  rule.condition = *std::move(read);
  rules.push_back(std::move(rule));
}

// "reject if { src_conn_cur gt 10 }": nothing else than a limit.
bool takes_limit(const Rule& rule, Proxy& proxy, Report& report) {
  const auto& any = rule.condition.any;
  if (rule.does != Does::deny || any.size() != 1 || any[0].size() != 1 || any[0][0].negated) return false;
  const Test& test = any[0][0].test;
  if (test.fact != Fact::connections && test.fact != Fact::rate) return false;
  auto& limit = test.fact == Fact::rate ? proxy.rate_per_address : proxy.connections_per_address;
  limit = AddressLimit{rule.at, *number(test.patterns[0].text)};
  report.changed(rule.at, with_its_burst);
  return true;
}

bool asks(const Condition& condition, Fact fact) {
  for (const All& all : condition.any) {
    if (std::ranges::any_of(all, [&](const Literal& each) { return each.test.fact == fact; })) return true;
  }
  return false;
}
bool asks_only(const Condition& condition, Fact fact) {
  return std::ranges::all_of(condition.any, [&](const All& all) {
    return !all.empty() && std::ranges::all_of(all, [&](const Literal& each) { return each.test.fact == fact; });
  });
}

constexpr const char* waits = "what TLS clients say first is waited for by itself";
constexpr const char* not_tls = "what is not TLS is passed on as well: the server has to refuse it";

void add_connection_rule(Rule rule, const Directive& directive, size_t condition, Proxy& proxy, Collecting& state) {
  std::vector<Rule> read;
  add_rule(read, std::move(rule), directive, condition, proxy, state);
  if (read.empty() || takes_limit(read[0], proxy, state.report)) return;
  Rule& made = read[0];
  if (asks(made.condition, Fact::hello)) {
    if (made.does == Does::allow && asks_only(made.condition, Fact::hello)) {
      proxy.waits_for_hello = true;
      return state.report.not_needed(directive.at, waits);
    }
    if (made.does == Does::deny) return state.report.lost(directive.at, not_tls);
  }
  // All that is TLS was accepted above it.
  const bool all = made.condition.text.empty();
  if (made.does == Does::deny && all && proxy.waits_for_hello && directive.word(1) == "content")
    return state.report.lost(directive.at, not_tls);
  proxy.connection_rules.push_back(std::move(made));
}

void track(const Directive& directive, Proxy& proxy, Report& report) {
  if (directive.word(3) != "src")
    return report.lost(directive.at, "connections are counted by the client's address alone");
  if (directive.word(4) == "table") proxy.rate_table = directive.word(5);
  report.not_needed(directive.at, "connections are counted by themselves where there is a limit");
}

void expect_proxy(const Directive& directive, Proxy& proxy, Collecting& state) {
  const auto condition = condition_of(directive, 4, proxy, state);
  if (!condition) return;
  if (condition->text.empty()) {
    proxy.proxies = {"*"};
    return;
  }
  for (const All& all : condition->any) {
    const bool plain = all.size() == 1 && !all[0].negated && all[0].test.fact == Fact::source;
    if (!plain)
      return state.report.lost(directive.at, "who sends a PROXY header is said by addresses: accept_proxy.from");
    for (const Pattern& pattern : all[0].test.patterns) {
      if (auto network = our_network(pattern.text))
        proxy.proxies.push_back(*std::move(network));
      else
        state.report.lost(directive.at, fmt::format("`{}` is not an address or network", pattern.text));
    }
  }
}

// ---- http

bool edits_field(const Directive& directive, Report& report) {
  if (const auto problem = config::editable_field(directive.word(2))) {
    report.lost(directive.at, fmt::format("{}: {}", problem->message, problem->remedy));
    return false;
  }
  return true;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

// What is sent to servers by itself.
bool is_forwarded(std::string_view name) {
  for (const std::string_view own : {"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port"}) {
    if (same_name(name, own)) return true;
  }
  return false;
}

void edit(const Directive& directive, Does does, Proxy& proxy, Collecting& state) {
  const std::string& action = directive.word(1);
  const std::string& name = directive.word(2);
  const bool removes = action == "del-header";
  if (directive.words.size() < (removes ? 3u : 4u)) return state.report.lost(directive.at, "an argument is missing");
  if (does == Does::edit && is_forwarded(name))
    return state.report.not_needed(directive.at,
                                   "X-Forwarded-* is sent by itself, and replaced where a stranger says it");
  Rule rule{.does = does};
  if (removes) {
    if (directive.word(3) == "-m")
      return state.report.lost(directive.at, "fields are removed by their names, not by a pattern");
    if (!edits_field(directive, state.report)) return;
    rule.edits.remove.push_back(name);
    return add_rule(proxy.rules, std::move(rule), directive, 3, proxy, state);
  }
  const auto value = our_value(directive.word(3));
  if (!value) return state.report.lost(directive.at, "its value holds what no variable here has");
  if (does == Does::edit && same_name(name, "host")) {
    rule.does = Does::set_host;
    rule.target = *value;
    if (config::host_setting(*value))
      return state.report.lost(directive.at, "the Host is a name here, without variables");
    return add_rule(proxy.rules, std::move(rule), directive, 4, proxy, state);
  }
  if (!edits_field(directive, state.report)) return;
  const auto problem = config::field_value(*value);
  if (problem) return state.report.lost(directive.at, fmt::format("{}: {}", problem->message, problem->remedy));
  (action == "set-header" ? rule.edits.set : rule.edits.add).emplace_back(name, *value);
  add_rule(proxy.rules, std::move(rule), directive, 4, proxy, state);
}

void deny(const Directive& directive, Proxy& proxy, Collecting& state) {
  const std::string& action = directive.word(1);
  const size_t end = condition_start(directive, 2);
  Rule rule{.does = Does::deny, .status = 403};
  for (size_t at = 2; at < end; at += 2) {
    const bool status = directive.word(at) == "deny_status" || directive.word(at) == "status";
    const auto code = status ? number(directive.word(at + 1)) : std::nullopt;
    if (code && *code >= 200 && *code <= 599)
      rule.status = *code;
    else
      state.report.lost(directive.at,
                        fmt::format("its `{}`: the response is one of Sallyport's own", directive.word(at)));
  }
  std::vector<Rule> read;
  add_rule(read, std::move(rule), directive, end, proxy, state);
  if (read.empty() || takes_limit(read[0], proxy, state.report)) return;
  if (action != "deny") state.report.changed(directive.at, "refused at once, with a response");
  proxy.rules.push_back(std::move(read[0]));
}

void respond(const Directive& directive, Proxy& proxy, Collecting& state) {
  const size_t end = condition_start(directive, 2);
  Rule rule{.does = Does::respond, .status = 200};
  for (size_t at = 2; at + 1 < end; at += 2) {
    const auto code = directive.word(at) == "status" ? number(directive.word(at + 1)) : std::nullopt;
    if (code && *code >= 200 && *code <= 599)
      rule.status = *code;
    else
      state.report.lost(directive.at,
                        fmt::format("its `{}`: add `body` and `content_type` to the `respond`", directive.word(at)));
  }
  add_rule(proxy.rules, std::move(rule), directive, end, proxy, state);
}

std::string take_literal(std::string_view& regex) {
  std::string literal;
  while (!regex.empty() && std::string_view("[](){}.*+?|^$").find(regex.front()) == std::string_view::npos) {
    if (regex.front() == '\\') {
      if (regex.size() < 2 || std::string_view("./-_\\").find(regex[1]) == std::string_view::npos) break;
      regex.remove_prefix(1);
    }
    literal += regex.front();
    regex.remove_prefix(1);
  }
  // A repeated character is not literal.
  if (!literal.empty() && !regex.empty() && std::string_view("*+?{").find(regex.front()) != std::string_view::npos) {
    regex = std::string_view(regex.data() - 1, regex.size() + 1);
    literal.pop_back();
  }
  return literal;
}

// One prefix for another, which is what nearly all of these expressions say; null for any other. `rest` is what the
// replacement calls that which follows the prefix.
std::optional<PathMap> path_map(std::string_view regex, std::string_view replacement, std::string_view rest) {
  if (regex.starts_with('^')) regex.remove_prefix(1);
  std::string from = take_literal(regex);
  if (!from.starts_with('/') || !replacement.ends_with(rest)) return std::nullopt;
  std::string to(replacement.substr(0, replacement.size() - rest.size()));
  if (to.find_first_of("\\%$") != std::string::npos || (!to.empty() && !to.starts_with('/'))) return std::nullopt;
  if (regex.ends_with('$')) regex.remove_suffix(1);
  const std::string_view group = rest.empty() ? "" : "(.*)";
  const bool slash_may_miss = regex == "/?" + std::string(group);
  const bool plain = regex == group || (!rest.empty() && (regex == "(/.*)" || regex == "(/.*)?"));
  if (!slash_may_miss && !plain) return std::nullopt;
  const bool from_ends = from.ends_with('/') || slash_may_miss;
  if (to.empty() && !from_ends)
    to = "/";
  else if (from_ends != to.ends_with('/'))
    return std::nullopt;
  return PathMap{std::move(from), std::move(to)};
}

std::optional<PathMap> path_of_format(std::string_view format) {
  constexpr std::string_view plain = "%[path]";
  if (format.ends_with(plain)) {
    std::string front(format.substr(0, format.size() - plain.size()));
    if (!front.starts_with('/') || front.find('%') != std::string::npos) return std::nullopt;
    if (!front.ends_with('/')) front += '/';
    return PathMap{"/", std::move(front)};
  }
  constexpr std::string_view begin = "%[path,regsub(";
  if (!format.starts_with(begin) || !format.ends_with(")]")) return std::nullopt;
  const std::string_view inner = format.substr(begin.size(), format.size() - begin.size() - 2);
  const auto comma = inner.rfind(',');
  if (comma == std::string_view::npos) return std::nullopt;
  return path_map(inner.substr(0, comma), inner.substr(comma + 1), "");
}

void map_path(const Directive& directive, Proxy& proxy, Collecting& state) {
  const bool replaces = directive.word(1) == "replace-path";
  const auto map = replaces ? path_map(directive.word(2), directive.word(3), "\\1") : path_of_format(directive.word(2));
  if (!map)
    return state.report.lost(directive.at,
                             "a path is mapped by its prefix, with the path of `to`: write a route for it");
  add_rule(proxy.rules, Rule{.does = Does::map_path, .path = *map}, directive, replaces ? 4 : 3, proxy, state);
}

bool takes_word(std::string_view word) {
  return word == "location" || word == "prefix" || word == "scheme" || word == "code" || word == "set-cookie" ||
         word == "clear-cookie";
}

std::string redirect_target(const std::string& kind, const std::string& value) {
  if (kind == "scheme") return value + "://${request.host}${request.uri}";
  if (kind == "prefix") return (value == "/" ? "" : value) + "${request.uri}";
  return value;
}

}  // namespace

size_t condition_start(const Directive& directive, size_t first) {
  const auto words = directive.from(first);
  const auto found = std::ranges::find_if(words, [](const std::string& w) { return w == "if" || w == "unless"; });
  return directive.words.size() - static_cast<size_t>(words.end() - found);
}

std::optional<Condition> condition_of(const Directive& directive, size_t first, const Proxy& proxy, Collecting& state) {
  std::string why;
  auto condition = read_condition(directive.from(first), proxy.acls, state.disk, why);
  if (!condition) state.report.lost(directive.at, why);
  return condition;
}

void collect_redirect(const Directive& directive, size_t first, Proxy& proxy, Collecting& state) {
  const size_t end = condition_start(directive, first);
  Rule rule{.does = Does::redirect, .status = 302};
  std::string kind, value;
  for (size_t at = first; at < end; ++at) {
    const std::string& word = directive.word(at);
    const std::string& next = directive.word(at + 1);
    if (word == "location" || word == "prefix" || word == "scheme") {
      kind = word;
      value = next;
    } else if (word == "code") {
      rule.status = number(next).value_or(302);
    } else {
      state.report.lost(directive.at, fmt::format("its `{}`", word));
    }
    at += takes_word(word) ? 1 : 0;
  }
  const auto ours = our_value(value);
  if (kind.empty() || !ours) return state.report.lost(directive.at, "where it leads holds what no variable here has");
  rule.to_https = kind == "scheme" && value == "https";
  rule.target = redirect_target(kind, *ours);
  static constexpr int codes[] = {301, 302, 303, 307, 308};
  if (std::ranges::find(codes, rule.status) == std::end(codes)) rule.status = 302;
  if (const auto problem = config::redirect_target(rule.target))
    return state.report.lost(directive.at, fmt::format("{}: {}", problem->message, problem->remedy));
  add_rule(proxy.rules, std::move(rule), directive, end, proxy, state);
}

void collect_tcp_request(const Directive& directive, Proxy& proxy, Collecting& state) {
  const std::string& when = directive.word(1);
  const std::string& action = directive.word(2);
  if (when == "inspect-delay") return state.report.not_needed(directive.at, waits);
  if (when != "connection" && when != "content" && when != "session")
    return state.report.lost(directive.at, fmt::format("`{}` is not known", when));
  if (action == "accept" || action == "reject" || action == "silent-drop") {
    return add_connection_rule({.does = action == "accept" ? Does::allow : Does::deny}, directive,
                               condition_start(directive, 3), proxy, state);
  }
  if (action.starts_with("track-sc")) return track(directive, proxy, state.report);
  if (action == "expect-proxy") return expect_proxy(directive, proxy, state);
  if (const auto known = known_http_action(action))
    return state.report.add(directive.at, std::string(known->why), known->fate);
  state.report.lost(directive.at, fmt::format("`{}` is not known", action));
}

void collect_http_request(const Directive& directive, Proxy& proxy, Collecting& state) {
  const std::string& action = directive.word(1);
  if (action == "deny" || action == "tarpit" || action == "silent-drop" || action == "reject")
    return deny(directive, proxy, state);
  if (action == "allow") return add_rule(proxy.rules, {.does = Does::allow}, directive, 2, proxy, state);
  if (action == "auth") {
    state.report.lost(directive.at,
                      "Sallyport asks for no passwords yet. In the result nobody may come in until you decide");
    return add_rule(proxy.rules, {.does = Does::auth}, directive, condition_start(directive, 2), proxy, state);
  }
  if (action == "redirect") return collect_redirect(directive, 2, proxy, state);
  if (action == "return") return respond(directive, proxy, state);
  if (action == "set-header" || action == "add-header" || action == "del-header")
    return edit(directive, Does::edit, proxy, state);
  if (action == "set-path" || action == "replace-path") return map_path(directive, proxy, state);
  if (const auto known = known_http_action(action))
    return state.report.add(directive.at, std::string(known->why), known->fate);
  state.report.lost(directive.at, fmt::format("`{}` is not known", action));
}

void collect_http_response(const Directive& directive, Proxy& proxy, Collecting& state) {
  const std::string& action = directive.word(1);
  if (action == "set-header" || action == "add-header" || action == "del-header")
    return edit(directive, Does::edit_response, proxy, state);
  if (const auto known = known_http_action(action))
    return state.report.add(directive.at, std::string(known->why), known->fate);
  state.report.lost(directive.at, fmt::format("`{}` of responses is not available", action));
}

}  // namespace sp::import::haproxy
