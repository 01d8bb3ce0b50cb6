// What the rules did, in words.
#include <algorithm>

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

// What is to be done about a rule that is for the destination, and does not match.
std::string remedy_of(RuleMiss miss, const std::string& rule) {
  switch (miss) {
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

// As quick as a decision: of rules for other destinations none is looked at.
std::optional<OutboundRules::Step> OutboundRules::nearest(const OutboundRequest& request,
                                                          const std::optional<IpAddress>& address, Now now) const {
  std::optional<Step> best;
  const auto look = [&](std::uint32_t pattern) {
    const auto missed = rule_of(pattern).allows() ? miss(pattern, request, now) : std::nullopt;
    const bool nearer =
        missed && (!best || *missed > *best->miss || (missed == best->miss && owner_[pattern] < best->rule));
    if (nearer) best = Step{owner_[pattern], missed};
    return false;  // the next one may be nearer
  };
  if (!request.host.address) (void)set_.first_by_name(request.host.name, look);
  (void)set_.first_of_everything(address, look);
  if (address) (void)set_.first_by_address(*address, look);
  return best;
}

std::string OutboundRules::no_match_reason(const OutboundDecision& decision, const OutboundRequest& request,
                                           Now now) const {
  const auto near = nearest(request, decision.address, now);
  if (!near) return "no rule is for " + target_text(request);
  // "it is for other paths"
  const std::string_view why = text(*near->miss).substr(3);
  return "no rule allows " + target_text(request) + ": " + named(near->rule) + " " + std::string(why);
}

std::string OutboundRules::remedy(const OutboundDecision& decision, const OutboundRequest& request, Now now) const {
  if (decision.verdict == Verdict::deny) {
    const std::string rule = named(*decision.rule);
    // Who allows a name says nothing about where it leads.
    const bool by_where_it_leads = decision.address && !request.host.address;
    return "if it is to be reached, change " + rule +
           (by_where_it_leads || by_arguments() ? "" : ", or allow it by a rule before that one");
  }
  if (decision.verdict != Verdict::no_match) return {};
  const auto near = nearest(request, decision.address, now);
  return near ? remedy_of(*near->miss, named(near->rule)) : std::string();
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
  if (!allows && !written.reason.empty()) result += ": " + written.reason;
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
    if (!by_address && !holds(pattern, request.host, address)) continue;
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
