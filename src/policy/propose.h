// Rules that admit what was seen, as few as can be read, and nothing that nobody has looked at: see Left::Why.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/observed.h"
#include "policy/outbound_rules.h"
#include "policy/public_suffixes.h"

namespace sp::policy {

struct ProposeOptions {
  std::uint64_t least_count = 3;  // what was seen less often is a one-off
  std::uint32_t least_days = 2;   // and what was seen on fewer days
  bool private_too = false;       // names of one's own network, and those that lead to `private_networks`
};

// So many names below a domain stand for all of them.
inline constexpr std::size_t names_of_a_group = 3;

// How often something was seen.
struct SeenCount {
  std::uint64_t count = 0;
  std::vector<std::int32_t> days;  // ascending, each once
  std::chrono::sys_seconds last{};

  void add(const SeenCount& other);
};

struct ProposedDestination {
  std::string pattern;             // destination_pattern.h
  std::vector<std::string> names;  // of a group: those that were seen
  SeenCount seen;
};

struct ProposedRule {
  std::vector<ProposedDestination> allow;
  std::vector<std::string> who;  // empty: everybody
};

// What no rule is proposed for.
struct Left {
  enum class Why : std::uint8_t {
    denied,           // a rule denies it, and not everything
    special_address,  // it leads to a private or special address, and was refused for that
    address,          // an address, and not a name
    refused,          // it was refused: nobody knows what is there
    never_reached,    // no server was connected to: a name that does not exist, a server that is gone
    private_name,     // a name of one's own network, or one that leads to `private_networks`
    shared,           // everybody can have a name below it: the rule would be for them, too
    nobody,           // who asked is not known, and the entry has users
    unwritable,       // no pattern can say it
    one_off,          // it was seen too seldom
  };
  Why why = Why::one_off;
  std::string user, host;
  std::uint16_t port = 0;
  std::string rule;  // of `denied`: its place
  SeenCount seen;
};
// "seen too seldom"
std::string_view text(Left::Why why);

struct Proposal {
  std::vector<ProposedRule> rules;
  std::vector<Left> left;
  std::uint64_t requests = 0;         // that were seen
  std::uint64_t admitted = 0;         // of these, by the rules of today
  std::vector<std::uint32_t> unused;  // rules of today that allow, and that nothing which was seen needs
};

// `today`: the rules as they are; what they admit needs no other. `with_users`: the entry asks who somebody is.
Proposal propose(std::span<const Observed> seen, const OutboundRules& today, bool with_users,
                 const PublicSuffixes& suffixes, const ProposeOptions& options);

// The same as rules that can be compiled.
std::vector<OutboundRule> rules_of(const Proposal& proposal);

}  // namespace sp::policy
