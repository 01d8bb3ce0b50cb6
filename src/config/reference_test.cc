#include "config/reference.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "config/describe.h"

namespace sp::config {
namespace {

TEST(Describe, holds_every_section_once_and_its_keys_once) {
  std::set<std::string_view> names;
  for (const SectionInfo& section : describe()) {
    EXPECT_TRUE(names.insert(section.name).second) << section.name;
    EXPECT_FALSE(section.doc.empty()) << section.name;
    std::set<std::string_view> keys;
    for (const KeyInfo& key : section.keys) {
      EXPECT_TRUE(keys.insert(key.key).second) << key.key;
      EXPECT_TRUE(key.doc.ends_with('.')) << section.name << "." << key.key;
      if (key.type.kind == TypeInfo::Kind::section)
        EXPECT_NE(find_section(key.type.section), nullptr) << key.type.section;
    }
  }
  EXPECT_EQ(describe().front().name, "configuration");
  EXPECT_GE(names.size(), 18u);
}

const KeyInfo& key_of(std::string_view section, std::string_view key) {
  static const KeyInfo none{};
  for (const KeyInfo& info : find_section(section)->keys) {
    if (info.key == key) return info;
  }
  return none;
}

TEST(Describe, knows_types_and_defaults) {
  EXPECT_EQ(key_of("timeouts", "connect").default_text, "3s");
  EXPECT_EQ(key_of("timeouts", "min_rate").default_text, "100B/s");
  EXPECT_EQ(key_of("other timeouts", "connect").default_text, "");
  EXPECT_EQ(key_of("runtime", "workers").default_text, "auto");
  EXPECT_EQ(key_of("share", "bytes").default_text, "off");
  EXPECT_EQ(key_of("share", "rate").default_text, "off");
  EXPECT_EQ(key_of("limits", "connections_per_address").default_text, "off");
  EXPECT_EQ(key_of("runtime", "workers").type.bounds, "1 to 1024");
  EXPECT_EQ(key_of("upstream", "balance").default_text, "least_requests");
  EXPECT_EQ(key_of("route", "upgrades").default_text, "websocket");
  EXPECT_EQ(key_of("site", "https_redirect").default_text, "on");
  EXPECT_TRUE(key_of("certificate", "cert").required);
  EXPECT_EQ(key_of("field edits", "set").type.many, TypeInfo::Many::map);
}

TEST(Reference, has_every_key_and_none_of_later_versions) {
  const std::string page = reference();
  for (const SectionInfo& section : describe()) {
    EXPECT_NE(page.find("\n## " + std::string(section.name) + "\n"), std::string::npos) << section.name;
    for (const KeyInfo& key : section.keys)
      EXPECT_NE(page.find("| `" + std::string(key.key) + "` |"), std::string::npos) << key.key;
  }
  for (const char* later : {"`acme`", "`state`", "`sticky`"}) {
    EXPECT_EQ(page.find(later), std::string::npos) << later;
  }
  for (const char* part : {"`${client.address}`", "`${proxy.authority}`", "`${proxy.0xNN}`",
                           "| `rate_per_address` | rate of events, or `off` | `off` |"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
}

void check_references(const nlohmann::json& node, const nlohmann::json& root) {
  if (node.is_object() && node.contains("$ref")) {
    const std::string target = node["$ref"];
    ASSERT_TRUE(target.starts_with("#/$defs/")) << target;
    EXPECT_TRUE(root["$defs"].contains(target.substr(8))) << target;
  }
  for (const auto& child : node) {
    if (child.is_structured()) check_references(child, root);
  }
}

TEST(JsonSchema, is_whole) {
  const auto schema = nlohmann::json::parse(json_schema());
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_TRUE(schema["properties"].contains("inbound"));
  EXPECT_TRUE(schema["properties"].contains("include"));
  EXPECT_EQ(schema["$defs"].size(), describe().size() - 1 + 2);
  check_references(schema, schema);
  const auto& rate = schema["$defs"]["limits"]["properties"]["rate_per_address"];
  EXPECT_NE(rate.dump().find("^[1-9][0-9]*/[smh]$"), std::string::npos) << rate.dump();
  EXPECT_NE(rate.dump().find("off"), std::string::npos) << rate.dump();
  for (const char* key : {"to", "ports", "sni", "alpn", "send_proxy", "accept_proxy", "starttls", "xclient"})
    EXPECT_TRUE(schema["$defs"]["inbound entry"]["properties"].contains(key)) << key;
}

}  // namespace
}  // namespace sp::config
