#include "policy/inspect.h"

#include <gtest/gtest.h>

namespace sp::policy {
namespace {

struct Row {
  std::vector<config::Text> only, except;
  std::string_view host;
  std::uint16_t port;
  bool opens, may_open;
};

TEST(Inspect, opens_what_is_listed_or_what_is_not) {
  const std::vector<config::Text> listed{{"example.com", {}}, {".example.net:8443", {}}, {"192.0.2.0/24", {}}};
  const std::vector<Row> rows{
      {{}, {}, "anything.test", 443, true, true},
      {listed, {}, "example.com", 443, true, true},
      {listed, {}, "WWW.example.com.", 8443, true, true},
      {listed, {}, "a.example.net", 443, false, false},
      {listed, {}, "a.example.net", 8443, true, true},
      {listed, {}, "example.org", 443, false, false},
      {listed, {}, "192.0.2.7", 443, true, true},
      {listed, {}, "198.51.100.7", 443, false, true},  // TLS may ask for a name that is listed
      {{}, listed, "example.com", 443, false, false},
      {{}, listed, "example.org", 443, true, true},
      {{}, listed, "192.0.2.7", 443, false, false},
      {{}, listed, "198.51.100.7", 443, true, true},
  };
  for (const Row& row : rows) {
    config::InspectConfig config;
    config.only = row.only;
    config.except = row.except;
    std::vector<config::Finding> findings;
    const auto made = compile_inspect(config, findings);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->opens(*read_host(row.host), row.port), row.opens) << row.host << ":" << row.port;
    EXPECT_EQ(made->may_open(*read_host(row.host), row.port), row.may_open) << row.host << ":" << row.port;
  }
}

TEST(Inspect, says_what_is_no_destination) {
  config::InspectConfig config;
  config.only = {{"https://example.com/", {}}, {"127.1", {}}};
  std::vector<config::Finding> findings;
  EXPECT_FALSE(compile_inspect(config, findings));
  EXPECT_EQ(findings.size(), 2u);
}

}  // namespace
}  // namespace sp::policy
