#include "config/yaml.h"

#include <gtest/gtest.h>

namespace sp::config {
namespace {

const std::string name = "a.yaml";

struct Parsed {
  std::optional<Node> tree;
  std::vector<Finding> findings;
};
Parsed parsed(const std::string& text, const YamlLimits& limits = {}) {
  Parsed result;
  Report report(result.findings);
  result.tree = parse_yaml(name, text, report, limits);
  return result;
}

TEST(Yaml, keeps_places) {
  const Parsed result = parsed("a:\n  - b: c\n    d: { e: f }\n");
  ASSERT_TRUE(result.tree);
  EXPECT_TRUE(result.findings.empty());
  const NodeEntry* a = result.tree->find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(text(a->at.place()), "a.yaml:1:1");
  const Node& item = a->value.items.at(0);
  EXPECT_EQ(text(item.at.place()), "a.yaml:2:5");
  EXPECT_EQ(text(item.find("b")->value.at.place()), "a.yaml:2:8");
  EXPECT_EQ(text(item.find("d")->value.find("e")->value.at.place()), "a.yaml:3:13");
  EXPECT_EQ(item.find("x"), nullptr);
}

TEST(Yaml, a_missing_value_stands_at_its_key) {
  const Parsed result = parsed("a:\n\n\n  b:\n\nc: ~\n");
  ASSERT_TRUE(result.tree);
  const NodeEntry* b = result.tree->find("a")->value.find("b");
  EXPECT_EQ(b->value.kind, Node::Kind::null);
  EXPECT_EQ(b->value.at.line, 4);
  EXPECT_EQ(result.tree->find("c")->value.kind, Node::Kind::null);
}

TEST(Yaml, maps_are_merged_without_replacing_what_is_there) {
  const Parsed result = parsed("a: &a { x: 1, y: 1 }\nb: &b { y: 2, z: 2 }\nc: { <<: [ *a, *b ], x: 3 }\n");
  ASSERT_TRUE(result.tree);
  EXPECT_TRUE(result.findings.empty());
  const Node& c = result.tree->find("c")->value;
  ASSERT_EQ(c.entries.size(), 3u);
  EXPECT_EQ(c.find("x")->value.text, "3");
  EXPECT_EQ(c.find("y")->value.text, "1");
  EXPECT_EQ(c.find("z")->value.text, "2");
}

TEST(Yaml, aliases_cannot_multiply_without_bound) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) text += "," + before;
    text += "]\n";
  }
  const Parsed result = parsed(text);
  EXPECT_FALSE(result.tree);
  ASSERT_EQ(result.findings.size(), 1u);
}

TEST(Yaml, aliases_cannot_nest_without_bound) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i)
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_FALSE(parsed(text).tree);
}

TEST(Yaml, nesting_is_bounded) {
  EXPECT_TRUE(parsed(std::string(40, '[') + std::string(40, ']')).tree);
  EXPECT_FALSE(parsed(std::string(49, '[') + std::string(49, ']')).tree);
  EXPECT_FALSE(parsed(std::string(100'000, '[')).tree);
  EXPECT_FALSE(parsed(std::string(100'000, '{')).tree);
}

TEST(Yaml, the_encoding_is_checked) {
  EXPECT_TRUE(parsed("a: \xF0\x9F\x98\x80 \xED\x9F\xBF \xEF\xBF\xBD\n").tree);
  for (const char* text : {"a: \x80", "a: \xC0\x80", "a: \xC3", "a: \xE0\x80\x80", "a: \xED\xA0\x80",
                           "a: \xF0\x80\x80\x80", "a: \xF4\x90\x80\x80", "a: \xFF"}) {
    const Parsed result = parsed(text);
    EXPECT_FALSE(result.tree);
    ASSERT_EQ(result.findings.size(), 1u);
    EXPECT_EQ(result.findings[0].place.column, 4);
  }
  EXPECT_FALSE(parsed(std::string("a: \0b", 5)).tree);
  EXPECT_FALSE(parsed("a: \x1b").tree);
}

TEST(Yaml, large_maps_are_quick) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "k" + std::to_string(i) + ": v\n";
  const Parsed result = parsed(text);
  ASSERT_TRUE(result.tree);
  EXPECT_EQ(result.tree->entries.size(), 50'000u);
}

TEST(Yaml, an_unfinished_quote_is_not_taken_for_a_value) {
  EXPECT_EQ(parsed("a: 'it''s'\n").findings.size(), 0u);
  EXPECT_EQ(parsed("a: \"x\\\"\"\n").findings.size(), 0u);
  EXPECT_EQ(parsed("a: \"x\\\"\n").findings.size(), 1u);
  EXPECT_EQ(parsed("a: 'x\n").findings.size(), 1u);
}

}  // namespace
}  // namespace sp::config
