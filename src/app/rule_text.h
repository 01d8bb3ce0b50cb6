// Proposed rules, as one would write them into the configuration.
#pragma once

#include <string>
#include <vector>

#include "policy/propose.h"

namespace sp::app {

// Lines of YAML without their ends: items of a list, each behind so many spaces.
std::vector<std::string> rule_lines(const std::vector<policy::ProposedRule>& rules, std::size_t indent);

// A text as YAML has it: as it is where nothing else could be read in it, else in quotes.
std::string yaml_scalar(const std::string& text);

// "31 times on 5 days".
std::string how_often(const policy::SeenCount& seen);

}  // namespace sp::app
