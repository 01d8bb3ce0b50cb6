#include "policy/replay.h"

#include <algorithm>

namespace sp::policy {
namespace {

using Answer = Replayed::Answer;
using Verdict = OutboundDecision::Verdict;

// Views into `seen`. Its host is one that read_host() takes: it was read before it was recorded.
OutboundRequest request_of(const Observed& seen) {
  const auto host = read_host(seen.host);
  return {.kind = seen.kind,
          .host = host.value_or(DestinationHost{}),
          .port = seen.port,
          .user = seen.user,
          .client = seen.client,
          .method = {},
          .path = {}};
}

bool looks_at_content(const OutboundRules& rules, const OutboundDecision& decision) {
  const auto end = decision.rule ? *decision.rule + 1 : static_cast<std::uint32_t>(rules.size());
  for (std::uint32_t i = 0; i < end; ++i) {
    if (!rules.rule(i).methods.empty() || !rules.rule(i).paths.empty()) return true;
  }
  return false;
}

// A rule before the one that decided would have, for some method or path.
bool depends_on_content(const OutboundRules& rules, const OutboundRequest& request, const OutboundDecision& decision,
                        OutboundRules::Now when) {
  using Kind = OutboundRequest::Kind;
  if (request.kind != Kind::plain && request.kind != Kind::inspected) return false;
  if (!looks_at_content(rules, decision)) return false;
  return std::ranges::any_of(rules.trail(request, decision.address, when), [](const OutboundRules::Step& step) {
    return step.miss == RuleMiss::method || step.miss == RuleMiss::path;
  });
}

}  // namespace

Replayed replay(const OutboundRules& rules, const Observed& seen) {
  const OutboundRequest request = request_of(seen);
  Replayed result{.answer = Answer::refused, .decision = rules.decide(request, seen.last)};
  const auto address = IpAddress::parse(seen.address);
  const bool addresses_decide = result.decision.allowed() || result.decision.verdict == Verdict::needs_addresses;
  if (addresses_decide && address) result.decision = rules.judge_address(request, *address, seen.last);
  if (result.decision.verdict == Verdict::needs_addresses ||
      depends_on_content(rules, request, result.decision, seen.last)) {
    result.answer = Answer::depends;
  } else if (result.decision.allowed()) {
    result.answer = Answer::passes;
  }
  return result;
}

std::string reason(const OutboundRules& rules, const Observed& seen, const Replayed& replayed) {
  return rules.reason(replayed.decision, request_of(seen), seen.last);
}

}  // namespace sp::policy
