#include "policy/access.h"

namespace sp::policy {
namespace {

std::string named(const AddressRule& rule) { return rule.text + " (" + rule.place + ")"; }

}  // namespace

std::string Decision::reason(const IpAddress& address) const {
  std::string who = address.text();
  switch (why) {
    case Why::no_rules: return who + " is allowed: there are no address rules";
    case Why::not_denied: return who + " is allowed: no `deny` holds it";
    case Why::allowed_by: return who + " is allowed by " + named(*rule);
    case Why::denied_by: return who + " is denied by " + named(*rule);
    case Why::not_allowed: return who + " is not in `allow`, which begins with " + named(*rule);
  }
  return who;
}

Decision decide(const AccessList& list, const IpAddress& address) {
  using Why = Decision::Why;
  if (list.open()) return {};
  if (auto rule = list.deny.find(address)) return {false, Why::denied_by, &list.deny_rules[*rule]};
  if (list.allow_rules.empty()) return {true, Why::not_denied, nullptr};
  if (auto rule = list.allow.find(address)) return {true, Why::allowed_by, &list.allow_rules[*rule]};
  return {false, Why::not_allowed, &list.allow_rules.front()};
}

}  // namespace sp::policy
