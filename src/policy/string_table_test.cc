#include "policy/string_table.h"

#include <gtest/gtest.h>

#include <random>

namespace sp::policy {
namespace {

TEST(StringTable, finds_what_was_put_in) {
  StringTable table;
  for (std::uint32_t i = 0; i < 10000; ++i) EXPECT_TRUE(table.insert("key" + std::to_string(i), i));
  for (std::uint32_t i = 0; i < 10000; ++i) EXPECT_EQ(table.find("key" + std::to_string(i)), i);
  EXPECT_EQ(table.find("key10000"), std::nullopt);
  EXPECT_FALSE(table.insert("key7", 1));
  EXPECT_EQ(table.find("key7"), 7u);
}

TEST(StringTable, tells_letters_apart_or_not) {
  StringTable strict, loose(Case::insensitive);
  strict.insert("Lists.Example.COM", 1);
  loose.insert("Lists.Example.COM", 1);
  EXPECT_EQ(strict.find("lists.example.com"), std::nullopt);
  EXPECT_EQ(loose.find("lists.example.com"), 1u);
  EXPECT_EQ(loose.find("lists_example.com"), std::nullopt);
  EXPECT_EQ(loose.find(""), std::nullopt);
}

std::size_t covered(const PrefixTable& table, std::string_view path) {
  auto found = table.find(path);
  return found ? found->length : 0;
}

TEST(PrefixTable, covers_at_segment_boundaries) {
  PrefixTable table;
  EXPECT_EQ(covered(table, "/"), 0u);
  table.insert("/sympa", 1);
  table.insert("/sympa/admin/", 2);
  EXPECT_EQ(covered(table, "/"), 0u);
  EXPECT_EQ(covered(table, "/sympa"), 6u);
  EXPECT_EQ(covered(table, "/sympa/"), 6u);
  EXPECT_EQ(covered(table, "/sympathy"), 0u);
  EXPECT_EQ(covered(table, "/symp"), 0u);
  EXPECT_EQ(covered(table, "/sympa/admin"), 6u);
  EXPECT_EQ(covered(table, "/sympa/admin/"), 13u);
  EXPECT_EQ(covered(table, "/sympa/admin/x"), 13u);
  table.insert("/", 3);
  EXPECT_EQ(covered(table, "/"), 1u);
  EXPECT_EQ(covered(table, "/sympathy"), 1u);
  EXPECT_EQ(covered(table, "/sympa/x"), 6u);
  EXPECT_EQ(covered(table, ""), 0u);
}

TEST(PrefixTable, covers_with_only_a_slash_at_the_end) {
  PrefixTable table;
  table.insert("/sympa/", 1);
  EXPECT_EQ(covered(table, "/sympa"), 0u);
  EXPECT_EQ(covered(table, "/sympa/"), 7u);
  EXPECT_EQ(covered(table, "/sympa/x"), 7u);
  EXPECT_EQ(covered(table, "/sympa/x/y"), 7u);
}

TEST(PrefixTable, agrees_with_a_list) {
  std::mt19937 random(5);
  auto path = [&] {
    std::string text;
    for (unsigned n = 1 + random() % 4; n > 0; --n) text += random() % 2 != 0 ? "/a" : "/bb";
    return random() % 4 == 0 ? text + "/" : random() % 9 == 0 ? "/" : text;
  };
  for (int round = 0; round < 2000; ++round) {
    PrefixTable table;
    std::vector<std::string> prefixes;
    for (unsigned n = random() % 6; n > 0; --n) prefixes.push_back(path());
    for (std::uint32_t i = 0; i < prefixes.size(); ++i) table.insert(prefixes[i], i);
    for (int i = 0; i < 20; ++i) {
      std::string asked = path();
      std::size_t best = 0;
      for (const std::string& prefix : prefixes) {
        if (!asked.starts_with(prefix)) continue;
        bool boundary = asked.size() == prefix.size() || prefix.ends_with('/') || asked[prefix.size()] == '/';
        if (boundary) best = std::max(best, prefix.size());
      }
      ASSERT_EQ(covered(table, asked), best) << asked;
    }
  }
}

}  // namespace
}  // namespace sp::policy
