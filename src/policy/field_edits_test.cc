#include "policy/field_edits.h"

#include <gtest/gtest.h>

#include "policy/testing.h"

namespace sp::policy {
namespace {

config::Text text(std::string_view value) { return {.value = std::string(value), .place = {}}; }

std::string edited(const config::FieldEdits& config) {
  std::vector<FieldEdit> edits;
  std::vector<config::Finding> findings;
  compile_edits(config, {}, edits, findings);
  EXPECT_TRUE(findings.empty());
  Arena arena;
  http::Fields fields(arena);
  fields.add("Front-End-Https", "Off");
  fields.add("X-Two", "1");
  fields.add("x-two", "2");
  fields.add("Server", "old");
  testing::TestVariables variables;
  variables.values[Variable::client_address] = "192.0.2.1";
  variables.values[Variable::tls_client_subject] = "CN=a\r\nX-Evil: 1";
  apply_edits(edits, fields, variables, arena);
  std::string result;
  for (const http::Field& field : fields) result += std::string(field.name) + "=" + std::string(field.value) + ";";
  return result;
}

TEST(FieldEdits, remove_set_and_add) {
  config::FieldEdits edits;
  edits.remove = {"server", "Nothing"};
  edits.set = {{"front-end-https", text("On")}, {"X-Two", text("3")}, {"X-Client", text("<${client.address}>")}};
  edits.add = {{"X-Two", text("4")}};
  EXPECT_EQ(edited(edits), "Front-End-Https=On;X-Two=3;X-Client=<192.0.2.1>;X-Two=4;");
}

TEST(FieldEdits, leave_no_field_for_a_value_that_is_not_there) {
  config::FieldEdits edits;
  edits.set = {{"X-Two", text("${tls.sni}")}, {"Empty", text("")}};
  edits.add = {{"X-None", text("${tls.sni}")}};
  EXPECT_EQ(edited(edits), "Front-End-Https=Off;Server=old;Empty=;");
}

TEST(FieldEdits, let_no_value_make_a_second_field) {
  config::FieldEdits edits;
  edits.remove = {"Front-End-Https", "X-Two", "Server"};
  edits.set = {{"X-Subject", text("${tls.client.subject}")}};
  EXPECT_EQ(edited(edits), "X-Subject=CN=a  X-Evil: 1;");
}

TEST(FieldEdits, refuse_what_no_field_can_hold) {
  config::FieldEdits edits;
  edits.remove = {"Content-Length"};
  edits.set = {{"X-Two", text("a\nX-Evil: 1")}, {"X-Three", text("${nonsense}")}, {"not a name", text("a")}};
  std::vector<FieldEdit> out;
  std::vector<config::Finding> findings;
  compile_edits(edits, {}, out, findings);
  EXPECT_TRUE(out.empty());
  ASSERT_EQ(findings.size(), 4u);
  EXPECT_EQ(findings[1].message, "a field value cannot hold control characters");
  EXPECT_EQ(findings[2].message, "`${nonsense}` is not a value that exists");
}

}  // namespace
}  // namespace sp::policy
