// Rules from their texts.
#include <algorithm>
#include <charconv>
#include <set>

#include "base/arena.h"
#include "config/node.h"
#include "http/fields.h"
#include "policy/outbound_rules.h"
#include "policy/path.h"

namespace sp::policy {
namespace {

using config::backquoted;
using config::Problem;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && port >= 1 && port <= 65535 ? std::optional(static_cast<std::uint16_t>(port)) : std::nullopt;
}

std::optional<Problem> user_problem(std::string_view user) {
  if (user == "*") return Problem{"`*` is not a user", "leave `who` out for everybody"};
  if (user.empty()) return Problem{"an empty user", "leave `who` out for everybody"};
  return std::nullopt;
}

std::optional<Problem> method_problem(std::string_view method, bool with_paths) {
  if (method == "*") return Problem{"`*` is not a method", "leave `methods` out for all"};
  const bool lower = std::ranges::any_of(method, [](char c) { return c >= 'a' && c <= 'z'; });
  if (!http::is_token(method)) return Problem{backquoted(method) + " is not a method", "write `GET`"};
  if (lower)
    return Problem{backquoted(method) + " has small letters, and methods are told apart by case", "write `GET`"};
  if (method == "CONNECT" && with_paths) {
    return Problem{"`CONNECT` has no path, and the rule has `paths`", "make a rule of its own for `CONNECT`"};
  }
  return std::nullopt;
}

std::optional<Problem> path_problem(std::string_view path) {
  if (path.ends_with('*')) {
    return Problem{backquoted(path) + " ends with `*`", "leave it out: what begins with the path is meant anyhow"};
  }
  if (!path.starts_with('/')) return Problem{backquoted(path) + " is not a path", "write `/api`"};
  if (path.find_first_of("?#") != std::string_view::npos) {
    return Problem{backquoted(path) + " holds more than a path", "write it without what begins at `?` or `#`"};
  }
  Arena arena;
  const auto normal = normalize_path(path, arena);
  if (!normal) return Problem{backquoted(path) + " can be read in two ways, or in none", "write it plainly"};
  if (normal->text != path) {
    return Problem{backquoted(path) + " is not how paths are compared", "write " + backquoted(normal->text)};
  }
  return std::nullopt;
}

}  // namespace

struct OutboundRules::Compiler {
  using Key = RuleProblem::Key;
  OutboundRules made;
  std::vector<DestinationPattern> patterns;
  std::vector<RuleProblem> problems;
  std::set<std::string> conditions;  // of networks that allow

  void wrong(Key key, std::size_t item, Problem problem) {
    problems.push_back({made.rules_.size(), key, item, std::move(problem)});
  }

  void add_destinations(Rule& rule) {
    rule.first_pattern = static_cast<std::uint32_t>(patterns.size());
    const auto& texts = rule.written.destinations;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto pattern = parse_destination(texts[i]);
      if (!pattern) wrong(Key::destinations, i, pattern.error());
      add_pattern(rule, pattern.value_or(DestinationPattern{}));
    }
  }

  void add_pattern(const Rule& rule, DestinationPattern pattern) {
    const bool network = pattern.kind == DestinationPattern::Kind::network;
    if (network && rule.allows() && conditions.insert(conditions_of(rule.written, pattern.port)).second) {
      made.allowing_networks_.push_back(static_cast<std::uint32_t>(patterns.size()));
    }
    patterns.push_back(std::move(pattern));
    made.owner_.push_back(static_cast<std::uint32_t>(made.rules_.size()));
  }

  // The same text for the same conditions.
  static std::string conditions_of(const OutboundRule& rule, std::uint16_t port) {
    std::string result = std::to_string(port) + '\n' + rule.until + '\n' + rule.schedule;
    for (const auto* list : {&rule.who, &rule.from, &rule.ports, &rule.methods, &rule.paths}) {
      result += '\n';
      for (const std::string& text : *list) result += text + '\0';
    }
    return result;
  }

  void add_clients(Rule& rule) {
    std::vector<config::Network> networks;
    const auto& texts = rule.written.from;
    rule.from_anywhere = texts.empty();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto network = config::parse_network(texts[i]);
      if (!network) {
        wrong(Key::from, i, network.error());
      } else if (network->every) {
        rule.from_anywhere = true;
      } else {
        networks.push_back(*network);
      }
    }
    rule.from = AddressSet(networks);
  }

  void add_ports(Rule& rule) {
    const auto& texts = rule.written.ports;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string_view text = texts[i];
      const auto dash = text.find('-');
      const auto first = parse_port(text.substr(0, dash));
      const auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
      if (!first || !last) {
        wrong(Key::ports, i,
              {backquoted(text) + " is neither a port nor a range", "write `443`, or `1-65535` for all"});
      } else if (*first > *last) {
        const std::string turned = std::to_string(*last) + "-" + std::to_string(*first);
        wrong(Key::ports, i, {backquoted(text) + " ends before it begins", "write " + backquoted(turned)});
      } else {
        rule.ports.push_back({*first, *last});
      }
    }
  }

  void add_texts(Rule& rule) {
    const OutboundRule& written = rule.written;
    for (std::size_t i = 0; i < written.who.size(); ++i) {
      if (auto problem = user_problem(written.who[i])) wrong(Key::who, i, *problem);
    }
    for (std::size_t i = 0; i < written.methods.size(); ++i) {
      if (auto problem = method_problem(written.methods[i], !written.paths.empty())) wrong(Key::methods, i, *problem);
    }
    for (std::size_t i = 0; i < written.paths.size(); ++i) {
      if (auto problem = path_problem(written.paths[i])) wrong(Key::paths, i, *problem);
      rule.paths.insert(written.paths[i], 0);
    }
    rule.who = written.who;
    std::ranges::sort(rule.who);
  }

  void add_times(Rule& rule) {
    if (!rule.written.until.empty()) {
      auto end = parse_until(rule.written.until);
      if (end) rule.end = *end;
      if (!end) wrong(Key::until, 0, end.error());
    }
    if (!rule.written.schedule.empty()) {
      auto schedule = Schedule::parse(rule.written.schedule);
      if (!schedule) wrong(Key::schedule, 0, schedule.error());
      if (schedule) rule.schedule = *std::move(schedule);
    }
  }

  void add(OutboundRule written) {
    Rule rule;
    rule.written = std::move(written);
    add_destinations(rule);
    add_clients(rule);
    add_ports(rule);
    add_texts(rule);
    add_times(rule);
    made.rules_.push_back(std::move(rule));
  }

  void add_private(std::vector<config::Network> networks) {
    std::erase_if(networks, [&](const config::Network& network) {
      made.everything_private_ = made.everything_private_ || network.every;
      return network.every;
    });
    made.private_set_ = AddressSet(networks);
    made.private_networks_ = std::move(networks);
  }
};

std::expected<OutboundRules, std::vector<RuleProblem>> OutboundRules::compile(
    std::vector<OutboundRule> rules, std::vector<config::Network> private_networks) {
  Compiler compiler;
  for (OutboundRule& rule : rules) compiler.add(std::move(rule));
  if (!compiler.problems.empty()) return std::unexpected(std::move(compiler.problems));
  compiler.add_private(std::move(private_networks));
  compiler.made.set_ = DestinationSet(std::move(compiler.patterns));
  return std::move(compiler.made);
}

}  // namespace sp::policy
