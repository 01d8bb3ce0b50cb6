#include "policy/outbound_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sp::policy {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono;
using Kind = OutboundRequest::Kind;
using Effect = OutboundRule::Effect;

constexpr sys_seconds monday_noon = sys_days(2026y / November / 30) + 12h;

OutboundRule allow(std::vector<std::string> destinations, OutboundRule rule = {}) {
  rule.effect = Effect::allow;
  rule.destinations = std::move(destinations);
  return rule;
}
OutboundRule deny(std::vector<std::string> destinations, OutboundRule rule = {}) {
  rule.effect = Effect::deny;
  rule.destinations = std::move(destinations);
  return rule;
}

OutboundRules compiled(std::vector<OutboundRule> rules, const std::vector<std::string>& private_networks = {}) {
  std::vector<config::Network> networks;
  networks.reserve(private_networks.size());
  for (const std::string& text : private_networks) networks.push_back(config::parse_network(text).value());
  auto result = OutboundRules::compile(std::move(rules), std::move(networks));
  if (result) return *std::move(result);
  for (const RuleProblem& problem : result.error()) ADD_FAILURE() << problem.problem.message;
  return {};
}

OutboundRequest tunnel_to(std::string_view host, std::uint16_t port = 443) {
  return {.kind = Kind::tunnel, .host = read_host(host).value(), .port = port, .client = IpAddress::loopback4()};
}
OutboundRequest plain_to(std::string_view host, std::uint16_t port = 80) {
  OutboundRequest request = tunnel_to(host, port);
  request.kind = Kind::plain;
  request.method = "GET";
  request.path = "/";
  return request;
}

// "allow 0", "deny 1", "special 0", "addresses", "-".
std::string shown(const OutboundDecision& decision) {
  using enum OutboundDecision::Verdict;
  const std::string rule = decision.rule ? " " + std::to_string(*decision.rule) : "";
  switch (decision.verdict) {
    case allow: return "allow" + rule;
    case deny: return "deny" + rule;
    case special_address: return "special" + rule;
    case needs_addresses: return "addresses";
    case no_match: return "-";
  }
  return "?";
}
std::string decided(const OutboundRules& rules, const OutboundRequest& request, sys_seconds now = monday_noon) {
  return shown(rules.decide(request, now));
}
std::string judged(const OutboundRules& rules, const OutboundRequest& request, std::string_view address) {
  return shown(rules.judge_address(request, *IpAddress::parse(address), monday_noon));
}

TEST(OutboundRules, the_first_that_matches_decides_and_no_match_is_none) {
  const auto rules =
      compiled({deny({"evil.example.com"}), allow({".example.com", "example.org:8443"}), deny({"*"}), allow({"*"})});
  EXPECT_EQ(decided(rules, tunnel_to("www.example.com")), "allow 1");
  EXPECT_EQ(decided(rules, tunnel_to("WWW.Example.com.")), "allow 1");
  EXPECT_EQ(decided(rules, tunnel_to("evil.example.com")), "deny 0");
  EXPECT_EQ(decided(rules, tunnel_to("x.evil.example.com")), "deny 0");
  EXPECT_EQ(decided(rules, tunnel_to("example.com")), "deny 2");
  EXPECT_EQ(decided(rules, tunnel_to("example.org", 8443)), "allow 1");
  EXPECT_EQ(decided(rules, tunnel_to("example.org", 443)), "deny 2");
  EXPECT_EQ(rules.decide(tunnel_to("example.org", 8443), monday_noon).pattern, 1u);
  EXPECT_EQ(decided(compiled({allow({"example.com"})}), tunnel_to("example.net")), "-");
  EXPECT_EQ(decided(OutboundRules(), tunnel_to("example.net")), "-");
}

TEST(OutboundRules, ports) {
  const auto by_kind = compiled({allow({"a.example", "b.example:8080"})});
  EXPECT_EQ(decided(by_kind, tunnel_to("a.example", 443)), "allow 0");
  EXPECT_EQ(decided(by_kind, tunnel_to("a.example", 80)), "-");
  EXPECT_EQ(decided(by_kind, plain_to("a.example", 80)), "allow 0");
  EXPECT_EQ(decided(by_kind, plain_to("a.example", 443)), "-");
  EXPECT_EQ(decided(by_kind, tunnel_to("b.example", 8080)), "allow 0");
  EXPECT_EQ(decided(by_kind, plain_to("b.example", 8080)), "allow 0");
  EXPECT_EQ(decided(by_kind, tunnel_to("b.example", 443)), "-");
  const auto listed = compiled({allow({"a.example", "b.example:22"}, {.ports = {"443", "8000-8999"}})});
  EXPECT_EQ(decided(listed, tunnel_to("a.example", 443)), "allow 0");
  EXPECT_EQ(decided(listed, plain_to("a.example", 8000)), "allow 0");
  EXPECT_EQ(decided(listed, tunnel_to("a.example", 8999)), "allow 0");
  EXPECT_EQ(decided(listed, tunnel_to("a.example", 9000)), "-");
  EXPECT_EQ(decided(listed, plain_to("a.example", 80)), "-");
  EXPECT_EQ(decided(listed, tunnel_to("b.example", 22)), "allow 0");
  EXPECT_EQ(decided(listed, tunnel_to("b.example", 443)), "-");
  // What is denied is denied on every port.
  const auto denied = compiled({deny({"a.example"}), allow({"*"}, {.ports = {"1-65535"}})});
  EXPECT_EQ(decided(denied, tunnel_to("a.example", 22)), "deny 0");
  EXPECT_EQ(decided(denied, tunnel_to("b.example", 22)), "allow 1");
  // A tunnel that is opened may hold either, and so may what comes out of it.
  for (const Kind kind : {Kind::tunnel_to_inspect, Kind::inspected}) {
    for (const std::uint16_t port : {443, 80, 8080}) {
      OutboundRequest inside = plain_to("a.example", port);
      inside.kind = kind;
      EXPECT_EQ(decided(by_kind, inside), port == 8080 ? "-" : "allow 0");
    }
  }
}

