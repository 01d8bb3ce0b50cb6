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

// By what the header says, from a header that may say nothing.
class Said final : public Variables {
 public:
  explicit Said(std::string_view authority) : authority_(authority) {}
  std::string_view value(Variable variable, std::string_view argument, Arena&) const override {
    return variable == Variable::proxy && argument == "authority" ? authority_ : std::string_view();
  }

 private:
  std::string_view authority_;
};

TEST(Access, goes_by_the_proxy_header_too) {
  using Rules = std::vector<std::string_view>;
  struct Row {
    Rules allow, deny;
    std::string_view authority;
    bool allowed;
    std::string_view reason;
  };
  constexpr std::string_view mail = "${proxy.authority} = mail.test", all = "${proxy.authority} = *.test";
  const Row rows[] = {
      {{mail}, {}, "mail.test", true, "192.0.2.7 is allowed by ${proxy.authority} = mail.test (f:1)"},
      {{mail}, {}, "", false, "192.0.2.7 is not in `allow`, which begins with ${proxy.authority} = mail.test (f:1)"},
      {{mail, "10.0.0.0/8"}, {}, "x.test", false, "192.0.2.7 is not in `allow`, which begins with 10.0.0.0/8 (f:1)"},
      {{mail, "192.0.2.0/24"}, {}, "", true, "192.0.2.7 is allowed by 192.0.2.0/24 (f:1)"},
      {{}, {mail}, "mail.test", false, "192.0.2.7 is denied by ${proxy.authority} = mail.test (f:2)"},
      {{}, {mail}, "", true, "192.0.2.7 is allowed: no `deny` holds it"},
      {{"192.0.2.7"}, {all}, "MAIL.test.", false, "192.0.2.7 is denied by ${proxy.authority} = *.test (f:2)"},
      {{mail}, {"192.0.2.0/24"}, "mail.test", false, "192.0.2.7 is denied by 192.0.2.0/24 (f:2)"},
  };
  for (const Row& row : rows) {
    auto site = testing::site({"*"}, {testing::route("/", "http://h")});
    for (std::string_view rule : row.allow) site.allow.push_back({.value = std::string(rule), .place = {"f", 1, 1}});
    for (std::string_view rule : row.deny) site.deny.push_back({.value = std::string(rule), .place = {"f", 2, 1}});
    auto policy = testing::compiled({site});
    ASSERT_TRUE(policy);
    const IpAddress address = *IpAddress::parse("192.0.2.7");
    const AccessList& access = policy->inbounds[0]->sites[0]->routes[0].access;
    Arena arena;
    const Decision decision = decide(access, address, Said(row.authority), arena);
    EXPECT_EQ(decision.allowed, row.allowed) << row.reason;
    EXPECT_EQ(decision.reason(address), row.reason);
    if (row.authority.empty()) EXPECT_EQ(decide(access, address).allowed, row.allowed);
  }
}

}  // namespace
}  // namespace sp::policy
