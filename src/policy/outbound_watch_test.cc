// Rules that only watch: what they let pass, what they say of it, and what is refused all the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/outbound_rules.h"

namespace sp::policy {
namespace {

using ::testing::HasSubstr;
using Verdict = OutboundDecision::Verdict;

constexpr OutboundRules::Now now{};

OutboundRules watching() {
  OutboundRule deny;
  deny.effect = OutboundRule::Effect::deny;
  deny.destinations = {"bad.example.com", "1.2.3.0/24"};
  deny.reason = "ask";
  OutboundRule allow;
  allow.destinations = {"example.com", "10.9.0.1"};
  auto made = OutboundRules::compile({deny, allow}, {config::parse_network("10.8.0.0/16").value()});
  made->only_watch();
  return *std::move(made);
}

OutboundRequest tunnel_to(std::string_view host) {
  return {.kind = OutboundRequest::Kind::tunnel, .host = read_host(host).value(), .port = 443, .client = {}};
}

TEST(OutboundWatch, what_a_name_leads_to) {
  struct Row {
    const char* host;
    const char* address;
    bool allowed, watched;
    Verdict verdict;
  };
  const OutboundRules rules = watching();
  for (const Row& row : {
           Row{"good.example.com", "8.8.8.8", true, false, Verdict::allow},
           Row{"bad.example.com", "8.8.8.8", true, true, Verdict::deny},
           Row{"other.net", "8.8.8.8", true, true, Verdict::no_match},
           Row{"good.example.com", "1.2.3.4", true, true, Verdict::deny},
           // Special addresses are refused, whether a rule allows the name or not.
           Row{"good.example.com", "10.0.0.1", false, false, Verdict::special_address},
           Row{"bad.example.com", "10.0.0.1", false, false, Verdict::special_address},
           Row{"other.net", "127.0.0.1", false, false, Verdict::special_address},
           Row{"other.net", "169.254.169.254", false, false, Verdict::special_address},
           Row{"other.net", "::ffff:10.0.0.1", false, false, Verdict::special_address},
           Row{"other.net", "64:ff9b::a00:1", false, false, Verdict::special_address},
           // `private_networks` opens them; a rule that names one does so for itself alone.
           Row{"other.net", "10.8.1.1", true, true, Verdict::no_match},
           Row{"10.9.0.1", "10.9.0.1", true, false, Verdict::allow},
           Row{"other.net", "10.9.0.1", true, false, Verdict::allow},
           Row{"10.9.0.2", "10.9.0.2", false, false, Verdict::special_address},
           Row{"8.8.8.8", "8.8.8.8", true, true, Verdict::no_match},
       }) {
    const OutboundDecision decision = rules.judge_address(tunnel_to(row.host), *IpAddress::parse(row.address), now);
    EXPECT_EQ(decision.allowed(), row.allowed) << row.host << " " << row.address;
    EXPECT_EQ(decision.watched, row.watched) << row.host << " " << row.address;
    EXPECT_EQ(decision.verdict, row.verdict) << row.host << " " << row.address;
  }
}

TEST(OutboundWatch, names_are_let_to_the_name_server) {
  const OutboundRules rules = watching();
  const OutboundDecision bad = rules.decide(tunnel_to("bad.example.com"), now);
  EXPECT_TRUE(bad.allowed());
  EXPECT_TRUE(bad.watched);
  EXPECT_FALSE(rules.decide(tunnel_to("10.0.0.1"), now).allowed());
}

TEST(OutboundWatch, the_reason_is_that_of_the_rule_and_not_that_it_passes) {
  const OutboundRules rules = watching();
  const OutboundRequest bad = tunnel_to("bad.example.com");
  EXPECT_THAT(rules.reason(rules.decide(bad, now), bad, now), HasSubstr("rule 1 denies `bad.example.com`: ask"));
  const OutboundRequest other = tunnel_to("other.net");
  EXPECT_THAT(rules.reason(rules.judge_address(other, *IpAddress::parse("8.8.8.8"), now), other, now),
              HasSubstr("no rule is for other.net:443"));
  const std::string special = rules.reason(rules.judge_address(other, *IpAddress::parse("10.0.0.1"), now), other, now);
  EXPECT_THAT(special, HasSubstr("10.0.0.0/8"));
  EXPECT_THAT(special, HasSubstr("private_networks"));
}

TEST(OutboundWatch, rules_that_enforce_let_nothing_pass) {
  auto rules = OutboundRules::compile({});
  EXPECT_FALSE(rules->decide(tunnel_to("other.net"), now).allowed());
  EXPECT_FALSE(rules->judge_address(tunnel_to("other.net"), *IpAddress::parse("8.8.8.8"), now).allowed());
}

}  // namespace
}  // namespace sp::policy