TEST(OutboundRules, who_and_from) {
  const auto rules =
      compiled({allow({"a.example"}, {.who = {"mattermost", "gitlab"}}),
                allow({"b.example"}, {.from = {"10.0.0.0/8", "::1"}}), allow({"c.example"}, {.from = {"*"}})});
  OutboundRequest request = tunnel_to("a.example");
  EXPECT_EQ(decided(rules, request), "-");
  for (const auto& [user, verdict] :
       {std::pair("gitlab", "allow 0"), {"mattermost", "allow 0"}, {"Gitlab", "-"}, {"m", "-"}}) {
    request.user = user;
    EXPECT_EQ(decided(rules, request), verdict) << user;
  }
  request = tunnel_to("b.example");
  EXPECT_EQ(decided(rules, request), "-");
  request.client = *IpAddress::parse("10.1.2.3");
  EXPECT_EQ(decided(rules, request), "allow 1");
  request.client = *IpAddress::parse("::1");
  EXPECT_EQ(decided(rules, request), "allow 1");
  EXPECT_EQ(decided(rules, tunnel_to("c.example")), "allow 2");
}

TEST(OutboundRules, until_and_schedule) {
  const auto rules = compiled(
      {allow({"a.example"}, {.until = "2027-01-31"}), allow({"b.example"}, {.schedule = "Mon-Fri 08:00-18:00"})});
  const sys_seconds midnight = sys_days(2027y / February / 1);
  EXPECT_EQ(decided(rules, tunnel_to("a.example"), midnight - 1s), "allow 0");
  EXPECT_EQ(decided(rules, tunnel_to("a.example"), midnight), "-");
  EXPECT_EQ(decided(rules, tunnel_to("b.example"), monday_noon), "allow 1");
  EXPECT_EQ(decided(rules, tunnel_to("b.example"), monday_noon + 7h), "-");
  EXPECT_EQ(decided(rules, tunnel_to("b.example"), monday_noon + days(5)), "-");
}

TEST(OutboundRules, methods_and_paths_where_they_can_be_seen) {
  const auto rules = compiled({deny({"a.example"}, {.methods = {"DELETE"}}),
                               allow({"a.example"}, {.methods = {"GET", "DELETE"}, .paths = {"/api", "/v1/"}})});
  auto plain = [&](std::string_view method, std::string_view path) {
    OutboundRequest request = plain_to("a.example");
    request.method = method;
    request.path = path;
    return decided(rules, request);
  };
  EXPECT_EQ(plain("GET", "/api"), "allow 1");
  EXPECT_EQ(plain("GET", "/api/x"), "allow 1");
  EXPECT_EQ(plain("GET", "/apix"), "-");
  EXPECT_EQ(plain("GET", "/v1/x"), "allow 1");
  EXPECT_EQ(plain("GET", "/v1"), "-");
  EXPECT_EQ(plain("get", "/api"), "-");
  EXPECT_EQ(plain("POST", "/api"), "-");
  EXPECT_EQ(plain("DELETE", "/api"), "deny 0");
}

TEST(OutboundRules, what_a_tunnel_hides) {
  const OutboundRule get{.methods = {"GET"}}, api{.paths = {"/api"}}, connect{.methods = {"CONNECT"}};
  auto of_kind = [](Kind kind, std::string_view method = "GET") {
    OutboundRequest request = tunnel_to("a.example");
    request.kind = kind;
    request.method = method;
    request.path = "/api/x";
    return request;
  };
  for (const OutboundRule& condition : {get, api}) {
    // Closed tunnels: allowed by nothing that cannot be seen, denied by it.
    const auto allowing = compiled({allow({"a.example"}, condition)});
    EXPECT_EQ(decided(allowing, of_kind(Kind::tunnel)), "-");
    EXPECT_EQ(decided(allowing, of_kind(Kind::tunnel_to_inspect)), "allow 0");
    EXPECT_EQ(decided(allowing, of_kind(Kind::inspected)), "allow 0");
    const auto denying = compiled({deny({"a.example"}, condition), allow({"a.example"})});
    EXPECT_EQ(decided(denying, of_kind(Kind::tunnel)), "deny 0");
    EXPECT_EQ(decided(denying, of_kind(Kind::tunnel_to_inspect)), "allow 1");
    EXPECT_EQ(decided(denying, of_kind(Kind::inspected)), "deny 0");
  }
  const auto tunnels = compiled({allow({"a.example"}, connect)});
  EXPECT_EQ(decided(tunnels, of_kind(Kind::tunnel)), "allow 0");
  EXPECT_EQ(decided(tunnels, of_kind(Kind::tunnel_to_inspect)), "allow 0");
  EXPECT_EQ(decided(tunnels, of_kind(Kind::inspected, "POST")), "allow 0");
  EXPECT_EQ(decided(tunnels, plain_to("a.example")), "-");
  const auto no_tunnels = compiled({deny({"a.example"}, connect), allow({"a.example"})});
  EXPECT_EQ(decided(no_tunnels, of_kind(Kind::tunnel_to_inspect)), "deny 0");
  EXPECT_EQ(decided(no_tunnels, plain_to("a.example")), "allow 1");
}

