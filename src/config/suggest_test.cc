#include "config/suggest.h"

#include <gtest/gtest.h>

#include <array>

namespace sp::config {
namespace {

TEST(Suggest, distance_counts_slips) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("listen", "listen"), 0u);
  EXPECT_EQ(edit_distance("listn", "listen"), 1u);
  EXPECT_EQ(edit_distance("lisetn", "listen"), 1u);
  EXPECT_EQ(edit_distance("Listen", "listen"), 0u);
  EXPECT_EQ(edit_distance("max-body", "max_body"), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance(std::string(1000, 'a'), "a"), 1000u);
}

TEST(Suggest, nearest_is_near_or_nothing) {
  constexpr std::array<std::string_view, 3> words{"to", "timeouts", "response_headers"};
  EXPECT_EQ(nearest("too", words), "to");
  EXPECT_EQ(nearest("timeout", words), "timeouts");
  EXPECT_EQ(nearest("response_header", words), "response_headers");
  EXPECT_EQ(nearest("x", words), "");
  EXPECT_EQ(nearest("unrelated", words), "");
}

TEST(Suggest, few_words_are_listed) {
  constexpr std::array<std::string_view, 3> words{"on", "off", "auto"};
  EXPECT_EQ(listed(words), "`on`, `off` or `auto`");
  EXPECT_EQ(did_you_mean("of", words), "did you mean `off`?");
  EXPECT_EQ(did_you_mean("certainly", words), "it is one of `on`, `off` or `auto`");
  EXPECT_EQ(did_you_mean("x", std::span(words).first(1)), "there is only `on`");
  EXPECT_EQ(did_you_mean("x", {}), "");
}

}  // namespace
}  // namespace sp::config
