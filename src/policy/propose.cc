#include "policy/propose.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "base/code.h"
#include "policy/destination_pattern.h"
#include "policy/replay.h"

namespace sp::policy {
namespace {

using Kind = OutboundRequest::Kind;
using Verdict = Observed::Verdict;
using Why = Left::Why;

// ---- what was seen of one destination, by one user

struct Key {
  std::string user, host;
  std::uint16_t port = 0;
  bool plain = false;  // a request, and not a tunnel
  auto operator<=>(const Key&) const = default;
};

struct Facts {
  SeenCount seen;
  std::uint64_t reached = 0, special = 0, refused_for_address = 0;
  bool passed = false;
  std::string denied_by;  // the place of a rule
  bool denied = false;
};

SeenCount count_of(const Observed& seen) { return {.count = seen.count, .days = {seen.day}, .last = seen.last}; }

bool denies_on_purpose(const OutboundRules& rules, const OutboundDecision& decision) {
  if (decision.verdict != OutboundDecision::Verdict::deny) return false;
  const std::string& pattern = rules.rule(*decision.rule).destinations[*decision.pattern];
  const auto parsed = parse_destination(pattern);
  return parsed && parsed->kind != DestinationPattern::Kind::everything;
}

void add(Facts& facts, const Observed& seen, const OutboundRules& today, const OutboundDecision& decision) {
  facts.seen.add(count_of(seen));
  facts.reached += seen.reached;
  facts.special += seen.special;
  if (seen.code == name(Code::destination_address_refused)) facts.refused_for_address += seen.count;
  facts.passed = facts.passed || seen.passed();
  if (!denies_on_purpose(today, decision)) return;
  facts.denied = true;
  facts.denied_by = today.rule(*decision.rule).place;
}

// Top-level domains that lead to nobody's servers on the internet (RFC 6761, 6762, 7686, 8375, ICANN's list of 2024,
// and what people use).
bool is_private_name(std::string_view host) {
  constexpr std::array tops{"corp",  "home",        "internal",  "intranet", "invalid", "lan",
                            "local", "localdomain", "localhost", "onion",    "private"};
  const auto dot = host.rfind('.');
  if (dot == std::string_view::npos || host.ends_with(".home.arpa")) return true;
  return std::ranges::find(tops, host.substr(dot + 1)) != tops.end();
}

std::string with_port(std::string host, const Key& key) {
  if (key.port != (key.plain ? 80 : 443)) host += ":" + std::to_string(key.port);
  return host;
}

// ---- which of them may be learned

class Learner {
 public:
  Learner(bool with_users, const PublicSuffixes& suffixes, const ProposeOptions& options)
      : with_users_(with_users), suffixes_(suffixes), options_(options) {}

  std::optional<Why> obstacle(const Key& key, const Facts& facts) const {
    const bool is_address = IpAddress::parse(key.host).has_value();
    if (facts.denied) return Why::denied;
    if (facts.reached == 0 && facts.refused_for_address > 0) return Why::special_address;
    if (is_address) return Why::address;
    if (!facts.passed) return Why::refused;
    if (facts.reached == 0) return Why::never_reached;
    if (!options_.private_too && (facts.special > 0 || is_private_name(key.host))) return Why::private_name;
    if (suffixes_.is_shared(key.host) && !is_private_name(key.host)) return Why::shared;
    if (with_users_ && key.user.empty()) return Why::nobody;
    if (!parse_destination(with_port(key.host, key))) return Why::unwritable;
    const bool seldom = facts.seen.count < options_.least_count || facts.seen.days.size() < options_.least_days;
    return seldom ? std::optional(Why::one_off) : std::nullopt;
  }

  // The domain below which names are one party's; empty: each stands for itself.
  std::string group_of(const std::string& host) const {
    const std::string domain = suffixes_.registrable_domain(host);
    return domain.empty() || suffixes_.is_shared(domain) ? std::string() : domain;
  }

