// What rules would have said of something that was asked for: the very code of the data path, on what the record has.
#pragma once

#include <optional>

#include "policy/observed.h"
#include "policy/outbound_rules.h"

namespace sp::policy {

struct Replayed {
  // `depends`: on the address, the method or the path, which the record does not have.
  enum class Answer : std::uint8_t { passes, refused, depends };
  Answer answer = Answer::refused;
  OutboundDecision decision;
};

// As of the time when it was seen last. `rules` enforce: they do not only watch.
Replayed replay(const OutboundRules& rules, const Observed& seen);
// Why, as the log would have said it.
std::string reason(const OutboundRules& rules, const Observed& seen, const Replayed& replayed);

}  // namespace sp::policy
