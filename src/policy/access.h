// May this address use this route? `allow` and `deny` of a site and its route, with the rule that decided.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"
#include "policy/address_set.h"

namespace sp::policy {

// One entry of `allow` or `deny`, for the reason.
struct AddressRule {
  std::string text;   // "192.0.2.0/24"
  std::string place;  // "sallyport.yaml:31"
};

// The lists that hold for one route: `deny` of the site and of the route, and `allow` of the route, or of the site
// where the route has none.
struct AccessList {
  AddressSet allow, deny;
  std::vector<AddressRule> allow_rules, deny_rules;  // by the numbers of the networks in the sets

  bool open() const { return allow_rules.empty() && deny_rules.empty(); }
};

struct Decision {
  enum class Why : std::uint8_t { no_rules, not_denied, allowed_by, denied_by, not_allowed };
  bool allowed = true;
  Why why = Why::no_rules;
  const AddressRule* rule = nullptr;  // of allowed_by and denied_by; of not_allowed: the first of `allow`

  // "192.0.2.7 is denied by 192.0.2.0/24 (sallyport.yaml:31)"
  std::string reason(const IpAddress& address) const;
};

// `deny` wins. Where there is an `allow`, all others are refused. A peer on a Unix socket counts as 127.0.0.1.
Decision decide(const AccessList& list, const IpAddress& address);

}  // namespace sp::policy