 private:
  bool with_users_;
  const PublicSuffixes& suffixes_;
  const ProposeOptions& options_;
};

// ---- patterns for one user and one port

// By host, without the port.
using Hosts = std::map<std::string, SeenCount>;
// By pattern, without the port.
using Patterns = std::map<std::string, ProposedDestination>;

void put(Patterns& patterns, const std::string& pattern, const SeenCount& seen) {
  ProposedDestination& made = patterns[pattern];
  made.pattern = pattern;
  made.seen.add(seen);
}

Patterns grouped(const Hosts& hosts, const Learner& learner) {
  std::map<std::string, std::vector<Hosts::const_iterator>> groups;
  Patterns patterns;
  for (auto host = hosts.begin(); host != hosts.end(); ++host) {
    const std::string domain = learner.group_of(host->first);
    if (domain.empty() || domain == host->first) {
      put(patterns, host->first, host->second);
    } else {
      groups[domain].push_back(host);
    }
  }
  for (const auto& [domain, members] : groups) {
    const bool is_group = members.size() >= names_of_a_group;
    for (const auto& member : members) {
      const std::string pattern = is_group ? "." + domain : member->first;
      put(patterns, pattern, member->second);
      if (is_group) patterns[pattern].names.push_back(member->first);
    }
  }
  return patterns;
}

// A domain holds itself and what is below it.
const std::string* holder_of(const Patterns& patterns, std::string_view pattern) {
  std::string_view rest = pattern;
  if (rest.starts_with('.')) rest.remove_prefix(1);
  if (rest != pattern) {
    if (const auto found = patterns.find(std::string(rest)); found != patterns.end()) return &found->first;
  }
  for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    rest.remove_prefix(dot + 1);
    for (const std::string& above : {std::string(rest), "." + std::string(rest)}) {
      if (above == pattern) continue;
      if (const auto found = patterns.find(above); found != patterns.end()) return &found->first;
    }
  }
  return nullptr;
}

void drop_what_others_hold(Patterns& patterns) {
  std::vector<std::pair<std::string, std::string>> held;
  for (const auto& [pattern, destination] : patterns) {
    if (const std::string* holder = holder_of(patterns, pattern)) held.emplace_back(pattern, *holder);
  }
  // The shortest last: what is held by something that is held goes all the way up.
  std::ranges::sort(held, [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  for (const auto& [pattern, holder] : held) {
    const ProposedDestination gone = std::move(patterns[pattern]);
    patterns.erase(pattern);
    ProposedDestination& stays = patterns[holder];
    stays.seen.add(gone.seen);
    if (gone.names.empty()) stays.names.push_back(gone.pattern);
    stays.names.insert(stays.names.end(), gone.names.begin(), gone.names.end());
  }
}

// ---- rules

struct Wanted {
  ProposedDestination destination;
  std::set<std::string> users;
};

// Those who want the same share a rule.
std::vector<ProposedRule> rules_from(std::map<std::string, Wanted> wanted) {
  std::map<std::vector<std::string>, std::vector<ProposedDestination>> by_users;
  for (auto& [pattern, each] : wanted) {
    std::ranges::sort(each.destination.names);
    const auto same = std::ranges::unique(each.destination.names);
    each.destination.names.erase(same.begin(), same.end());
    std::vector<std::string> users(each.users.begin(), each.users.end());
    if (each.users.contains("")) users.clear();  // everybody may have it
    by_users[std::move(users)].push_back(std::move(each.destination));
  }
  std::vector<ProposedRule> rules;
  rules.reserve(by_users.size());
  for (auto& [users, destinations] : by_users) rules.push_back({std::move(destinations), users});
  return rules;
}

using PortOf = std::pair<std::string, std::string>;  // a user, and ":8443" or nothing

std::vector<ProposedRule> rules_for(const std::map<PortOf, Hosts>& learned, const Learner& learner) {
  std::map<std::string, Wanted> wanted;
  for (const auto& [whose, hosts] : learned) {
    Patterns patterns = grouped(hosts, learner);
    drop_what_others_hold(patterns);
    for (auto& [pattern, destination] : patterns) {
      Wanted& one = wanted[pattern + whose.second];
      one.users.insert(whose.first);
      one.destination.pattern = pattern + whose.second;
      one.destination.seen.add(destination.seen);
      auto& names = one.destination.names;
      names.insert(names.end(), destination.names.begin(), destination.names.end());
    }
  }
  return rules_from(std::move(wanted));
}

Observed example_of(const Left& left) {
  Observed seen;
  seen.user = left.user;
  seen.host = left.host;
  seen.port = left.port;
  seen.last = left.seen.last;
  return seen;
}

// What was seen once, and is held by what is proposed anyhow, is not left out.
void drop_what_is_admitted(Proposal& proposal) {
  const auto rules = OutboundRules::compile(rules_of(proposal));
  if (!rules) return;
  std::erase_if(proposal.left, [&](const Left& left) {
    if (left.why != Why::one_off && left.why != Why::never_reached) return false;
    Observed seen = example_of(left);
    const auto passes = [&] { return replay(*rules, seen).answer == Replayed::Answer::passes; };
    if (passes()) return true;
    seen.kind = Kind::plain;
    return left.port == 80 && passes();
  });
}

}  // namespace

void SeenCount::add(const SeenCount& other) {
  count += other.count;
  last = std::max(last, other.last);
  std::vector<std::int32_t> all;
  std::ranges::set_union(days, other.days, std::back_inserter(all));
  days = std::move(all);
}

std::string_view text(Why why) {
  switch (why) {
    case Why::denied: return "a rule denies it";
    case Why::special_address: return "it leads to a private or special address, and was refused";
    case Why::address: return "it is an address, and not a name";
    case Why::refused: return "it was refused, so that nobody knows what is there";
    case Why::never_reached: return "no server was reached";
    case Why::private_name: return "it is of a private network, for which --private proposes rules too";
    case Why::shared: return "everybody can have a name below it, and a rule would be for those, too";
    case Why::nobody: return "it is not known who asked for it";
    case Why::unwritable: return "no rule can name it";
    case Why::one_off: return "it was seen too seldom";
  }
  return "";
}

Proposal propose(std::span<const Observed> seen, const OutboundRules& today, bool with_users,
                 const PublicSuffixes& suffixes, const ProposeOptions& options) {
  Proposal proposal;
  std::set<std::uint32_t> used;
  std::map<Key, Facts> open;
  for (const Observed& each : seen) {
    proposal.requests += each.count;
    const Replayed now = replay(today, each);
    if (now.decision.rule) used.insert(*now.decision.rule);
    if (now.answer != Replayed::Answer::refused) {
      proposal.admitted += each.count;
      continue;
    }
    add(open[{each.user, each.host, each.port, each.kind == Kind::plain}], each, today, now.decision);
  }
  const Learner learner(with_users, suffixes, options);
  std::map<PortOf, Hosts> learned;
  for (const auto& [key, facts] : open) {
    if (const auto why = learner.obstacle(key, facts)) {
      proposal.left.push_back({*why, key.user, key.host, key.port, facts.denied_by, facts.seen});
      continue;
    }
    const std::string port = with_port("", key);
    learned[{key.user, port}][key.host].add(facts.seen);
  }
  proposal.rules = rules_for(learned, learner);
  drop_what_is_admitted(proposal);
  for (std::uint32_t rule = 0; rule < today.size(); ++rule) {
    if (today.rule(rule).effect == OutboundRule::Effect::allow && !used.contains(rule)) proposal.unused.push_back(rule);
  }
  return proposal;
}

std::vector<OutboundRule> rules_of(const Proposal& proposal) {
  std::vector<OutboundRule> rules;
  for (const ProposedRule& each : proposal.rules) {
    OutboundRule rule;
    rule.who = each.who;
    for (const ProposedDestination& destination : each.allow) rule.destinations.push_back(destination.pattern);
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace sp::policy