TEST(OutboundRules, addresses_that_are_asked_for) {
  const auto rules =
      compiled({allow({"192.0.2.0/24", "8.8.0.0/16", "10.20.0.0/16"}), deny({"8.0.0.0/8"}), allow({"*"})});
  EXPECT_EQ(decided(rules, tunnel_to("8.8.8.8")), "allow 0");
  EXPECT_EQ(decided(rules, tunnel_to("8.9.8.8")), "deny 1");
  EXPECT_EQ(decided(rules, tunnel_to("9.9.9.9")), "allow 2");
  EXPECT_EQ(decided(rules, tunnel_to("10.20.0.7")), "allow 0");
  EXPECT_EQ(decided(rules, tunnel_to("10.21.0.7")), "special 2");
  EXPECT_EQ(decided(rules, tunnel_to("192.0.2.7")), "allow 0");
  EXPECT_EQ(decided(rules, tunnel_to("[2606:4700::1]")), "allow 2");
  // `*` and networks speak of addresses: what comes later does not undo them.
  EXPECT_EQ(decided(compiled({allow({"*"}), deny({"8.0.0.0/8"})}), tunnel_to("8.8.8.8")), "allow 0");
  EXPECT_EQ(decided(compiled({allow({"0.0.0.0/0"}), deny({"*"})}), tunnel_to("8.8.8.8")), "allow 0");
  EXPECT_EQ(decided(compiled({allow({"0.0.0.0/0"}), deny({"*"})}), tunnel_to("2606:4700::1")), "deny 1");
}

TEST(OutboundRules, names_by_the_networks_that_they_lead_to) {
  const auto rules = compiled({deny({"8.9.0.0/16"}), allow({"8.0.0.0/8"}), allow({".example.com"})});
  const OutboundRequest other = tunnel_to("other.example");
  EXPECT_EQ(decided(rules, other), "addresses");
  EXPECT_EQ(judged(rules, other, "8.8.8.8"), "allow 1");
  EXPECT_EQ(judged(rules, other, "8.9.8.8"), "deny 0");
  EXPECT_EQ(judged(rules, other, "9.9.9.9"), "-");
  // Conditions that do not hold need no address; nor does a name that comes first.
  EXPECT_EQ(decided(rules, tunnel_to("other.example", 22)), "-");
  const auto named_first = compiled({allow({"8.0.0.0/8", ".example.com"}), deny({"9.0.0.0/8"}), allow({"*"})});
  EXPECT_EQ(decided(named_first, tunnel_to("a.example.com")), "allow 0");
  // A network denies a name at its address only.
  const auto denying = compiled({deny({"8.0.0.0/8"}), allow({"*"})});
  EXPECT_EQ(decided(denying, other), "allow 1");
  EXPECT_EQ(judged(denying, other, "8.8.8.8"), "deny 0");
  EXPECT_EQ(judged(denying, other, "9.9.9.9"), "allow 1");
}

TEST(OutboundRules, a_name_that_is_allowed_does_not_vouch_for_its_addresses) {
  const auto rules = compiled({allow({".example.com", "10.20.0.7"}), deny({"8.0.0.0/8", "0.0.0.0/0"}), deny({"*"})});
  const OutboundRequest request = tunnel_to("a.example.com");
  EXPECT_EQ(decided(rules, request), "allow 0");
  EXPECT_EQ(judged(rules, request, "9.9.9.9"), "allow 0");
  EXPECT_EQ(judged(rules, request, "8.8.8.8"), "deny 1");
  EXPECT_EQ(judged(rules, request, "10.20.0.7"), "allow 0");
  EXPECT_EQ(judged(rules, request, "10.20.0.8"), "special 0");
  EXPECT_EQ(judged(rules, request, "64:ff9b::8.8.8.8"), "deny 1");
  EXPECT_EQ(judged(rules, request, "2002:808:808::1"), "deny 1");
  // An exception for an address stands before what denies it, or behind the name.
  const auto excepted = compiled({allow({".example.com"}), allow({"8.8.8.8"}), deny({"8.0.0.0/8"})});
  EXPECT_EQ(judged(excepted, request, "8.8.8.8"), "allow 0");
  EXPECT_EQ(judged(excepted, request, "8.8.8.9"), "deny 2");
}

