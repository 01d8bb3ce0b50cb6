#include "policy/access.h"

namespace sp::policy {
namespace {

std::string named(const AddressRule& rule) { return rule.text + " (" + rule.place + ")"; }

class NoVariables final : public Variables {
 public:
  std::string_view value(Variable, std::string_view, Arena&) const override { return {}; }
};

const AddressRule* holding(const std::vector<HeaderRule>& rules, const Variables& variables, Arena& arena) {
  for (const HeaderRule& each : rules) {
    if (each.condition.holds(variables.value(Variable::proxy, each.condition.name, arena))) return &each.rule;
  }
  return nullptr;
}

// Null: there are none.
const AddressRule* first_of(const std::vector<AddressRule>& rules, const std::vector<HeaderRule>& headers) {
  if (!rules.empty()) return &rules.front();
  return headers.empty() ? nullptr : &headers.front().rule;
}

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

Decision decide(const AccessList& list, const IpAddress& address, const Variables& variables, Arena& arena) {
  using Why = Decision::Why;
  if (list.open()) return {};
  if (auto rule = list.deny.find(address)) return {false, Why::denied_by, &list.deny_rules[*rule]};
  if (const auto* rule = holding(list.deny_headers, variables, arena)) return {false, Why::denied_by, rule};
  const AddressRule* first = first_of(list.allow_rules, list.allow_headers);
  if (first == nullptr) return {true, Why::not_denied, nullptr};
  if (auto rule = list.allow.find(address)) return {true, Why::allowed_by, &list.allow_rules[*rule]};
  if (const auto* rule = holding(list.allow_headers, variables, arena)) return {true, Why::allowed_by, rule};
  return {false, Why::not_allowed, first};
}

Decision decide(const AccessList& list, const IpAddress& address) {
  Arena arena;
  return decide(list, address, NoVariables(), arena);
}

}  // namespace sp::policy
