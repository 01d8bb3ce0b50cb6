#include "app/ended_rules.h"

#include <fmt/format.h>

#include "policy/rule_time.h"

namespace sp::app {

std::vector<config::Finding> ended_rules(const config::Config& config, std::chrono::system_clock::time_point now) {
  std::vector<config::Finding> findings;
  for (const config::OutboundConfig& entry : config.outbound) {
    for (const config::OutboundRuleConfig& rule : entry.rules) {
      if (rule.until.empty()) continue;
      const auto end = policy::parse_until(rule.until.value);
      if (!end || now < *end) continue;
      findings.push_back({config::Finding::Severity::warning, rule.until.place,
                          fmt::format("this rule held until {} and does not any more", rule.until.value),
                          "remove the rule, or give it a later day"});
    }
  }
  return findings;
}

}  // namespace sp::app