TEST(OutboundRules, special_addresses_are_refused_unless_they_are_named) {
  const auto rules = compiled({allow({"*"})});
  const OutboundRequest request = tunnel_to("rebound.example");
  for (std::string_view address : {"0.0.0.0",
                                   "0.0.0.1",
                                   "10.0.0.1",
                                   "100.64.0.1",
                                   "100.100.100.200",
                                   "127.0.0.1",
                                   "127.255.255.254",
                                   "168.63.129.16",
                                   "169.254.0.1",
                                   "169.254.169.254",
                                   "172.16.0.1",
                                   "172.31.255.254",
                                   "192.0.0.1",
                                   "192.0.2.1",
                                   "192.88.99.1",
                                   "192.168.0.1",
                                   "198.18.0.1",
                                   "198.51.100.1",
                                   "203.0.113.1",
                                   "224.0.0.1",
                                   "239.255.255.250",
                                   "240.0.0.1",
                                   "255.255.255.255",
                                   "::",
                                   "::1",
                                   "::7f00:1",
                                   "::10.0.0.1",
                                   "::ffff:127.0.0.1",
                                   "::ffff:a00:1",
                                   "::ffff:0:127.0.0.1",
                                   "64:ff9b::7f00:1",
                                   "64:ff9b::8.8.8.8",
                                   "64:ff9b:1::10.0.0.1",
                                   "64:ff9b:1:a00:0:100::",
                                   "100::1",
                                   "2001::1",
                                   "2001:0:808:808::f5ff:fffe",
                                   "2001:2::1",
                                   "2001:10::1",
                                   "2001:20::1",
                                   "2001:db8::1",
                                   "2002:7f00:1::",
                                   "2002:808:808::",
                                   "2606:4700::5efe:10.0.0.1",
                                   "2606:4700::200:5efe:7f00:1",
                                   "3fff::1",
                                   "4000::1",
                                   "5f00::1",
                                   "fc00::1",
                                   "fd00::1",
                                   "fd00:ec2::254",
                                   "fd20:ce::254",
                                   "fe80::1",
                                   "fe80::a9fe:a9fe",
                                   "fec0::1",
                                   "ff02::1",
                                   "ff0e::1"}) {
    EXPECT_EQ(judged(rules, request, address), "special 0") << address;
    EXPECT_EQ(decided(rules, tunnel_to(address)), "special 0") << address;
  }
  for (std::string_view address : {"8.8.8.8", "9.255.255.255", "172.32.0.1", "2606:4700::1", "2a00::1"}) {
    EXPECT_EQ(judged(rules, request, address), "allow 0") << address;
  }
}

TEST(OutboundRules, what_opens_special_addresses) {
  struct Row {
    std::vector<std::string> allowed, private_networks;
    std::string_view address;
    bool open;
  };
  const Row rows[] = {
      {{"*"}, {"10.20.0.0/16"}, "10.20.0.1", true},
      {{"*"}, {"10.20.0.0/16"}, "10.21.0.1", false},
      {{"*"}, {"*"}, "10.21.0.1", true},
      {{"*"}, {"0.0.0.0/0"}, "127.0.0.1", true},
      {{"*"}, {"0.0.0.0/0"}, "::1", false},
      {{"*", "10.0.0.0/8"}, {}, "10.20.0.1", true},
      {{"*", "10.20.0.1"}, {}, "10.20.0.1", true},
      {{"*", "10.20.0.1:443"}, {}, "10.20.0.1", true},
      {{"*", "10.20.0.1:22"}, {}, "10.20.0.1", false},
      {{"*", "10.20.0.2"}, {}, "10.20.0.1", false},
      {{"10.20.0.0/16"}, {}, "10.20.0.1", true},
      // A network that is wider than the block means the internet.
      {{"*", "0.0.0.0/0"}, {}, "10.20.0.1", false},
      {{"0.0.0.0/1"}, {}, "10.20.0.1", false},
      {{"8.0.0.0/6"}, {}, "10.20.0.1", false},
      {{"::/0"}, {}, "fd00::1", false},
      // Metadata services: only by their very address.
      {{"*"}, {"169.254.0.0/16"}, "169.254.169.253", true},
      {{"*"}, {"169.254.0.0/16"}, "169.254.169.254", false},
      {{"*"}, {"*"}, "169.254.169.254", false},
      {{"*"}, {"fc00::/7"}, "fd00:ec2::254", false},
      {{"*"}, {"100.64.0.0/10"}, "100.100.100.200", false},
      {{"*"}, {"169.254.169.254"}, "169.254.169.254", true},
      {{"169.254.0.0/16"}, {}, "169.254.169.254", false},
      {{"*", "169.254.169.254"}, {}, "169.254.169.254", true},
      // What is inside counts for itself.
      {{"*"}, {"64:ff9b::/96"}, "64:ff9b::8.8.8.8", true},
      {{"*"}, {"64:ff9b::/96"}, "64:ff9b::10.0.0.1", false},
      {{"*"}, {"10.0.0.0/8"}, "64:ff9b::10.0.0.1", false},
      {{"*"}, {"64:ff9b::/96", "10.0.0.0/8"}, "64:ff9b::10.0.0.1", true},
      {{"*", "64:ff9b::/96"}, {}, "64:ff9b::10.0.0.1", false},
      {{"*", "64:ff9b::10.0.0.1"}, {}, "64:ff9b::10.0.0.1", true},
      {{"*"}, {"2002::/16"}, "2002:7f00:1::", false},
      {{"*"}, {"10.0.0.0/8"}, "2606:4700::5efe:10.0.0.1", true},
      {{"*"}, {"::ffff:10.0.0.1"}, "10.0.0.1", true},
  };
  for (const Row& row : rows) {
    const auto rules = compiled({allow(row.allowed)}, row.private_networks);
    for (std::string_view host : {std::string_view("name.example"), row.address}) {
      EXPECT_EQ(judged(rules, tunnel_to(host), row.address), row.open ? "allow 0" : "special 0")
          << row.address << " by " << ::testing::PrintToString(row.allowed)
          << ::testing::PrintToString(row.private_networks);
    }
  }
}

