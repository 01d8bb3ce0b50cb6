#include "import/apache/patterns.h"

#include <gtest/gtest.h>

namespace sp::import::apache {
namespace {

// "prefix /app", "exact /x | exact /x/", "regex": what an expression turns out to be.
std::string shown(std::string_view regex) {
  std::string result;
  for (const SimplePattern& each : simple_patterns(regex)) {
    if (!result.empty()) result += " | ";
    result += (each.form == MatchForm::exact ? "exact " : "prefix ") + each.path;
    if (each.rest_group > 0) result += " $" + std::to_string(each.rest_group);
    if (!each.whole_segments) result += " open";
  }
  return result.empty() ? "regex" : result;
}

TEST(SimplePatterns, table) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"^/app/(.*)$", "prefix /app/ $1"},
      {"^/app(/.*)?$", "prefix /app $1"},
      {"^/app(.*)$", "prefix /app $1 open"},
      {"^/app", "prefix /app open"},
      {"^/app/", "prefix /app/"},
      {"^/app/?(.*)$", "prefix /app/ $1 open"},
      {"^/app(/.*)?", "prefix /app $1 open"},
      {"^/app(/|$)", "prefix /app"},
      {"^/app$", "exact /app"},
      {"^/app/?$", "exact /app | exact /app/"},
      {"^/$", "exact /"},
      {"^/?$", "exact /"},
      {"^/\\.well-known/carddav", "prefix /.well-known/carddav open"},
      {"^/(a|b)$", "exact /a | exact /b"},
      {"^/(a|b)/(.*)$", "prefix /a/ $2 | prefix /b/ $2"},
      {"^/(?:a|b)/(.*)$", "prefix /a/ $1 | prefix /b/ $1"},
      {"^/v(1|2)/x", "prefix /v1/x open | prefix /v2/x open"},
      {"^", "prefix "},
      {".*", "prefix "},
      {"(.*)", "prefix  $1"},
      {"^(.*)$", "prefix  $1"},
      {"^/(.*)", "prefix / $1"},
      {"^/?(.*)", "prefix / $1"},
      {"/(.*)", "prefix / $1"},
      {"/app/(.*)", "regex"},  // it could stand in the middle
      {"\\.php$", "regex"},
      {"^/(.*\\.php)$", "regex"},
      {"^/a+$", "regex"},
      {"^/(a|b)*$", "regex"},
      {"^/user/([^/]+)$", "regex"},
      {"^app$", "regex"},
      {"(", "regex"},
      {"^/(a|", "regex"},
      {"^/\\d", "regex"},
  };
  for (const auto& [regex, expected] : rows) EXPECT_EQ(shown(regex), expected) << regex;
}

std::string simplified_text(std::string_view regex, std::string_view target, Rule::Does does = Rule::Does::proxy) {
  std::string result;
  const Rule written{
      .form = MatchForm::regex, .pattern = std::string(regex), .does = does, .target = std::string(target)};
  for (const Rule& rule : simplified(written)) {
    static constexpr const char* forms[] = {"exact", "prefix", "regex"};
    if (!result.empty()) result += " | ";
    result += std::string(forms[static_cast<size_t>(rule.form)]) + " " + rule.pattern + " " + rule.target;
  }
  return result;
}

TEST(Simplified, targets_lose_their_groups) {
  EXPECT_EQ(simplified_text("^/app/(.*)$", "http://h/x/$1"), "prefix /app/ http://h/x/");
  EXPECT_EQ(simplified_text("^/app(/.*)?$", "http://h/x$1"), "prefix /app http://h/x");
  EXPECT_EQ(simplified_text("^/(.*)", "http://h/$1"), "prefix / http://h/");
  EXPECT_EQ(simplified_text("^(.*)$", "http://h$1"), "prefix / http://h/");
  EXPECT_EQ(simplified_text("^/app", "http://h%{REQUEST_URI}"), "prefix /app http://h/app");
  EXPECT_EQ(simplified_text("^/(a|b)/(.*)$", "http://$1.internal/$2"),
            "prefix /a/ http://a.internal/ | prefix /b/ http://b.internal/");
  EXPECT_EQ(simplified_text("^/a$", "http://h/b"), "exact /a http://h/b");
}

TEST(Simplified, what_would_change_the_meaning_stays_a_regex) {
  EXPECT_EQ(simplified_text("^/app/(.*)$", "http://h/x"), "regex ^/app/(.*)$ http://h/x");
  EXPECT_EQ(simplified_text("^/app/(.*)$", "http://h/$1/y"), "regex ^/app/(.*)$ http://h/$1/y");
  EXPECT_EQ(simplified_text("^/admin", "", Rule::Does::respond), "regex ^/admin ");
  EXPECT_EQ(simplified_text("^/admin/", "", Rule::Does::respond), "prefix /admin/ ");
}

TEST(LiteralPrefix, is_no_longer_than_what_is_certain) {
  EXPECT_EQ(literal_prefix("^/api/v\\.1/(.*)"), "/api/v.1/");
  EXPECT_EQ(literal_prefix("^/ab?c"), "/a");
  EXPECT_EQ(literal_prefix("/api"), "/");
  EXPECT_EQ(literal_prefix("^(/a|/b)"), "/");
  EXPECT_EQ(literal_prefix("^/a|/b"), "/");
}

}  // namespace
}  // namespace sp::import::apache
