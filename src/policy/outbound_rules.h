// Where the way out may lead: ordered rules, of which the first that matches decides; what none matches is refused.
//
// A name is judged twice. decide() looks at what is asked for, before anybody resolves it. judge_address() then judges
// each address that the name has, and only an address that it allows may be connected to:
//  - the rules are gone through again, now with the address: a network in `allow` or `deny` holds a name by it;
//  - who allows a name has not vouched for what it resolves to: where a name's pattern allows, a later `deny` that
//  holds
//    the address by a network still refuses it (`*` and networks speak of addresses, and are final);
//  - special addresses (special_addresses.h) are refused, unless `private_networks` holds them, or the rule that allows
//    names the address itself or a network inside of the special block. Metadata services only by their very address;
//  - IPv4 addresses inside of IPv6 addresses are denied and are special as if they were asked for themselves.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "config/network.h"
#include "config/problem.h"
#include "policy/address_set.h"
#include "policy/destination_host.h"
#include "policy/destination_set.h"
#include "policy/rule_time.h"
#include "policy/special_addresses.h"
#include "policy/string_table.h"

namespace sp::policy {

// A rule as it is written; what is empty is no condition.
struct OutboundRule {
  enum class Effect : std::uint8_t { allow, deny };
  Effect effect = Effect::allow;
  std::vector<std::string> destinations;  // destination_pattern.h; a port in one of them replaces `ports` for it
  std::vector<std::string> who;           // users
  std::vector<std::string> from;          // addresses and networks of clients
  std::vector<std::string> ports;         // "443", "8000-8999"; else of `allow` 80 and 443 by kind, of `deny` all
  std::vector<std::string> methods;       // "GET"; "CONNECT" is every tunnel, and whatever is in it
  std::vector<std::string> paths;         // prefixes at segment boundaries, in normal form (path.h)
  std::string until;                      // "2027-01-31", rule_time.h
  std::string schedule;                   // "Mon-Fri 08:00-18:00", rule_time.h
  std::string reason;                     // for who is refused
  std::string place;                      // "sallyport.yaml:31", for reasons
};

// What is wrong with one text of a rule.
struct RuleProblem {
  enum class Key : std::uint8_t { destinations, who, from, ports, methods, paths, until, schedule };
  std::size_t rule = 0;
  Key key = Key::destinations;
  std::size_t item = 0;  // of a list
  config::Problem problem;
};

struct OutboundRequest {
  // `methods` and `paths` can be seen of `plain` and `inspected`. Of a tunnel that stays closed (CONNECT or SOCKS), a
  // rule that allows by them does not match, and one that denies by them does: what cannot be seen is not let past. A
  // tunnel that will be inspected is let through by such rules, since each request in it is judged again.
  enum class Kind : std::uint8_t { plain, tunnel, tunnel_to_inspect, inspected };
  Kind kind = Kind::plain;
  DestinationHost host;
  std::uint16_t port = 0;
  std::string_view user;  // empty: nobody known
  IpAddress client;
  std::string_view method;  // not looked at for tunnels
  std::string_view path;    // in normal form, without query; likewise
};

struct OutboundDecision {
  enum class Verdict : std::uint8_t {
    allow,            // of decide() for a name: its addresses are still to be judged
    deny,             // by `rule`
    no_match,         // no rule is for it
    special_address,  // `rule` allows, but `block` may not be reached
    needs_addresses,  // of decide() for a name: a rule that allows by network might hold one of its addresses
  };
  Verdict verdict = Verdict::no_match;
  std::optional<std::uint32_t> rule;       // by number, from 0
  std::optional<std::uint32_t> pattern;    // which of its destinations
  std::optional<IpAddress> address = {};   // that was judged
  std::optional<SpecialBlock> block = {};  // of special_address
  bool watched = false;                    // `deny` or `no_match`, and let pass: see only_watch()

  // It may pass, because a rule allows it or because the rules only watch.
  bool allowed() const { return verdict == Verdict::allow || watched; }
};

// Why a rule does not match. Of several destinations the one that comes nearest says so: the last of these.
enum class RuleMiss : std::uint8_t {
  destination,
  addresses,
  above,  // `.example.com`, and example.com is asked for
  port,
  ended,
  schedule,
  who,
  from,
  method,
  path,
  hidden,
  later
};
// "it is for other users"
std::string_view text(RuleMiss miss);

// Immutable. A decision takes no longer for rules that are for other destinations.
class OutboundRules {
 public:
  using Now = std::chrono::sys_seconds;

  OutboundRules() = default;  // nothing is allowed
  // All problems at once.
  static std::expected<OutboundRules, std::vector<RuleProblem>> compile(
      std::vector<OutboundRule> rules, std::vector<config::Network> private_networks = {});

  // Of an address that is asked for it is the whole judgement.
  OutboundDecision decide(const OutboundRequest& request, Now now) const;
  // `address`: one of the name's, or the one that is asked for.
  OutboundDecision judge_address(const OutboundRequest& request, const IpAddress& address, Now now) const;

