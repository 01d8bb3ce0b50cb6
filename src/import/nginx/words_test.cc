#include "import/nginx/words.h"

#include <gtest/gtest.h>

#include <vector>

#include "import/nginx/values.h"

namespace sp::import::nginx {
namespace {

using namespace std::chrono_literals;

// The words, with ; { } for the marks between them.
std::vector<std::string> words(std::string_view text) {
  static constexpr std::string_view marks[] = {"", ";", "{", "}"};
  std::vector<std::string> result;
  Tokens tokens(text);
  for (Token token = tokens.next(); token.kind != Token::Kind::end; token = tokens.next()) {
    const auto kind = static_cast<size_t>(token.kind);
    result.push_back(token.kind == Token::Kind::word ? token.text : std::string(marks[kind]));
  }
  return result;
}
using Words = std::vector<std::string>;

TEST(NginxWords, words_end_at_space_semicolon_and_brace) {
  EXPECT_EQ(words("listen 80;server{a b}"), (Words{"listen", "80", ";", "server", "{", "a", "b}"}));
  EXPECT_EQ(words("a # b;\nc;"), (Words{"a", "c", ";"}));
  EXPECT_EQ(words("a b#c;"), (Words{"a", "b#c", ";"}));
}

TEST(NginxWords, quotes_hold_anything) {
  EXPECT_EQ(words("a \"b; {c}\" 'd \"e\"';"), (Words{"a", "b; {c}", "d \"e\"", ";"}));
  EXPECT_EQ(words("a \"\" ;"), (Words{"a", "", ";"}));
  EXPECT_EQ(words(R"(a "b\"c" 'd\'e';)"), (Words{"a", "b\"c", "d'e", ";"}));
}

TEST(NginxWords, backslashes_of_expressions_stay) {
  EXPECT_EQ(words(R"(~ \.php$ "\d+" a\ b;)"), (Words{"~", "\\.php$", "\\d+", "a\\ b", ";"}));
}

TEST(NginxWords, braces_of_variables_open_no_block) {
  EXPECT_EQ(words("return 301 https://${host}/x;"), (Words{"return", "301", "https://${host}/x", ";"}));
}

TEST(NginxWords, an_open_quote_is_told) {
  Tokens tokens("a \"b");
  tokens.next();
  EXPECT_TRUE(tokens.next().unclosed);
}

TEST(NginxValues, times) {
  EXPECT_EQ(parse_time("60"), 60s);
  EXPECT_EQ(parse_time("1m30s"), 90s);
  EXPECT_EQ(parse_time("500ms"), 500ms);
  EXPECT_EQ(parse_time("1d"), 24h);
  EXPECT_EQ(parse_time("99999999999999w"), 24h * 365);
  for (const std::string_view bad : {"", "soon", "1x", "-1"}) EXPECT_FALSE(parse_time(bad)) << bad;
  EXPECT_EQ(time_text(90s), "90s");
  EXPECT_EQ(time_text(1500ms), "1500ms");
}

TEST(NginxValues, sizes) {
  EXPECT_EQ(parse_size("8k"), 8192u);
  EXPECT_EQ(parse_size("50M"), 50u << 20);
  EXPECT_EQ(parse_size("0"), 0u);
  for (const std::string_view bad : {"", "m", "lots", "99999999999g"}) EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(NginxValues, servers) {
  EXPECT_EQ(parse_server("[::1]:80")->host, "[::1]");
  EXPECT_EQ(parse_server("app:3000")->port, 3000);
  EXPECT_EQ(parse_server("unix:/run/x.sock")->unix_path, "/run/x.sock");
  for (const std::string_view bad : {"", "a:0", "a:x", ":80", "$x", "unix:x"}) EXPECT_FALSE(parse_server(bad)) << bad;
}

}  // namespace
}  // namespace sp::import::nginx
