// One entry of `outbound`: who may use it, and what may be reached. Compiled once from the configuration; pure.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "config/finding.h"
#include "config/model.h"
#include "policy/access.h"
#include "policy/compile.h"
#include "policy/inspect.h"
#include "policy/outbound_rules.h"
#include "policy/parent.h"
#include "policy/scanner.h"

namespace sp::policy {

struct Outbound {
  std::unique_ptr<const Inbound> common;  // timeouts and limits, as entries of `inbound` have them
  AccessList clients;
  OutboundRules rules;
  std::optional<Inspect> inspect;          // none: tunnels stay closed
  std::unique_ptr<const Parent> parent;    // null: everything is reached directly
  std::unique_ptr<const Scanner> scanner;  // null: nothing is shown to anybody
  config::ShareConfig per_user, per_destination;
  bool shared_out = false;              // either of them has a limit
  bool by_certificate = false;          // who says no password is whom his certificate names
  bool via = false, forwarded = false;  // what servers are told of this gate and its client
  bool observe = false;                 // the rules only watch, see OutboundRules::only_watch()
  std::string record;                   // the database in which is written down what was asked; empty: none
};

// What is wrong is added to `findings`; then it is of no use.
std::unique_ptr<Outbound> compile_outbound(const config::OutboundConfig& entry, const config::TimeoutsConfig& timeouts,
                                           std::vector<config::Finding>& findings);

}  // namespace sp::policy
