#include "policy/path.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sp::policy {
namespace {

struct Row {
  std::string_view in, out;
  bool encoded_slash = false;
};

TEST(Path, has_one_normal_form) {
  const Row rows[] = {
      {"/", "/"},
      {"*", "*"},
      {"/sympa/lists", "/sympa/lists"},
      {"/.well-known/acme", "/.well-known/acme"},
      {"/..a/.b/c..", "/..a/.b/c.."},
      {"/%41%7e%2D", "/A~-"},
      {"/caf%c3%a9", "/caf%C3%A9"},
      {"/caf\xc3\xa9", "/caf%C3%A9"},
      {"/a|b[1]{^}`\"<>", "/a%7Cb%5B1%5D%7B%5E%7D%60%22%3C%3E"},
      {"/a%20b%25%2541", "/a%20b%25%2541"},
      {"//static-sympa//js//jquery.js", "/static-sympa/js/jquery.js"},
      {"/static-sympa/../sympa/lists", "/sympa/lists"},
      {"/static-sympa/%2e%2E/sympa/lists", "/sympa/lists"},
      {"/a//../b", "/b"},
      {"/a/./b/.", "/a/b/"},
      {"/a/b/..", "/a/"},
      {"/a/..", "/"},
      {"/a//", "/a/"},
      {"/.", "/"},
      {"///", "/"},
      {"/static-sympa/js%2fjquery.js", "/static-sympa/js%2Fjquery.js", true},
      {"/a%2F%2Fb", "/a%2F%2Fb", true},
      {"/a;v=1/b;c", "/a;v=1/b;c"},
      {"/a%3Bb", "/a%3Bb"},
      {"/!$&'()*+,;=:@-._~", "/!$&'()*+,;=:@-._~"},
      {"/...", "/..."},
      {"/a/...;x", "/a/...;x"},
  };
  for (const Row& row : rows) {
    Arena arena;
    auto result = normalize_path(row.in, arena);
    ASSERT_TRUE(result) << row.in << ": " << result.error().where;
    EXPECT_EQ(result->text, row.out) << row.in;
    EXPECT_EQ(result->encoded_slash, row.encoded_slash) << row.in;
  }
}

TEST(Path, is_not_copied_when_it_is_normal) {
  for (std::string_view path :
       {"/", "/sympa/lists/with/a/rather/long/path/that/takes/several/steps.html", "/.well-known/x"}) {
    Arena arena;
    EXPECT_EQ(normalize_path(path, arena)->text.data(), path.data());
  }
}

TEST(Path, is_refused_when_servers_would_disagree) {
  for (std::string_view path :
       {"/..", "/../x", "/a/../../b", "/%2e%2e/x", "/a\\b", "/a%5cb", "/a%00", "/a%0a", "/a%7F", "/a/..;/b", "/a/.;x/b",
        "/a/..%3b/b", "/a/%2e%2e;/b", "/a%2F..%2Fb", "/a/..%2Fb", "/a%2f%2e%2e", "/a%2F.", "/a%2F..;x"}) {
    Arena arena;
    auto result = normalize_path(path, arena);
    ASSERT_FALSE(result) << path;
    EXPECT_EQ(result.error().code, Code::ambiguous_path) << path;
    EXPECT_STRNE(result.error().where, "") << path;
  }
}

TEST(Path, is_a_bad_target_when_it_is_malformed) {
  for (std::string_view path :
       {"", "a", "/%", "/%4", "/%zz", "/a b", "/a#b", "/a?b", "/a\tb", "/a\x7f", "/a%4", "**"}) {
    Arena arena;
    auto result = normalize_path(path, arena);
    ASSERT_FALSE(result) << path;
    EXPECT_EQ(result.error().code, Code::bad_target) << path;
  }
}

// What the quick scan lets through must be what the slow way makes of it, at every place of a long path.
TEST(Path, is_scanned_alike_at_every_place) {
  const std::string base = "/abcdefghijklmnopqrstuvwxyz/0123456789/ABCDEFGHIJ";
  for (std::size_t at = 1; at < base.size(); ++at) {
    for (int c = 0; c < 256; ++c) {
      std::string path = base;
      path[at] = static_cast<char>(c);
      Arena arena;
      auto whole = normalize_path(path, arena);
      // Shorter than one step of the scan: only the slow way.
      const std::string short_path = "/x" + std::string(1, static_cast<char>(c)) + "y";
      auto piece = normalize_path(short_path, arena);
      if (c == '/' || c == '%') continue;  // their meaning depends on what follows
      if (c == '.' && path[at - 1] == '/') continue;
      ASSERT_EQ(whole.has_value(), piece.has_value()) << at << " " << c;
      if (!whole) continue;
      std::string expected =
          base.substr(0, at) + std::string(piece->text.substr(2, piece->text.size() - 3)) + base.substr(at + 1);
      ASSERT_EQ(whole->text, expected) << at << " " << c;
    }
  }
}

TEST(Path, normalised_twice_is_normalised_once) {
  const std::string_view pieces[] = {"/",   ".",   "..", "a",   "B", "%2e",  "%2E", "%2f", "%2F",
                                     "%41", "%c3", ";",  "%3b", "|", "\xff", "%25", "//",  "-"};
  std::mt19937 random(7);
  for (int round = 0; round < 100000; ++round) {
    std::string path = "/";
    for (unsigned n = random() % 12; n > 0; --n) path += pieces[random() % std::size(pieces)];
    Arena arena;
    auto once = normalize_path(path, arena);
    if (!once) continue;
    auto twice = normalize_path(once->text, arena);
    ASSERT_TRUE(twice) << path;
    ASSERT_EQ(twice->text, once->text) << path;
    ASSERT_EQ(twice->text.data(), once->text.data()) << path;
    ASSERT_EQ(once->text.find("//"), std::string_view::npos) << path;
    ASSERT_EQ((std::string(once->text) + "/").find("/../"), std::string::npos) << path;
  }
}

TEST(Path, dot_segments_are_known_in_every_spelling) {
  for (const std::string_view path : {"/..", "/a/../b", "/a/./b", "/a/%2e%2E/b", "/a/.%2e", "/.", "/a//../b", "/a/%2e"})
    EXPECT_TRUE(has_dot_segments(path)) << path;
  for (const std::string_view path :
       {"/", "/a/b", "/.well-known/x", "/a..b/..c", "//a", "/%2ehidden", "/a%2fb", "*", ""})
    EXPECT_FALSE(has_dot_segments(path)) << path;
}

TEST(Path, is_read_loosely) {
  const Row rows[] = {{"/a%2Fb", "/a/b"}, {"/a;v=1/b", "/a/b"},      {"/a;x%2Fb", "/a/b"},
                      {"/;/a", "/a"},     {"/x%2F%2Fa%2F", "/x/a/"}, {"/a;x;y", "/a"},
                      {"/%2Fa", "/a"},    {"/a%2fb", "/a%2fb"},      {"/plain/path", "/plain/path"}};
  for (const Row& row : rows) {
    EXPECT_EQ(loosest_path(row.in), row.out) << row.in;
    EXPECT_EQ(can_be_read_loosely(row.in), row.in != row.out) << row.in;
  }
}

}  // namespace
}  // namespace sp::policy
