// Where in the text of a configuration new rules of an entry belong.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "app/text_edit.h"
#include "config/model.h"
#include "policy/propose.h"

namespace sp::app {

// Before the rule that denies everything, if there is one; else behind the last. Null where the text is written in
// another way than a line for each key (`[ ... ]`): nobody wants a machine to lay that out again.
std::optional<TextEdit> edit_for_rules(std::string_view text, const config::OutboundConfig& entry,
                                       const std::vector<policy::ProposedRule>& rules);

// The number of the first rule that denies everything; of all, if none does: new rules come before it.
std::size_t place_among_rules(const config::OutboundConfig& entry);

}  // namespace sp::app
