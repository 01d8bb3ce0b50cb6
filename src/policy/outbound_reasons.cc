// What the rules did, in words.
#include <algorithm>

#include "http/fields.h"
#include "policy/outbound_rules.h"

namespace sp::policy {
namespace {

using Kind = DestinationPattern::Kind;
using Verdict = OutboundDecision::Verdict;

std::string host_text(const DestinationHost& host) {
  return host.address ? host.address->text() : std::string(host.name);
}

std::string target_text(const OutboundRequest& request) {
  const std::string host = host_text(request.host);
  return (host.contains(':') ? "[" + host + "]" : host) + ":" + std::to_string(request.port);
}

// "cdn.example.com leads to 10.0.0.7: "
std::string way(const OutboundDecision& decision, const OutboundRequest& request) {
  if (!decision.address || request.host.address) return {};
  return std::string(request.host.name) + " leads to " + decision.address->text() + ": ";
}

// `.example.com`, for which example.com itself is not meant.
bool is_above(const DestinationPattern& pattern, const DestinationHost& host) {
  return pattern.kind == Kind::subdomains && !host.address && http::iequals(pattern.name, host.name);
}

// "is for other paths"
std::string_view without_it(RuleMiss miss) { return text(miss).substr(3); }

// What is to be done about a rule that is for the destination, and does not match.
std::string remedy_of(RuleMiss miss, const std::string& rule) {
  switch (miss) {
    case RuleMiss::above:
      return "if it is to be reached, write it without the dot in " + rule + ": itself and all below it";
    case RuleMiss::port: return "if it is to be reached, give " + rule + " this port";
    case RuleMiss::ended: return "if it is still to be reached, give " + rule + " a later `until`";
    case RuleMiss::schedule: return "if it is to be reached at this time (in UTC), add that to `schedule` of " + rule;
    case RuleMiss::who: return "if this user is to reach it, add him to `who` of " + rule;
    case RuleMiss::from: return "if this client is to reach it, add its address to `from` of " + rule;
    case RuleMiss::method: return "if it is to be reached by this method, add that to `methods` of " + rule;
    case RuleMiss::path: return "if this path is to be reached, add it to `paths` of " + rule;
    case RuleMiss::hidden:
      return "with `inspect` requests in tunnels are seen, so that `methods` and `paths` of " + rule + " hold there";
    case RuleMiss::destination:
    case RuleMiss::addresses:
    case RuleMiss::later: break;
  }
  return {};
}

}  // namespace

std::string_view text(RuleMiss miss) {
  switch (miss) {
    case RuleMiss::destination: return "it is for other destinations";
    case RuleMiss::addresses: return "the addresses of the name decide";
    case RuleMiss::above: return "it is for what is below that name, and not for itself";
    case RuleMiss::port: return "it is for other ports";
    case RuleMiss::ended: return "it has ended (`until`)";
    case RuleMiss::schedule: return "it is for other hours (`schedule`, in UTC)";
    case RuleMiss::who: return "it is for other users";
    case RuleMiss::from: return "it is for other clients";
    case RuleMiss::method: return "it is for other methods";
    case RuleMiss::path: return "it is for other paths";
    case RuleMiss::hidden: return "it has methods or paths, which cannot be seen in a tunnel that is not inspected";
    case RuleMiss::later: return "it is asked again for each request in the tunnel";
  }
  return "";
}

std::string OutboundRules::named(std::uint32_t number) const {
  const std::string& place = rules_[number].written.place;
  return "rule " + std::to_string(number + 1) + (place.empty() ? "" : " (" + place + ")");
}

std::string OutboundRules::how_to_open(const SpecialBlock& block) const {
  const char* key = by_arguments() ? "by --private-network" : "in `private_networks` or in the rule";
  return block.kind == SpecialBlock::Kind::metadata
             ? std::string("; it is reached only where its very address is named ") + key
             : std::string("; to reach it, name it ") + key;
}

// As quick as a decision: of rules for other destinations none is looked at. What is for everything says least about
// this one.
std::optional<OutboundRules::Step> OutboundRules::nearest(const OutboundRequest& request,
                                                          const std::optional<IpAddress>& address, Now now) const {
  std::optional<Step> best = nearest_named(request, address, now, static_cast<std::uint32_t>(rules_.size()));
  if (!best) {
    (void)set_.first_of_everything(address,
                                   [&](std::uint32_t pattern) { return look_nearer(pattern, request, now, best); });
  }
  return best;
}

std::optional<OutboundRules::Step> OutboundRules::nearest_named(const OutboundRequest& request,
                                                                const std::optional<IpAddress>& address, Now now,
                                                                std::uint32_t before) const {
  std::optional<Step> best;
  const auto look = [&](std::uint32_t pattern) {
    return owner_[pattern] < before && look_nearer(pattern, request, now, best);
  };
  if (!request.host.address) (void)set_.first_by_name(request.host.name, look);
  if (address) (void)set_.first_by_address(*address, look);
  if (best || request.host.address) return best;
  // `.example.com`, where example.com is asked for.
  const auto above = set_.first_by_name("x." + std::string(request.host.name), [&](std::uint32_t pattern) {
    return owner_[pattern] < before && rule_of(pattern).allows() && is_above(patterns()[pattern], request.host);
  });
  return above ? std::optional(Step{owner_[*above], RuleMiss::above}) : std::nullopt;
}

// False: the next one may be nearer.
bool OutboundRules::look_nearer(std::uint32_t pattern, const OutboundRequest& request, Now now,
                                std::optional<Step>& best) const {
  const auto missed = rule_of(pattern).allows() ? miss(pattern, request, now) : std::nullopt;
  const bool nearer =
      missed && (!best || *missed > *best->miss || (missed == best->miss && owner_[pattern] < best->rule));
  if (nearer) best = Step{owner_[pattern], missed};
  return false;
}

// Of a rule that denies everything: the one before it that is for this destination, and why it has not allowed it.
std::optional<OutboundRules::Step> OutboundRules::passed_over(const OutboundDecision& decision,
                                                              const OutboundRequest& request, Now now) const {
  const std::uint32_t pattern = rules_[*decision.rule].first_pattern + *decision.pattern;
  if (patterns()[pattern].kind != Kind::everything) return std::nullopt;
  return nearest_named(request, decision.address, now, *decision.rule);
}

// Who is added to a rule for everything may reach everything: that is nobody's remedy for one destination.
std::string OutboundRules::remedy_of(const Step& near, const OutboundRequest& request) const {
  const Rule& rule = rules_[near.rule];
  const auto destinations = patterns().subspan(rule.first_pattern, rule.written.destinations.size());
  const bool for_some = near.miss == RuleMiss::who || near.miss == RuleMiss::from;
  if (for_some && std::ranges::count(destinations, Kind::everything, &DestinationPattern::kind) != 0) return {};
  if (near.miss == RuleMiss::who && request.user.empty())
    return named(near.rule) + " is for users, and the client has not said who it is: by a password or a certificate";
  return policy::remedy_of(*near.miss, named(near.rule));
}

std::string OutboundRules::no_match_reason(const OutboundDecision& decision, const OutboundRequest& request,
                                           Now now) const {
  const auto near = nearest(request, decision.address, now);
  if (!near) return "no rule is for " + target_text(request);
  return "no rule allows " + target_text(request) + ": " + named(near->rule) + " " +
         std::string(without_it(*near->miss));
}

std::string OutboundRules::remedy(const OutboundDecision& decision, const OutboundRequest& request, Now now) const {
  if (decision.verdict == Verdict::deny) {
    if (const auto near = passed_over(decision, request, now)) return remedy_of(*near, request);
    const std::string rule = named(*decision.rule);
    // Who allows a name says nothing about where it leads.
    const bool by_where_it_leads = decision.address && !request.host.address;
    return "if it is to be reached, change " + rule +
           (by_where_it_leads || by_arguments() ? "" : ", or allow it by a rule before that one");
  }
  if (decision.verdict != Verdict::no_match) return {};
  const auto near = nearest(request, decision.address, now);
  return near ? remedy_of(*near, request) : std::string();
}

std::string OutboundRules::reason(const OutboundDecision& decision, const OutboundRequest& request, Now now) const {
  if (decision.verdict == Verdict::needs_addresses) return "the addresses of " + host_text(request.host) + " decide";
  if (!decision.rule) {
    if (decision.verdict == Verdict::special_address)
      return way(decision, request) + decision.block->text(*decision.address) + how_to_open(*decision.block) +
             " (no rule is for it)";
    return way(decision, request) + no_match_reason(decision, request, now);
  }
  const OutboundRule& written = rules_[*decision.rule].written;
  const std::string which = "`" + written.destinations[*decision.pattern] + "`";
  const std::string which_rule = named(*decision.rule);
  const bool allows = written.effect == OutboundRule::Effect::allow;
  const std::string does = which_rule + (allows ? " allows " : " denies ") + which;
  if (decision.verdict == Verdict::special_address) {
    return way(decision, request) + decision.block->text(*decision.address) + how_to_open(*decision.block) + " (" +
           does + ")";
  }
  std::string result = way(decision, request) + does;
  if (allows) return result;
  if (!written.reason.empty()) result += ": " + written.reason;
  if (const auto near = passed_over(decision, request, now))
    result += "; " + named(near->rule) + " before it " + std::string(without_it(*near->miss));
  return result;
}

// The plain way, one pattern after the other: what the compiled set has to agree with.
bool OutboundRules::holds(std::uint32_t pattern, const DestinationHost& host,
                          const std::optional<IpAddress>& address) const {
  const DestinationPattern& asked = patterns()[pattern];
  if (asked.kind != Kind::network || !address) return asked.holds(host);
  if (asked.network.contains(*address)) return true;
  // 0.0.0.0/0 is about the family, not about an address.
  return !rule_of(pattern).allows() && asked.network.bits != 0 &&
         std::ranges::any_of(EmbeddedAddresses(*address),
                             [&](const IpAddress& in) { return asked.network.contains(in); });
}

OutboundRules::Step OutboundRules::step(std::uint32_t rule, const OutboundRequest& request,
                                        const std::optional<IpAddress>& address, Now now) const {
  const std::uint32_t first = rules_[rule].first_pattern;
  const auto count = static_cast<std::uint32_t>(rules_[rule].written.destinations.size());
  RuleMiss nearest = RuleMiss::destination;
  for (std::uint32_t pattern = first; pattern < first + count; ++pattern) {
    const bool by_address = !request.host.address && !address && patterns()[pattern].kind == Kind::network;
    if (!by_address && !holds(pattern, request.host, address)) {
      if (is_above(patterns()[pattern], request.host)) nearest = std::max(nearest, RuleMiss::above);
      continue;
    }
    const auto missed = miss(pattern, request, now);
    if (!missed && !by_address) return {rule, std::nullopt};
    nearest = std::max(nearest, missed.value_or(RuleMiss::addresses));
  }
  return {rule, nearest};
}

std::vector<OutboundRules::Step> OutboundRules::trail(const OutboundRequest& request,
                                                      const std::optional<IpAddress>& address, Now now) const {
  const std::optional<IpAddress> asked = address ? address : request.host.address;
  const OutboundDecision decision = asked ? judge_address(request, *asked, now) : decide(request, now);
  const std::uint32_t end = decision.rule ? *decision.rule + 1 : static_cast<std::uint32_t>(rules_.size());
  std::vector<Step> result;
  result.reserve(end);
  for (std::uint32_t rule = 0; rule < end; ++rule) result.push_back(step(rule, request, asked, now));
  return result;
}

}  // namespace sp::policy