TEST(OutboundRules, a_rule_that_is_not_reached_opens_nothing) {
  const auto rules = compiled({allow({"8.0.0.0/5"}), deny({"10.0.0.0/8"}), allow({"*", "10.0.0.0/8"})});
  EXPECT_EQ(judged(rules, tunnel_to("a.example"), "10.0.0.1"), "special 0");
  const auto for_others = compiled({allow({"a.example"}), allow({"10.0.0.0/8"}, {.who = {"admin"}})});
  OutboundRequest request = tunnel_to("a.example");
  EXPECT_EQ(judged(for_others, request, "10.0.0.1"), "special 0");
  request.user = "admin";
  EXPECT_EQ(judged(for_others, request, "10.0.0.1"), "allow 0");
}

TEST(OutboundRules, says_why) {
  const auto rules = compiled({allow({"a.example", "8.8.8.8"}, {.place = "f:1"}), deny({"8.0.0.0/8"}, {.place = "f:2"}),
                               deny({".example"}, {.reason = "ask the operations team", .place = "f:3"})});
  auto name = [&](std::string_view host) {
    const OutboundRequest request = tunnel_to(host);
    return rules.reason(rules.decide(request, monday_noon), request, monday_noon);
  };
  auto address = [&](std::string_view host, std::string_view to) {
    const OutboundRequest request = tunnel_to(host);
    return rules.reason(rules.judge_address(request, *IpAddress::parse(to), monday_noon), request, monday_noon);
  };
  EXPECT_EQ(name("a.example"), "rule 1 (f:1) allows `a.example`");
  EXPECT_EQ(name("b.example"), "the addresses of b.example decide");
  EXPECT_EQ(name("9.9.9.9"), "no rule is for 9.9.9.9:443");
  EXPECT_EQ(name("2606:4700::1"), "no rule is for [2606:4700::1]:443");
  EXPECT_EQ(name("8.7.7.7"), "rule 2 (f:2) denies `8.0.0.0/8`");
  EXPECT_EQ(address("b.example", "9.9.9.9"),
            "b.example leads to 9.9.9.9: rule 3 (f:3) denies `.example`: ask the operations team");
  EXPECT_EQ(address("a.example", "8.7.7.7"), "a.example leads to 8.7.7.7: rule 2 (f:2) denies `8.0.0.0/8`");
  EXPECT_EQ(
      address("a.example", "10.0.0.1"),
      "a.example leads to 10.0.0.1: 10.0.0.1 is in 10.0.0.0/8, private network (RFC 1918): such addresses are of "
      "somebody's own network, not of the internet; to reach it, name it in `private_networks` or in the rule (rule "
      "1 (f:1) allows `a.example`)");
  EXPECT_THAT(address("a.example", "169.254.169.254"), HasSubstr("only where its very address"));
  EXPECT_EQ(address("c.test", "9.9.9.9"), "c.test leads to 9.9.9.9: no rule is for c.test:443");
}

