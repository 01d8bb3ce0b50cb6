#include "stages/access_log/escape.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace sp::access_log {
namespace {

std::string json(std::string_view text, Limit limit = Limit::text) {
  std::string out;
  append_json_text(out, text, limit);
  return out;
}
std::string clf(std::string_view text, Limit limit = Limit::text) {
  std::string out;
  append_clf_text(out, text, limit);
  return out;
}
std::string value(std::string_view text) {
  std::string out;
  append_value(out, text);
  return out;
}

TEST(Escape, json_keeps_text_and_escapes_what_acts) {
  EXPECT_EQ(json("Mozilla/5.0 (X11)"), "Mozilla/5.0 (X11)");
  EXPECT_EQ(json("a\"b\\c"), R"(a\"b\\c)");
  EXPECT_EQ(json("\b\f\n\r\t\v"), R"(\b\f\n\r\t\u000b)");
  EXPECT_EQ(json("\x1b[31mred"), R"(\u001b[31mred)");
  EXPECT_EQ(json(std::string_view("\0\x7f", 2)), R"(\u0000\u007f)");
  EXPECT_EQ(json("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(json("\xc2\x9b[31m"), R"(\u009b[31m)") << "CSI as one character";
  EXPECT_EQ(json("\xe2\x80\xae\xe2\x80\xa8\xef\xbb\xbf"), R"(\u202e\u2028\ufeff)");
}

TEST(Escape, json_writes_octets_that_are_no_utf8_as_latin_1) {
  EXPECT_EQ(json("caf\xe9"), R"(caf\u00e9)");
  EXPECT_EQ(json("\xc0\xaf"), R"(\u00c0\u00af)") << "overlong";
  EXPECT_EQ(json("\xe0\x9f\xbf"), R"(\u00e0\u009f\u00bf)") << "overlong";
  EXPECT_EQ(json("\xed\xa0\x80"), R"(\u00ed\u00a0\u0080)") << "a surrogate";
  EXPECT_EQ(json("\xf4\x90\x80\x80"), R"(\u00f4\u0090\u0080\u0080)") << "above U+10FFFF";
  EXPECT_EQ(json("\xe2\x82"), R"(\u00e2\u0082)") << "cut off";
  EXPECT_EQ(json("\xff\xfe"), R"(\u00ff\u00fe)");
}

TEST(Escape, clf_is_as_apache_writes_it) {
  EXPECT_EQ(clf("GET /a?b=c"), "GET /a?b=c");
  EXPECT_EQ(clf("a\"b\\c"), R"(a\"b\\c)");
  EXPECT_EQ(clf("\b\n\r\t\v\f"), R"(\b\n\r\t\v\x0c)");
  EXPECT_EQ(clf("\x1b[31m\x7f\xc3\xa9"), R"(\x1b[31m\x7f\xc3\xa9)");
}

TEST(Escape, long_texts_are_cut_between_characters) {
  EXPECT_EQ(json(std::string(256, 'a'), Limit::name), std::string(256, 'a'));
  EXPECT_EQ(json(std::string(257, 'a'), Limit::name), std::string(256, 'a') + "...");
  EXPECT_EQ(json(std::string(255, 'a') + "\xc3\xa9", Limit::name), std::string(255, 'a') + "...");
  EXPECT_EQ(json(std::string(1'000'000, '\x80'), Limit::name).size(), 253u * 6 + 3)
      << "no more than is to be kept whole";
  EXPECT_EQ(clf(std::string(1'000'000, '\n'), Limit::target).size(), 8192u * 2 + 3);
}

TEST(Escape, values_are_bare_where_that_is_safe) {
  EXPECT_EQ(value("http://10.0.0.7:8065/x?y"), "http://10.0.0.7:8065/x?y");
  EXPECT_EQ(value("path /sympa"), "\"path /sympa\"");
  EXPECT_EQ(value("a=b"), "\"a=b\"");
  EXPECT_EQ(value("a\nlevel=error"), R"("a\nlevel=error")");
  EXPECT_EQ(value(""), "\"\"");
}

// Whatever comes in: one line of printable text, and what is read back from JSON is valid.
TEST(Escape, random_octets_make_one_safe_line) {
  std::mt19937 random(7);
  const std::string_view pool = "\"\\\x1b\n\r\xc3\xa9\xe2\x80\xae\xf0\x9f\x98\x80\xed\xa0\x80 az\x7f\xff";
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    for (std::size_t i = random() % 40; i > 0; --i)
      text += (random() & 1) != 0 ? pool[random() % pool.size()] : static_cast<char>(random());
    for (const std::string& line : {json(text), clf(text), value(text)}) {
      for (char c : line) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    }
    EXPECT_TRUE(nlohmann::json::accept('"' + json(text) + '"')) << json(text);
  }
}

}  // namespace
}  // namespace sp::access_log
