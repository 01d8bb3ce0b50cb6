#include "import/yaml_text.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace sp::import {
namespace {

TEST(YamlText, quotes_only_what_could_be_read_as_something_else) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"lists.example.com", "lists.example.com"},
      {"/sympa", "/sympa"},
      {"http://10.0.0.7:8080", "\"http://10.0.0.7:8080\""},
      {"On", "\"On\""},
      {"no", "\"no\""},
      {"443", "\"443\""},
      {"1.2", "\"1.2\""},
      {"127.0.0.1", "127.0.0.1"},
      {"::1", "\"::1\""},
      {"", "\"\""},
      {"*", "\"*\""},
      {"*.example.com", "\"*.example.com\""},
      {"${client.address}", "\"${client.address}\""},
      {"^/a\\.b(/|$)", "'^/a\\.b(/|$)'"},
      {"it's \\ here", "\"it's \\\\ here\""},
      {"two words", "\"two words\""},
      {"line\nbreak", "\"line\\nbreak\""},
      {"carriage\rreturn", "\"carriage\\x0dreturn\""},
  };
  for (const auto& [text, yaml] : rows) EXPECT_EQ(yaml_scalar(text), yaml);
}

TEST(YamlText, urls_are_plain_where_they_are_alone_on_their_line) {
  EXPECT_EQ(yaml_line_scalar("https://actual.host:8443/sympa"), "https://actual.host:8443/sympa");
  EXPECT_EQ(yaml_line_scalar("https://h/${regex.1}"), "\"https://h/${regex.1}\"");
  EXPECT_EQ(yaml_line_scalar("a: b"), "\"a: b\"");
}

TEST(YamlText, every_string_is_read_back_as_it_was) {
  for (const char first : std::string_view("a0-?:,[]{}#&*!|>'\"%@`~.=+^\\$/ ")) {
    for (int second = 1; second < 127; ++second) {
      const std::string text{first, static_cast<char>(second), 'x'};
      EXPECT_EQ(YAML::Load(yaml_list({text}))[0].as<std::string>(), text) << yaml_scalar(text);
      EXPECT_EQ(YAML::Load("key: " + yaml_line_scalar(text))["key"].as<std::string>(), text) << yaml_scalar(text);
    }
  }
}

TEST(YamlText, a_comment_stays_a_comment) {
  YamlLines out;
  out.comment(2, "one\ntwo: three");
  EXPECT_EQ(out.take(), "  # one?two: three\n");
  out.comment(0, std::string(150, 'x') + " " + std::string(100, 'y'));
  EXPECT_EQ(out.take(), "# " + std::string(150, 'x') + "\n#   " + std::string(100, 'y') + "\n");
}

TEST(YamlText, the_first_key_of_a_block_becomes_an_item) {
  YamlLines out;
  const size_t start = out.position();
  out.line(4, "name", "web");
  out.line(4, "path", "/");
  out.mark_item(start);
  EXPECT_EQ(out.take(), "  - name: web\n    path: /\n");
}

}  // namespace
}  // namespace sp::import
