#include "import/haproxy/words.h"

#include <gtest/gtest.h>

namespace sp::import::haproxy {
namespace {

using Words = std::vector<std::string>;

Words words(std::string_view text) {
  config::MemoryFileSystem disk;
  disk.variables["PORT"] = "25";
  return split_line(text, Variables(disk)).words;
}

TEST(HAProxyWords, split_at_white_space_up_to_a_comment) {
  EXPECT_EQ(words("  bind\t:25  # smtp"), (Words{"bind", ":25"}));
  EXPECT_EQ(words("# nothing"), Words{});
  EXPECT_EQ(words("log-format \\#x"), (Words{"log-format", "#x"}));
}

TEST(HAProxyWords, quotes_hold_words_together) {
  EXPECT_EQ(words(R"(a "b c" 'd "e' "" f'g'h)"), (Words{"a", "b c", "d \"e", "", "fgh"}));
  EXPECT_EQ(words(R"(a\ b "c\"d" 'e\f')"), (Words{"a b", "c\"d", "e\\f"}));
}

TEST(HAProxyWords, expressions_keep_their_backslashes) {
  EXPECT_EQ(words(R"(path_reg ^/a\.b\d$)"), (Words{"path_reg", R"(^/a\.b\d$)"}));
}

TEST(HAProxyWords, variables_are_put_in) {
  EXPECT_EQ(words(R"("x:$PORT" "x:${PORT}" x:${PORT} '$PORT' $PORT)"),
            (Words{"x:25", "x:25", "x:25", "$PORT", "$PORT"}));
  EXPECT_EQ(words(R"("${NONE-80}" "${NONE}")"), (Words{"80", ""}));
}

TEST(HAProxyWords, an_open_quote_is_told) {
  EXPECT_TRUE(split_line("a \"b", Variables(config::MemoryFileSystem())).open_quote);
}

}  // namespace
}  // namespace sp::import::haproxy
