// What a dry run of the way out has decided, in words.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "app/dry_outbound.h"
#include "app/explanation.h"

namespace sp::app {

// "tunnel", "request", "refuse": what becomes of it.
std::string_view outcome(const DryOutbound& run);
// What the application gets of the gate: 200 of a tunnel, that of a refusal; 0 where the server answers.
std::uint16_t status(const DryOutbound& run);
std::vector<Step> explain(const DryOutbound& run);

}  // namespace sp::app
