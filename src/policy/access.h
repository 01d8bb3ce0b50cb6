// May this client use this route? `allow` and `deny` of a site and its route, with the rule that decided: by its
// address, or by what the PROXY header says with which it was introduced.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/ip.h"
#include "config/proxy_condition.h"
#include "policy/address_set.h"
#include "policy/template.h"

namespace sp::policy {

// One entry of `allow` or `deny`, for the reason.
struct AddressRule {
  std::string text;   // "192.0.2.0/24", "${proxy.authority} = *.example.com"
  std::string place;  // "sallyport.yaml:31"
};

// One that is about the PROXY header.
struct HeaderRule {
  config::ProxyCondition condition;
  AddressRule rule;
};

// The lists that hold for one route: `deny` of the site and of the route, and `allow` of the route, or of the site
// where the route has none.
struct AccessList {
  AddressSet allow, deny;
  std::vector<AddressRule> allow_rules, deny_rules;  // by the numbers of the networks in the sets
  std::vector<HeaderRule> allow_headers, deny_headers;

  bool asks_header() const { return !allow_headers.empty() || !deny_headers.empty(); }
  bool open() const { return allow_rules.empty() && deny_rules.empty() && !asks_header(); }
};

struct Decision {
  enum class Why : std::uint8_t { no_rules, not_denied, allowed_by, denied_by, not_allowed };
  bool allowed = true;
  Why why = Why::no_rules;
  const AddressRule* rule = nullptr;  // of allowed_by and denied_by; of not_allowed: the first of `allow`

  // "192.0.2.7 is denied by 192.0.2.0/24 (sallyport.yaml:31)"
  std::string reason(const IpAddress& address) const;
};

// `deny` wins. Where there is an `allow`, all others are refused. A peer on a Unix socket counts as 127.0.0.1. The
// variables know what ${proxy.NAME} is.
Decision decide(const AccessList& list, const IpAddress& address, const Variables& variables, Arena& arena);
// Of a client that nobody has introduced.
Decision decide(const AccessList& list, const IpAddress& address);

}  // namespace sp::policy
