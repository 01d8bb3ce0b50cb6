#include "services/health/tally.h"

#include <gtest/gtest.h>

namespace sp::health {
namespace {

using proxy::CheckedState;

// The state behind each outcome: "+" well, "-" failed, "?" unknown; "u" up, "d" down.
std::string states(std::string_view outcomes, std::uint32_t fall, std::uint32_t rise) {
  Tally tally;
  const policy::HealthCheck rule{.fall = fall, .rise = rise};
  std::string text;
  for (const char c : outcomes) {
    const CheckedState before = tally.state();
    const bool changed = tally.note(c == '+' ? Outcome::well : c == '-' ? Outcome::failed : Outcome::unknown, rule);
    EXPECT_EQ(changed, tally.state() != before);
    text += tally.state() == CheckedState::up ? 'u' : 'd';
  }
  return text;
}

TEST(Tally, falls_and_rises_after_so_many_in_a_row) {
  EXPECT_EQ(states("---", 3, 2), "uud");
  EXPECT_EQ(states("--+--+---", 3, 2), "uuuuuuuud");
  EXPECT_EQ(states("---+-++", 3, 2), "uuddddu");
  EXPECT_EQ(states("-+-+", 1, 1), "dudu");
  EXPECT_EQ(states("---++---", 3, 2), "uudduuud");
}

TEST(Tally, is_not_moved_by_what_says_nothing_of_the_server) {
  EXPECT_EQ(states("--?-", 3, 2), "uuud");
  EXPECT_EQ(states("???", 1, 1), "uuu");
  EXPECT_EQ(states("-+?+", 1, 2), "dddu");
}

}  // namespace
}  // namespace sp::health
