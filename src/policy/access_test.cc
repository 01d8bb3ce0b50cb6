#include "policy/access.h"

#include <gtest/gtest.h>

#include "policy/testing.h"

namespace sp::policy {
namespace {

TEST(Access, decides_and_says_why) {
  using Rules = std::vector<std::string_view>;
  struct Row {
    Rules allow, deny;
    std::string_view address;
    bool allowed;
    std::string_view reason;
  };
  const Row rows[] = {
      {{}, {}, "192.0.2.7", true, "192.0.2.7 is allowed: there are no address rules"},
      {{}, {"10.0.0.0/8"}, "192.0.2.7", true, "192.0.2.7 is allowed: no `deny` holds it"},
      {{}, {"10.0.0.0/8"}, "10.1.2.3", false, "10.1.2.3 is denied by 10.0.0.0/8 (f:2)"},
      {{"10.0.0.0/8"}, {}, "10.1.2.3", true, "10.1.2.3 is allowed by 10.0.0.0/8 (f:1)"},
      {{"10.0.0.0/8", "::1"},
       {},
       "192.0.2.7",
       false,
       "192.0.2.7 is not in `allow`, which begins with 10.0.0.0/8 (f:1)"},
      {{"10.0.0.0/8", "::1"}, {}, "::1", true, "::1 is allowed by ::1 (f:1)"},
      {{"10.0.0.0/8"}, {"10.1.0.0/16"}, "10.1.2.3", false, "10.1.2.3 is denied by 10.1.0.0/16 (f:2)"},
      {{"10.1.0.0/16"}, {"10.0.0.0/8"}, "10.1.2.3", false, "10.1.2.3 is denied by 10.0.0.0/8 (f:2)"},
      {{"2001:db8::/32"}, {}, "2001:db8::7", true, "2001:db8::7 is allowed by 2001:db8::/32 (f:1)"},
      {{"10.0.0.0/8"}, {}, "::ffff:10.1.2.3", true, "10.1.2.3 is allowed by 10.0.0.0/8 (f:1)"},
  };
  for (const Row& row : rows) {
    auto site = testing::site({"*"}, {testing::route("/", "http://h")});
    for (std::string_view rule : row.allow) site.allow.push_back({.value = std::string(rule), .place = {"f", 1, 1}});
    for (std::string_view rule : row.deny) site.deny.push_back({.value = std::string(rule), .place = {"f", 2, 1}});
    auto policy = testing::compiled({site});
    ASSERT_TRUE(policy);
    const IpAddress address = *IpAddress::parse(row.address);
    const Decision decision = decide(policy->inbounds[0]->sites[0]->routes[0].access, address);
    EXPECT_EQ(decision.allowed, row.allowed) << row.reason;
    EXPECT_EQ(decision.reason(address), row.reason);
  }
}

}  // namespace
}  // namespace sp::policy
