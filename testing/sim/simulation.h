// One run of the whole gate: clients and servers with dice, a network that delays, cuts and breaks, and a clock that
// jumps to the next timer. The same seed is the same run.
#pragma once

#include <cstdint>

#include "testing/sim/actors.h"

namespace sp::testing {

Story run_simulation(std::uint64_t seed);

}  // namespace sp::testing
