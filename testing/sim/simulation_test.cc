#include "testing/sim/simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sp::testing {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// SP_SIM_SEEDS=N runs more of them, SP_SIM_FIRST=SEED begins there: with SP_SIM_SEEDS=1 it is the run that failed.
TEST(Simulation, keeps_requests_apart_whole_and_single_whatever_happens) {
  const std::uint64_t first = number_from("SP_SIM_FIRST", 1), seeds = number_from("SP_SIM_SEEDS", 300);
  std::size_t answered = 0, arrived = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const Story story = run_simulation(seed);
    answered += story.answered;
    arrived += story.arrived.size();
    if (story.wrong.empty() && !HasFailure()) continue;
    std::string text;
    for (const std::string& line : story.lines) text += line + "\n";
    FAIL() << "seed " << seed << ":\n" << text;
  }
  // The dice are not so bad that nothing works.
  EXPECT_GT(answered, seeds * 2);
  EXPECT_GE(arrived, answered / 2);
}

TEST(Simulation, is_the_same_for_the_same_seed) {
  for (std::uint64_t seed : {7u, 8u, 9u}) {
    const Story a = run_simulation(seed), b = run_simulation(seed);
    EXPECT_EQ(a.lines, b.lines);
    EXPECT_EQ(a.answered, b.answered);
    EXPECT_EQ(a.arrived, b.arrived);
  }
}

}  // namespace
}  // namespace sp::testing
