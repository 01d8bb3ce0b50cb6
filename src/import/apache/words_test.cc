#include "import/apache/words.h"

#include <gmock/gmock.h>

namespace sp::import::apache {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::pair<int, std::string>> lines_of(std::string_view text) {
  LogicalLines lines(text);
  std::vector<std::pair<int, std::string>> result;
  while (auto line = lines.next()) result.emplace_back(line->number, line->text);
  return result;
}

TEST(LogicalLines, skips_comments_and_empty_lines_and_keeps_numbers) {
  EXPECT_THAT(lines_of("# one\n\n  Listen 80  \r\n\t# four\nUser x"),
              ElementsAre(std::pair(3, "Listen 80"), std::pair(5, "User x")));
  EXPECT_THAT(lines_of(""), IsEmpty());
  EXPECT_THAT(lines_of("\n\n"), IsEmpty());
}

TEST(LogicalLines, a_backslash_joins_lines_also_in_comments) {
  EXPECT_THAT(lines_of("ProxyPass \\\n  / \\\n  http://h/\nListen 1"),
              ElementsAre(std::pair(1, "ProxyPass   /   http://h/"), std::pair(4, "Listen 1")));
  EXPECT_THAT(lines_of("# a \\\nListen 1\nListen 2"), ElementsAre(std::pair(3, "Listen 2")));
  EXPECT_THAT(lines_of("Listen 1\\"), ElementsAre(std::pair(1, "Listen 1")));
}

TEST(SplitWords, knows_both_quotes_and_backslashes) {
  EXPECT_THAT(split_words("  a  b\tc "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split_words(R"("a b" 'c "d"' e)"), ElementsAre("a b", "c \"d\"", "e"));
  EXPECT_THAT(split_words(R"("say \"hi\"" \\x \.y)"), ElementsAre("say \"hi\"", "\\x", "\\.y"));
  EXPECT_THAT(split_words(R"("")"), ElementsAre(""));
  EXPECT_THAT(split_words("\"not closed"), ElementsAre("not closed"));
  EXPECT_THAT(split_words(""), IsEmpty());
}

}  // namespace
}  // namespace sp::import::apache
