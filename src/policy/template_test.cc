#include "policy/template.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/variables.h"

namespace sp::policy {
namespace {

class Fixed final : public Variables {
 public:
  std::string_view value(Variable variable, std::string_view argument, Arena& arena) const override {
    switch (variable) {
      case Variable::request_host: return "lists.example.com";
      case Variable::request_uri: return "/a%20b?x=1";
      case Variable::request_header: return arena.concat({"<", argument, ">\r\nX: y"});
      case Variable::proxy: return arena.concat({"(", argument, ")"});
      case Variable::regex: return argument == "1" ? "one" : "";
      default: return "";
    }
  }
};

std::string expanded(std::string_view text, Template::Use use = Template::Use::field) {
  Arena arena;
  auto compiled = Template::compile(text);
  return compiled ? std::string(compiled->expand(Fixed(), arena, use)) : "error: " + compiled.error();
}

TEST(Template, puts_values_in_their_places) {
  EXPECT_EQ(expanded("plain"), "plain");
  EXPECT_EQ(expanded(""), "");
  EXPECT_EQ(expanded("https://${request.host}${request.uri}"), "https://lists.example.com/a%20b?x=1");
  EXPECT_EQ(expanded("${request.host}"), "lists.example.com");
  EXPECT_EQ(expanded("[${tls.sni}]"), "[]");
  EXPECT_EQ(expanded("/u/${regex.1}/x"), "/u/one/x");
  EXPECT_EQ(expanded("$5 $${request.host} }{"), "$5 ${request.host} }{");
}

TEST(Template, knows_what_a_proxy_header_says) {
  EXPECT_EQ(expanded("${proxy.authority} ${proxy.tls.client.cn} ${proxy.source.port}"),
            "(authority) (tls.client.cn) (source.port)");
  EXPECT_EQ(expanded("${proxy.0xE1}${proxy.0xe1}"), "(0xE1)(0xe1)");
  EXPECT_TRUE(Template::compile("${proxy.alpn}")->uses(Variable::proxy));
  for (std::string_view none : {"", "x", "0x", "0xE", "0xE11", "0xG1", "authority.", "Authority"}) {
    EXPECT_EQ(expanded("${proxy." + std::string(none) + "}"),
              "error: `${proxy." + std::string(none) +
                  "}`: after `proxy.` stands what a PROXY header says, or a type such as 0xE1");
  }
  EXPECT_EQ(expanded("${proxy}"), "error: `${proxy}` is not a value that exists");
}

TEST(Template, lets_no_value_break_out_of_a_field) {
  EXPECT_EQ(expanded("a ${request.header.Cookie-2} b"), "a <Cookie-2>  X: y b");
  EXPECT_EQ(expanded("${request.header.X}", Template::Use::url), "%3CX%3E%0D%0AX:%20y");
  EXPECT_EQ(expanded("${request.header.X}", Template::Use::text), "<X>\r\nX: y");
}

TEST(Template, does_not_copy_what_holds_no_placeholder) {
  auto compiled = Template::compile("constant");
  Arena arena;
  EXPECT_TRUE(compiled->is_literal());
  EXPECT_EQ(compiled->expand(Fixed(), arena).data(), compiled->source().data());
}

TEST(Template, says_what_is_wrong) {
  EXPECT_EQ(expanded("${request.hots}"), "error: `${request.hots}` is not a value that exists");
  EXPECT_EQ(expanded("${request.host"), "error: `${request.host` has no closing brace");
  EXPECT_EQ(expanded("${regex.10}"), "error: `${regex.10}`: after `regex.` stands a number from 0 to 9");
  EXPECT_EQ(expanded("${request.header.}"), "error: `${request.header.}`: after `request.header.` stands a name");
  EXPECT_EQ(expanded("${env.HOME}"), "error: `${env.HOME}` is replaced when the file is read, and was not");
  EXPECT_EQ(expanded("${}"), "error: `${}` is not a value that exists");
}

TEST(Template, knows_what_it_uses) {
  EXPECT_TRUE(Template::compile("${request.id}")->uses(Variable::request_id));
  EXPECT_FALSE(Template::compile("${request.id}")->uses(Variable::tls_sni));
}

// What `check` lets pass must have a value here, and the other way round.
TEST(Template, has_the_variables_that_the_configuration_knows) {
  for (const VariableInfo& row : variables()) {
    switch (row.argument) {
      case Argument::none: EXPECT_TRUE(config::is_variable(row.name)) << row.name; break;
      case Argument::number: EXPECT_EQ(row.name, config::regex_variable_prefix); break;
      case Argument::proxy_value: EXPECT_EQ(row.name, config::proxy_variable_prefix); break;
      default:
        EXPECT_NE(std::ranges::find(config::variable_prefixes, row.name), config::variable_prefixes.end()) << row.name;
    }
  }
  for (std::string_view name : config::variable_names)
    EXPECT_TRUE(Template::compile("${" + std::string(name) + "}")) << name;
  for (std::string_view name : config::proxy_value_names)
    EXPECT_TRUE(Template::compile("${proxy." + std::string(name) + "}")) << name;
}

}  // namespace
}  // namespace sp::policy
