#include "policy/outbound_rules.h"

#include <algorithm>

#include "http/fields.h"
#include "policy/path.h"

namespace sp::policy {
namespace {

using Kind = OutboundRequest::Kind;
using Verdict = OutboundDecision::Verdict;
using Number = std::optional<std::uint32_t>;

Number earlier(Number a, Number b) { return a && b ? std::min(a, b) : a ? a : b; }

int width(const IpAddress& address) { return address.v4 ? 32 : 128; }

bool vouches_for_a_name_only(const DestinationPattern& pattern) {
  return pattern.kind == DestinationPattern::Kind::domain || pattern.kind == DestinationPattern::Kind::subdomains;
}

}  // namespace

// ---- the conditions of a rule

// What is allowed has to be what is written. What is denied is denied as well where a server may take it for that: by a
// method in another case, by a path with encoded slashes or parameters.
bool OutboundRules::lists_method(const Rule& rule, std::string_view method) {
  return std::ranges::any_of(rule.written.methods, [&](std::string_view listed) {
    return rule.allows() ? listed == method : http::iequals(listed, method);
  });
}

bool OutboundRules::lists_path(const Rule& rule, std::string_view path) {
  if (rule.paths.find(path)) return true;
  return !rule.allows() && can_be_read_loosely(path) && rule.paths.find(loosest_path(path)).has_value();
}

bool OutboundRules::port_fits(const Rule& rule, std::uint16_t pattern_port, const OutboundRequest& request) {
  if (pattern_port != 0) return request.port == pattern_port;
  if (!rule.ports.empty()) {
    return std::ranges::any_of(
        rule.ports, [&](const PortRange& range) { return range.first <= request.port && request.port <= range.last; });
  }
  if (!rule.allows()) return true;
  // What is in a tunnel that is opened may be either.
  const bool opened = request.kind == Kind::tunnel_to_inspect || request.kind == Kind::inspected;
  return request.port == (request.kind == Kind::plain ? 80 : 443) || (opened && request.port == 80);
}

std::optional<RuleMiss> OutboundRules::content_miss(const Rule& rule, const OutboundRequest& request) {
  const bool every_method =
      rule.written.methods.empty() || (request.kind != Kind::plain && lists_method(rule, "CONNECT"));
  const bool every_path = rule.written.paths.empty();
  if (every_method && every_path) return std::nullopt;
  if (request.kind == Kind::tunnel) return rule.allows() ? std::optional(RuleMiss::hidden) : std::nullopt;
  if (request.kind == Kind::tunnel_to_inspect) return rule.allows() ? std::nullopt : std::optional(RuleMiss::later);
  if (!every_method && !lists_method(rule, request.method)) return RuleMiss::method;
  if (!every_path && !lists_path(rule, request.path)) return RuleMiss::path;
  return std::nullopt;
}

std::optional<RuleMiss> OutboundRules::miss(std::uint32_t pattern, const OutboundRequest& request, Now now) const {
  const Rule& rule = rule_of(pattern);
  if (!port_fits(rule, patterns()[pattern].port, request)) return RuleMiss::port;
  if (rule.end && now >= *rule.end) return RuleMiss::ended;
  if (rule.schedule && !rule.schedule->holds(now)) return RuleMiss::schedule;
  if (!rule.who.empty() && !std::ranges::binary_search(rule.who, request.user, {},
                                                       [](const auto& user) { return std::string_view(user); })) {
    return RuleMiss::who;
  }
  if (!rule.from_anywhere && !rule.from.contains(request.client)) return RuleMiss::from;
  return content_miss(rule, request);
}

// ---- which rule is the first

// By a pattern of names, or one that holds everything.
Number OutboundRules::by_name(const OutboundRequest& request, const std::optional<IpAddress>& address, Now now) const {
  auto fits = [&](std::uint32_t pattern) { return !miss(pattern, request, now); };
  const Number name = request.host.address ? Number{} : set_.first_by_name(request.host.name, fits);
  return earlier(name, set_.first_of_everything(address, fits));
}

// What denies an IPv4 address denies it inside of an IPv6 address too; what allows it does not.
Number OutboundRules::by_network(const OutboundRequest& request, const IpAddress& address, Now now) const {
  Number first = set_.first_by_address(address, [&](std::uint32_t pattern) { return !miss(pattern, request, now); });
  for (const IpAddress& inside : EmbeddedAddresses(address)) {
    first = earlier(first, set_.first_by_address(inside, [&](std::uint32_t pattern) {
      return !rule_of(pattern).allows() && !miss(pattern, request, now);
    }));
  }
  return first;
}

bool OutboundRules::may_allow_by_network(const OutboundRequest& request, Number before, Now now) const {
  for (const std::uint32_t pattern : allowing_networks_) {
    if (before && owner_[pattern] >= owner_[*before]) return false;
    if (!miss(pattern, request, now)) return true;
  }
  return false;
}

// ---- special addresses

bool OutboundRules::private_network_opens(const IpAddress& address, const SpecialBlock& block) const {
  const bool by_itself_only = block.kind == SpecialBlock::Kind::metadata;
  if (everything_private_ && !by_itself_only) return true;
  const auto network = private_set_.find(address);
  return network && (!by_itself_only || private_networks_[*network].bits == width(address));
}

// Whether the rule of this pattern has a network of at least so many bits that holds the address.
bool OutboundRules::opened_by_rule(const OutboundRequest& request, const IpAddress& address, int bits,
                                   Number of) const {
  if (!of || !rule_of(*of).allows()) return false;
  auto opens = [&](std::uint32_t pattern) {
    return owner_[pattern] == owner_[*of] && patterns()[pattern].network.bits >= bits &&
           port_fits(rule_of(pattern), patterns()[pattern].port, request);
  };
  return set_.first_by_address(address, opens).has_value();
}

bool OutboundRules::opened(const OutboundRequest& request, const IpAddress& address, const SpecialBlock& block,
                           Number first, Number by_network) const {
  // 0.0.0.0/1 in a rule means the internet, not the private networks in it: only a network inside of the block names
  // it.
  const int bits = block.network.bits;
  return private_network_opens(address, block) || opened_by_rule(request, address, bits, first) ||
         opened_by_rule(request, address, bits, by_network);
}

std::optional<SpecialBlock> OutboundRules::closed_block(const OutboundRequest& request, const IpAddress& address,
                                                        Number first, Number by_network) const {
  if (!special_block(address)) return std::nullopt;
  // Who writes the whole address knows what it carries.
  if (opened_by_rule(request, address, width(address), first) ||
      opened_by_rule(request, address, width(address), by_network)) {
    return std::nullopt;
  }
  for (const IpAddress& inside : EmbeddedAddresses(address)) {
    const auto block = own_special_block(inside);
    if (block && !opened(request, inside, *block, first, by_network)) return block;
  }
  const auto own = own_special_block(address);
  return own && !opened(request, address, *own, first, by_network) ? own : std::nullopt;
}

// ---- decisions

OutboundDecision OutboundRules::decided(Verdict verdict, std::uint32_t pattern) const {
  return {verdict, owner_[pattern], pattern - rule_of(pattern).first_pattern};
}

OutboundDecision OutboundRules::decide(const OutboundRequest& request, Now now) const {
  if (request.host.address) return judge_address(request, *request.host.address, now);
  const Number first = by_name(request, std::nullopt, now);
  if (may_allow_by_network(request, first, now))
    return {.verdict = Verdict::needs_addresses, .rule = {}, .pattern = {}};
  OutboundDecision result;
  if (first) result = decided(rule_of(*first).allows() ? Verdict::allow : Verdict::deny, *first);
  result.watched = only_watches_ && !result.allowed();
  return result;
}

OutboundDecision OutboundRules::judge_address(const OutboundRequest& request, const IpAddress& address, Now now) const {
  const Number name = by_name(request, address, now);
  const Number network = by_network(request, address, now);
  Number first = earlier(name, network);
  if (first && first == name && network && rule_of(*first).allows() && !rule_of(*network).allows() &&
      vouches_for_a_name_only(patterns()[*first])) {
    first = network;
  }
  OutboundDecision result;
  if (first) result = decided(rule_of(*first).allows() ? Verdict::allow : Verdict::deny, *first);
  result.watched = only_watches_ && !result.allowed();
  // What is let pass although no rule allows it is opened by nothing but `private_networks`.
  if (result.watched)
    result.block = closed_block(request, address, std::nullopt, std::nullopt);
  else if (result.allowed())
    result.block = closed_block(request, address, first, network);
  if (result.block) {
    result.verdict = Verdict::special_address;
    result.watched = false;
  }
  result.address = address;
  return result;
}

}  // namespace sp::policy
