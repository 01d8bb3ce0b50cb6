#include "http/fields.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sp::http {
namespace {

char flipped(char c) { return static_cast<char>(c ^ 0x20); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

TEST(Fields, every_known_name_is_found_in_every_case) {
  for (int i = 1; i < static_cast<int>(FieldId::count_); ++i) {
    const auto id = static_cast<FieldId>(i);
    std::string name(field_name(id));
    EXPECT_EQ(field_id(name), id) << name;
    for (char& c : name) {
      if (!is_letter(c)) continue;
      c = flipped(c);
      EXPECT_EQ(field_id(name), id) << name;
    }
    EXPECT_EQ(field_id(name + "x"), FieldId::other);
    EXPECT_EQ(field_id(name.substr(1)), FieldId::other);
    name.back() = '_';
    EXPECT_EQ(field_id(name), FieldId::other);
  }
  EXPECT_EQ(field_id(""), FieldId::other);
  EXPECT_EQ(field_id("Content\rLength"), FieldId::other);
  EXPECT_EQ(field_id(std::string_view("Content\0Length", 14)), FieldId::other);
}

// Every pair of octets at every place of texts of every length: equal only if they are, or are one letter in two cases.
TEST(Fields, iequals_differs_from_equality_by_the_case_of_letters_only) {
  for (std::size_t size = 1; size <= 26; ++size) {
    const std::string text(size, 'm');
    for (std::size_t place = 0; place < size; ++place) {
      std::string a = text;
      std::string b = text;
      for (int i = 0; i < 256; ++i) {
        a[place] = static_cast<char>(i);
        for (int bit = 0; bit < 8; ++bit) {
          b[place] = static_cast<char>(i ^ 1 << bit);
          const bool same = bit == 5 && is_letter(a[place]) && is_letter(b[place]);
          ASSERT_EQ(iequals(a, b), same) << i << " " << bit << " at " << place << " of " << size;
        }
        b[place] = a[place];
        ASSERT_TRUE(iequals(a, b));
      }
    }
  }
  EXPECT_TRUE(iequals("", ""));
  EXPECT_FALSE(iequals("", "a"));
}

TEST(Fields, keeps_order_and_repetition) {
  Arena arena;
  Fields fields(arena);
  fields.add("Set-Cookie", "a");
  fields.add("X-B", "1");
  fields.add("set-cookie", "b");
  EXPECT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields.count(FieldId::set_cookie), 2u);
  EXPECT_EQ(fields.find("x-b")->value, "1");
  fields.set("X-b", "2");
  EXPECT_EQ(fields.find("X-B")->value, "2");
  EXPECT_EQ(fields.remove(FieldId::set_cookie), 2u);
  EXPECT_FALSE(fields.has(FieldId::set_cookie));
  EXPECT_EQ(fields.remove("X-B"), 1u);
  EXPECT_TRUE(fields.empty());
}

TEST(Fields, are_removed_by_what_they_are) {
  Arena arena;
  Fields fields(arena);
  fields.remove_if([](const Field&) { return true; });
  for (std::string_view name : {"a", "Via", "b", "a", "Date"}) fields.add(name, "1");
  fields.remove_if([](const Field& field) { return field.name == "a" || field.id == FieldId::via; });
  EXPECT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields.begin()[0].name, "b");
  EXPECT_TRUE(fields.has(FieldId::date));
  EXPECT_FALSE(fields.has(FieldId::via));
}

}  // namespace
}  // namespace sp::http