  // From now on what the rules refuse is let pass, and the decision says that it would have been refused. Special
  // addresses are refused as ever, and so is one that no rule allows unless `private_networks` holds it: who has not
  // decided yet what may be reached is safe from the first minute.
  void only_watch() { only_watches_ = true; }

  // For `explain`: of each rule, up to the one that decides, why it does not match; null: it does.
  struct Step {
    std::uint32_t rule = 0;
    std::optional<RuleMiss> miss;
  };
  std::vector<Step> trail(const OutboundRequest& request, const std::optional<IpAddress>& address, Now now) const;
  // Of the rules that would allow the destination, the one that comes nearest to it; none: no rule is for it.
  std::optional<Step> nearest(const OutboundRequest& request, const std::optional<IpAddress>& address, Now now) const;
  // For the log and `explain`, a line: "rule 3 (sallyport.yaml:35) denies `*`: ask the operations team". `now` is that
  // of the decision.
  std::string reason(const OutboundDecision& decision, const OutboundRequest& request, Now now) const;
  // What the operator can do where the rules refuse it; empty: there is no rule that it would be about.
  std::string remedy(const OutboundDecision& decision, const OutboundRequest& request, Now now) const;
  // They come from the command line (`sallyport egress`), and have no file that one could edit.
  bool by_arguments() const { return !rules_.empty() && rules_.front().written.place.starts_with("--"); }

  std::span<const DestinationPattern> patterns() const { return set_.patterns(); }
  std::size_t size() const { return rules_.size(); }
  const OutboundRule& rule(std::uint32_t number) const { return rules_[number].written; }

 private:
  struct PortRange {
    std::uint16_t first = 0, last = 0;
  };
  struct Rule {
    OutboundRule written;
    std::uint32_t first_pattern = 0;  // in `set_`; they follow each other
    std::vector<std::string> who;     // sorted
    AddressSet from;
    bool from_anywhere = true;
    std::vector<PortRange> ports;
    PrefixTable paths;
    std::optional<Now> end;
    std::optional<Schedule> schedule;

    bool allows() const { return written.effect == OutboundRule::Effect::allow; }
  };
  struct Compiler;
  using Number = std::optional<std::uint32_t>;  // of a pattern in `set_`

  const Rule& rule_of(std::uint32_t pattern) const { return rules_[owner_[pattern]]; }
  std::optional<RuleMiss> miss(std::uint32_t pattern, const OutboundRequest& request, Now now) const;
  static bool port_fits(const Rule& rule, std::uint16_t pattern_port, const OutboundRequest& request);
  static bool lists_method(const Rule& rule, std::string_view method);
  static bool lists_path(const Rule& rule, std::string_view path);
  static std::optional<RuleMiss> content_miss(const Rule& rule, const OutboundRequest& request);

  Number by_name(const OutboundRequest& request, const std::optional<IpAddress>& address, Now now) const;
  Number by_network(const OutboundRequest& request, const IpAddress& address, Now now) const;
  bool may_allow_by_network(const OutboundRequest& request, Number before, Now now) const;
  // `first`: the pattern that allows; `by_network`: the first that holds the address as a network.
  std::optional<SpecialBlock> closed_block(const OutboundRequest& request, const IpAddress& address, Number first,
                                           Number by_network) const;
  bool opened(const OutboundRequest& request, const IpAddress& address, const SpecialBlock& block, Number first,
              Number by_network) const;
  bool opened_by_rule(const OutboundRequest& request, const IpAddress& address, int bits, Number of) const;
  bool private_network_opens(const IpAddress& address, const SpecialBlock& block) const;
  bool holds(std::uint32_t pattern, const DestinationHost& host, const std::optional<IpAddress>& address) const;
  Step step(std::uint32_t rule, const OutboundRequest& request, const std::optional<IpAddress>& address, Now now) const;
  OutboundDecision decided(OutboundDecision::Verdict verdict, std::uint32_t pattern) const;
  std::optional<Step> nearest_named(const OutboundRequest& request, const std::optional<IpAddress>& address, Now now,
                                    std::uint32_t before) const;
  bool look_nearer(std::uint32_t pattern, const OutboundRequest& request, Now now, std::optional<Step>& best) const;
  std::optional<Step> passed_over(const OutboundDecision& decision, const OutboundRequest& request, Now now) const;
  std::string remedy_of(const Step& near, const OutboundRequest& request) const;
  std::string named(std::uint32_t rule) const;
  std::string no_match_reason(const OutboundDecision& decision, const OutboundRequest& request, Now now) const;
  std::string how_to_open(const SpecialBlock& block) const;

  std::vector<Rule> rules_;
  DestinationSet set_;
  std::vector<std::uint32_t> owner_;  // of each pattern its rule
  // Networks that allow, of those under the same conditions only the first.
  std::vector<std::uint32_t> allowing_networks_;
  std::vector<config::Network> private_networks_;
  AddressSet private_set_;
  bool everything_private_ = false;  // `*`
  bool only_watches_ = false;
};

}  // namespace sp::policy