// What no rule matches, the rule that comes nearest says why; and what is to be done is about that rule alone.
TEST(OutboundRules, says_which_rule_comes_nearest) {
  const auto rules = compiled({allow({"a.example"}, {.ports = {"8443"}, .place = "f:1"}),
                               allow({"a.example"}, {.methods = {"GET"}, .paths = {"/pub"}, .place = "f:2"}),
                               allow({"b.example"}, {.until = "2020-01-01", .place = "f:3"}),
                               allow({"c.example"}, {.schedule = "Sat-Sun 08:00-18:00", .place = "f:4"}),
                               allow({"d.example"}, {.who = {"anna"}, .place = "f:5"}),
                               allow({"e.example"}, {.from = {"192.0.2.0/24"}, .place = "f:6"}),
                               allow({"8.8.8.8:53"}, {.place = "f:7"}), deny({"f.example"}, {.place = "f:8"})});
  struct Row {
    std::string_view host;
    Kind kind;
    std::uint16_t port;
    std::string_view method, path, reason, remedy;
  };
  const Row rows[] = {
      {"a.example", Kind::plain, 80, "GET", "/x", "no rule allows a.example:80: rule 2 (f:2) is for other paths",
       "if this path is to be reached, add it to `paths` of rule 2 (f:2)"},
      {"a.example", Kind::plain, 80, "POST", "/pub", "no rule allows a.example:80: rule 2 (f:2) is for other methods",
       "if it is to be reached by this method, add that to `methods` of rule 2 (f:2)"},
      {"a.example", Kind::tunnel, 443, "", "",
       "no rule allows a.example:443: rule 2 (f:2) has methods or paths, which cannot be seen in a tunnel that is not "
       "inspected",
       "with `inspect` requests in tunnels are seen, so that `methods` and `paths` of rule 2 (f:2) hold there"},
      {"a.example", Kind::tunnel, 22, "", "", "no rule allows a.example:22: rule 1 (f:1) is for other ports",
       "if it is to be reached, give rule 1 (f:1) this port"},
      {"b.example", Kind::tunnel, 443, "", "", "no rule allows b.example:443: rule 3 (f:3) has ended (`until`)",
       "if it is still to be reached, give rule 3 (f:3) a later `until`"},
      {"c.example", Kind::tunnel, 443, "", "",
       "no rule allows c.example:443: rule 4 (f:4) is for other hours (`schedule`, in UTC)",
       "if it is to be reached at this time (in UTC), add that to `schedule` of rule 4 (f:4)"},
      {"d.example", Kind::tunnel, 443, "", "", "no rule allows d.example:443: rule 5 (f:5) is for other users",
       "rule 5 (f:5) is for users, and the client has not said who it is: by a password or a certificate"},
      {"e.example", Kind::tunnel, 443, "", "", "no rule allows e.example:443: rule 6 (f:6) is for other clients",
       "if this client is to reach it, add its address to `from` of rule 6 (f:6)"},
      {"8.8.8.8", Kind::tunnel, 443, "", "", "no rule allows 8.8.8.8:443: rule 7 (f:7) is for other ports",
       "if it is to be reached, give rule 7 (f:7) this port"},
      {"f.example", Kind::tunnel, 443, "", "", "rule 8 (f:8) denies `f.example`",
       "if it is to be reached, change rule 8 (f:8), or allow it by a rule before that one"},
      {"g.example", Kind::tunnel, 443, "", "", "no rule is for g.example:443", ""},
  };
  for (const Row& row : rows) {
    OutboundRequest request = tunnel_to(row.host);
    request.kind = row.kind;
    request.port = row.port;
    request.method = row.method;
    request.path = row.path;
    const OutboundDecision decision = rules.decide(request, monday_noon);
    EXPECT_EQ(rules.reason(decision, request, monday_noon), row.reason);
    EXPECT_EQ(rules.remedy(decision, request, monday_noon), row.remedy);
  }
}

// A last rule that denies everything says nothing of what was meant: the rule before it that comes nearest does.
TEST(OutboundRules, what_denies_everything_names_the_rule_before_it) {
  const auto rules = compiled({allow({"hooks.example", ".git.example"}, {.who = {"anna"}, .place = "f:1"}),
                               allow({"*"}, {.who = {"images"}, .place = "f:2"}),
                               deny({"*"}, {.reason = "ask us", .place = "f:3"}), allow({"late.example"})});
  struct Row {
    std::string_view host, user;
    std::uint16_t port;
    std::string_view reason, remedy;
  };
  const Row rows[] = {
      {"hooks.example", "anna", 8443, "rule 3 (f:3) denies `*`: ask us; rule 1 (f:1) before it is for other ports",
       "if it is to be reached, give rule 1 (f:1) this port"},
      {"hooks.example", "ben", 443, "rule 3 (f:3) denies `*`: ask us; rule 1 (f:1) before it is for other users",
       "if this user is to reach it, add him to `who` of rule 1 (f:1)"},
      {"hooks.example", "", 443, "rule 3 (f:3) denies `*`: ask us; rule 1 (f:1) before it is for other users",
       "rule 1 (f:1) is for users, and the client has not said who it is: by a password or a certificate"},
      {"Git.Example", "anna", 443,
       "rule 3 (f:3) denies `*`: ask us; rule 1 (f:1) before it is for what is below that name, and not for itself",
       "if it is to be reached, write it without the dot in rule 1 (f:1): itself and all below it"},
      {"late.example", "anna", 443, "rule 3 (f:3) denies `*`: ask us",
       "if it is to be reached, change rule 3 (f:3), or allow it by a rule before that one"},
  };
  for (const Row& row : rows) {
    OutboundRequest request = tunnel_to(row.host);
    request.user = row.user;
    request.port = row.port;
    const OutboundDecision decision = rules.decide(request, monday_noon);
    EXPECT_EQ(rules.reason(decision, request, monday_noon), row.reason);
    EXPECT_EQ(rules.remedy(decision, request, monday_noon), row.remedy);
  }
  const auto steps = rules.trail(tunnel_to("git.example"), std::nullopt, monday_noon);
  EXPECT_EQ(policy::text(steps.front().miss.value()), "it is for what is below that name, and not for itself");
}

// Who were added to `who` of such a rule could reach everything.
TEST(OutboundRules, a_rule_for_everything_is_no_remedy_for_one_user) {
  const auto rules = compiled(
      {allow({"*"}, {.who = {"images"}, .place = "f:1"}), allow({"a.example"}, {.ports = {"8443"}, .place = "f:2"})});
  const OutboundRequest other = tunnel_to("b.example"), named = tunnel_to("a.example");
  const auto decision = rules.decide(other, monday_noon);
  EXPECT_EQ(rules.reason(decision, other, monday_noon),
            "no rule allows b.example:443: rule 1 (f:1) is for other users");
  EXPECT_EQ(rules.remedy(decision, other, monday_noon), "");
  EXPECT_EQ(rules.remedy(rules.decide(named, monday_noon), named, monday_noon),
            "if it is to be reached, give rule 2 (f:2) this port");
}

