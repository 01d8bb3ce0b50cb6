// One run of the whole gate: clients and servers with dice, a network that delays, reorders, cuts and breaks, a clock
// that jumps to the next timer, other configurations in the middle, and an end. The same seed is the same run.
#pragma once

#include <cstdint>

#include "testing/sim/story.h"

namespace sp::testing {

Story run_simulation(std::uint64_t seed);

}  // namespace sp::testing
