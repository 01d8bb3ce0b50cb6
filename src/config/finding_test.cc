#include "config/finding.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sp::config {
namespace {

Finding error_at(int line, int column) {
  return {Finding::Severity::error, {"a.yaml", line, column}, "it is wrong", "mend it"};
}

TEST(Finding, is_printed_with_its_line_and_a_caret) {
  EXPECT_EQ(print({error_at(2, 6)}, {{"a.yaml", "one\ntwo: three\n"}}),
            "a.yaml:2:6: error: it is wrong\n  two: three\n       ^\n  remedy: mend it\n");
}

TEST(Finding, tabs_and_wide_characters_keep_the_caret_in_place) {
  EXPECT_EQ(print({error_at(1, 6)}, {{"a.yaml", "\tü: x\r\n"}}),
            "a.yaml:1:6: error: it is wrong\n  \tü: x\n  \t   ^\n  remedy: mend it\n");
}

TEST(Finding, a_place_beyond_the_text_is_harmless) {
  EXPECT_EQ(print({error_at(9, 9)}, {{"a.yaml", "one"}}), "a.yaml:9:9: error: it is wrong\n  remedy: mend it\n");
  EXPECT_EQ(print({error_at(1, 99)}, {{"a.yaml", "one"}}),
            "a.yaml:1:99: error: it is wrong\n  one\n     ^\n  remedy: mend it\n");
  EXPECT_EQ(print({error_at(0, 0)}, {}), "a.yaml: error: it is wrong\n  remedy: mend it\n");
  EXPECT_EQ(print({{Finding::Severity::warning, {}, "hm", ""}}, {}), "warning: hm\n");
}

TEST(Finding, control_characters_do_not_reach_the_terminal) {
  const Finding finding{Finding::Severity::error, {"a.yaml", 1, 1}, "\033[2J", ""};
  EXPECT_EQ(print({finding}, {{"a.yaml", "x\033[31m"}}), "a.yaml:1:1: error: ?[2J\n  x?[31m\n  ^\n");
}

TEST(Finding, a_long_line_is_cut_around_the_column) {
  const std::string line = std::string(5000, 'a') + "X" + std::string(5000, 'b');
  const std::string printed = print({error_at(1, 5001)}, {{"a.yaml", line}});
  EXPECT_LT(printed.size(), 500u);
  EXPECT_NE(printed.find('X'), std::string::npos);
}

TEST(Finding, colour_only_where_asked_for) {
  EXPECT_EQ(print({error_at(1, 1)}, {{"a.yaml", "x"}}).find('\033'), std::string::npos);
  EXPECT_NE(print({error_at(1, 1)}, {{"a.yaml", "x"}}, Color::ansi).find('\033'), std::string::npos);
}

TEST(Finding, json_holds_the_same) {
  const auto json =
      nlohmann::json::parse(print_json({error_at(2, 6), {Finding::Severity::warning, {"\xff", 1, 1}, "m", ""}}));
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0]["severity"], "error");
  EXPECT_EQ(json[0]["file"], "a.yaml");
  EXPECT_EQ(json[0]["line"], 2);
  EXPECT_EQ(json[0]["column"], 6);
  EXPECT_EQ(json[0]["message"], "it is wrong");
  EXPECT_EQ(json[0]["remedy"], "mend it");
  EXPECT_EQ(json[1]["severity"], "warning");
  EXPECT_EQ(nlohmann::json::parse(print_json({})).size(), 0u);
}

}  // namespace
}  // namespace sp::config