// Who allows a name says nothing about where it leads: a rule before would not help.
TEST(OutboundRules, what_denies_an_address_is_to_be_changed_itself) {
  const auto rules = compiled({allow({"a.example"}, {.place = "f:1"}), deny({"8.0.0.0/8"}, {.place = "f:2"})});
  const OutboundRequest request = tunnel_to("a.example");
  const auto decision = rules.judge_address(request, *IpAddress::parse("8.8.8.8"), monday_noon);
  EXPECT_EQ(rules.remedy(decision, request, monday_noon), "if it is to be reached, change rule 2 (f:2)");
}

std::vector<std::optional<RuleMiss>> misses(const std::vector<OutboundRules::Step>& steps) {
  std::vector<std::optional<RuleMiss>> result;
  result.reserve(steps.size());
  for (const auto& step : steps) result.push_back(step.miss);
  return result;
}

TEST(OutboundRules, the_trail_says_what_each_rule_lacked) {
  using enum RuleMiss;
  const auto rules = compiled({allow({"b.example"}), allow({"a.example"}, {.ports = {"22"}}),
                               allow({"a.example"}, {.until = "2020-01-01"}), allow({"a.example"}, {.schedule = "Sun"}),
                               allow({"a.example"}, {.who = {"x"}}), allow({"a.example"}, {.from = {"10.0.0.0/8"}}),
                               allow({"a.example"}, {.methods = {"PUT"}}), allow({"a.example"}, {.paths = {"/x"}}),
                               allow({"8.0.0.0/8"}, {.ports = {"80"}}), deny({"*"}), allow({"*"})});
  const OutboundRequest request = plain_to("a.example");
  EXPECT_THAT(
      misses(rules.trail(request, IpAddress::parse("9.9.9.9"), monday_noon)),
      ::testing::ElementsAre(destination, port, ended, schedule, who, from, method, path, destination, std::nullopt));
  const auto without = misses(rules.trail(request, std::nullopt, monday_noon));
  ASSERT_EQ(without.size(), 11u);  // nothing has decided yet
  EXPECT_EQ(without[8], addresses);
  EXPECT_THAT(
      misses(compiled({allow({"a.example"}, {.paths = {"/x"}})}).trail(tunnel_to("a.example"), {}, monday_noon)),
      ::testing::ElementsAre(hidden));
  for (int miss = 0; miss <= static_cast<int>(later); ++miss) {
    EXPECT_FALSE(text(static_cast<RuleMiss>(miss)).empty()) << miss;
  }
}

// The compiled rules against the plain way: the first rule without a miss.
TEST(OutboundRules, agree_with_their_own_trail) {
  std::mt19937 random(7);
  auto one_of = [&](std::vector<std::string> choices) { return choices[random() % choices.size()]; };
  auto destination = [&] {
    return one_of({"a.test", ".a.test", "b.a.test", "test", "8.0.0.0/8", "8.1.0.0/16", "8.1.1.1", "*", "0.0.0.0/0",
                   "2600::/16", "a.test:22"});
  };
  for (int round = 0; round < 3000; ++round) {
    std::vector<OutboundRule> written;
    for (unsigned n = random() % 6; n > 0; --n) {
      OutboundRule rule;
      rule.effect = random() % 2 != 0 ? Effect::allow : Effect::deny;
      for (unsigned i = 1 + random() % 3; i > 0; --i) rule.destinations.push_back(destination());
      if (random() % 3 == 0) rule.who = {"u"};
      if (random() % 3 == 0) rule.ports = {"22-443"};
      written.push_back(std::move(rule));
    }
    const auto rules = compiled(written);
    for (int i = 0; i < 8; ++i) {
      const std::string host = one_of({"a.test", "b.a.test", "x.b.a.test", "c.test", "8.1.1.1", "8.1.2.1", "8.2.2.2"});
      OutboundRequest request = tunnel_to(host, random() % 2 != 0 ? 443 : 22);
      request.user = random() % 2 != 0 ? "u" : "";
      const auto address = request.host.address
                               ? *request.host.address
                               : *IpAddress::parse(one_of({"8.1.1.1", "8.2.2.2", "9.9.9.9", "2600::1"}));
      const OutboundDecision decision = rules.judge_address(request, address, monday_noon);
      const auto trail = rules.trail(request, address, monday_noon);
      const auto first = std::ranges::find_if(trail, [](const auto& step) { return !step.miss; });
      ASSERT_EQ(first == trail.end(), !decision.rule) << host;
      if (!decision.rule || first->rule == *decision.rule) continue;
      // A name was allowed, and a network further on denies the address.
      ASSERT_EQ(decision.verdict, OutboundDecision::Verdict::deny);
      ASSERT_EQ(rules.rule(first->rule).effect, Effect::allow);
      ASSERT_FALSE(request.host.address);
      ASSERT_EQ(trail.back().miss, std::nullopt);
      ASSERT_EQ(decision.pattern.has_value(), true);
    }
  }
}

// What decide() refuses for a name, no address makes good; so that no name is looked up in vain or let through.
TEST(OutboundRules, the_two_judgements_of_a_name_agree) {
  std::mt19937 random(8);
  const std::vector<std::string> destinations = {"a.test", ".test", "8.0.0.0/8", "9.0.0.0/8", "*", "0.0.0.0/0"};
  for (int round = 0; round < 2000; ++round) {
    std::vector<OutboundRule> written;
    for (unsigned n = random() % 5; n > 0; --n) {
      OutboundRule rule = allow({destinations[random() % destinations.size()]});
      if (random() % 2 != 0) rule.effect = Effect::deny;
      written.push_back(std::move(rule));
    }
    const auto rules = compiled(written);
    const OutboundRequest request = tunnel_to(random() % 2 != 0 ? "a.test" : "b.test");
    const auto by_name = rules.decide(request, monday_noon);
    for (std::string_view address : {"8.1.1.1", "9.9.9.9", "11.1.1.1"}) {
      const auto by_address = rules.judge_address(request, *IpAddress::parse(address), monday_noon);
      using enum OutboundDecision::Verdict;
      if (by_name.verdict == deny || by_name.verdict == no_match) ASSERT_FALSE(by_address.allowed()) << address;
    }
  }
}

TEST(OutboundRules, a_hundred_thousand_rules_are_not_gone_through) {
  std::vector<OutboundRule> written;
  for (int i = 0; i < 100'000; ++i) {
    const std::string number = std::to_string(i);
    written.push_back(i % 2 != 0 ? allow({"host" + number + ".example"})
                                 : allow({"20." + std::to_string(i / 256 % 256) + "." + std::to_string(i % 256) + "." +
                                          std::to_string(i / 65536)}));
  }
  written.push_back(deny({"*"}));
  const auto rules = compiled(written);
  EXPECT_EQ(decided(rules, tunnel_to("20.1.0.0")), "allow 256");
  EXPECT_EQ(judged(rules, tunnel_to("host99999.example"), "9.9.9.9"), "allow 99999");
  EXPECT_EQ(decided(rules, tunnel_to("host.example", 22)), "deny 100000");
}

TEST(OutboundRules, tell_all_that_is_wrong_at_once) {
  using Key = RuleProblem::Key;
  OutboundRule rule;
  rule.destinations = {"a.example", "http://b.example"};
  rule.who = {"*", ""};
  rule.from = {"10.0.0.1/8"};
  rule.ports = {"443", "0", "99999", "20-10", "http", "1-", "-5"};
  rule.methods = {"get", "*", "G T", "CONNECT"};
  rule.paths = {"/ok", "api", "/x*", "/a?b", "/a//b", "/%00"};
  rule.until = "soon";
  rule.schedule = "daily";
  const auto made = OutboundRules::compile({allow({"ok.example"}), rule});
  ASSERT_FALSE(made);
  std::vector<std::pair<Key, std::size_t>> met;
  for (const RuleProblem& problem : made.error()) {
    EXPECT_EQ(problem.rule, 1u);
    EXPECT_FALSE(problem.problem.message.empty() || problem.problem.remedy.empty());
    met.emplace_back(problem.key, problem.item);
  }
  using P = std::pair<Key, std::size_t>;
  EXPECT_THAT(met, ::testing::ElementsAre(P{Key::destinations, 1}, P{Key::from, 0}, P{Key::ports, 1}, P{Key::ports, 2},
                                          P{Key::ports, 3}, P{Key::ports, 4}, P{Key::ports, 5}, P{Key::ports, 6},
                                          P{Key::who, 0}, P{Key::who, 1}, P{Key::methods, 0}, P{Key::methods, 1},
                                          P{Key::methods, 2}, P{Key::methods, 3}, P{Key::paths, 1}, P{Key::paths, 2},
                                          P{Key::paths, 3}, P{Key::paths, 4}, P{Key::paths, 5}, P{Key::until, 0},
                                          P{Key::schedule, 0}));
}

TEST(OutboundRules, what_is_denied_is_denied_however_a_server_may_read_it) {
  const auto rules = compiled({deny({"a.example"}, {.methods = {"POST"}, .paths = {"/admin"}}),
                               deny({"a.example"}, {.methods = {"DELETE"}}),
                               allow({"a.example"}, {.methods = {"GET", "POST"}, .paths = {"/admin", "/api"}})});
  const auto asked = [&](std::string_view method, std::string_view path) {
    OutboundRequest request = plain_to("a.example");
    request.method = method;
    request.path = path;
    return decided(rules, request);
  };
  for (const std::string_view path : {"/admin", "/admin/x", "/admin;v/x", "/admin%2Fx", "/;x/admin", "/%2Fadmin"}) {
    EXPECT_EQ(asked("POST", path), "deny 0") << path;
    EXPECT_EQ(asked("post", path), "deny 0") << path;
  }
  EXPECT_EQ(asked("delete", "/api"), "deny 1");
  // What is allowed is what is written.
  EXPECT_EQ(asked("GET", "/api/a%2Fb;c"), "allow 2");
  EXPECT_EQ(asked("GET", "/api%2Fx"), "-");
  EXPECT_EQ(asked("GET", "/api;x"), "-");
  EXPECT_EQ(asked("get", "/api"), "-");
}

}  // namespace
}  // namespace sp::policy
