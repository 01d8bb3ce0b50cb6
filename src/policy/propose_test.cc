#include "policy/propose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <random>

#include "policy/replay.h"

namespace sp::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Kind = OutboundRequest::Kind;
using Verdict = Observed::Verdict;
using Why = Left::Why;

constexpr const char* list = R"(// ===BEGIN ICANN DOMAINS===
com
net
org
io
co.uk
uk
// ===END ICANN DOMAINS===
// ===BEGIN PRIVATE DOMAINS===
github.io
cloudfront.net
s3.amazonaws.com
// ===END PRIVATE DOMAINS===
)";

const PublicSuffixes& suffixes() {
  static const auto parsed = PublicSuffixes::parse(list);
  return *parsed;
}

// Seen often, on two days, and let pass although no rule allows it.
std::vector<Observed> often(std::string_view host, std::uint16_t port = 443, std::string_view user = {},
                            Kind kind = Kind::tunnel) {
  Observed seen;
  seen.user = user;
  seen.host = host;
  seen.port = port;
  seen.kind = kind;
  seen.verdict = Verdict::would_refuse;
  seen.client = IpAddress::loopback4();
  seen.count = seen.reached = 5;
  seen.day = 20000;
  seen.last = std::chrono::sys_days(std::chrono::days(20000));
  seen.address = "8.8.8.8";
  std::vector<Observed> both{seen, seen};
  both[1].day = 20001;
  both[1].last += std::chrono::days(1);
  return both;
}
std::vector<Observed> all_of(std::initializer_list<std::vector<Observed>> lists) {
  std::vector<Observed> all;
  for (const auto& each : lists) all.insert(all.end(), each.begin(), each.end());
  return all;
}

// "a.com, b.com for x, y".
std::vector<std::string> shown(const Proposal& proposal) {
  std::vector<std::string> texts;
  for (const ProposedRule& rule : proposal.rules) {
    std::vector<std::string> patterns;
    for (const ProposedDestination& each : rule.allow) patterns.push_back(each.pattern);
    std::string text = fmt::format("{}", fmt::join(patterns, ", "));
    if (!rule.who.empty()) text += fmt::format(" for {}", fmt::join(rule.who, ", "));
    texts.push_back(text);
  }
  return texts;
}

OutboundRules compiled(std::vector<OutboundRule> rules) { return *OutboundRules::compile(std::move(rules)); }

Proposal proposed(const std::vector<Observed>& seen, const OutboundRules& today = {}, bool with_users = false,
                  const ProposeOptions& options = {}) {
  return propose(seen, today, with_users, suffixes(), options);
}

TEST(Propose, names_are_grouped_only_where_they_are_one_partys) {
  struct Row {
    std::vector<std::string> hosts;
    std::vector<std::string> rules;
  };
  for (const Row& row : {
           Row{{"a.example.com"}, {"a.example.com"}},
           Row{{"a.example.com", "b.example.com"}, {"a.example.com, b.example.com"}},
           Row{{"a.example.com", "b.example.com", "c.example.com"}, {".example.com"}},
           Row{{"a.example.co.uk", "b.example.co.uk", "x.y.example.co.uk"}, {".example.co.uk"}},
           // The domain itself holds all below it.
           Row{{"example.com", "a.example.com"}, {"example.com"}},
           Row{{"a.example.com", "b.example.com", "c.example.com", "example.com"}, {"example.com"}},
           Row{{"x.a.example.com", "a.example.com"}, {"a.example.com"}},
           // Tenants of somebody else's domain.
           Row{{"a.github.io", "b.github.io", "c.github.io"}, {"a.github.io, b.github.io, c.github.io"}},
           Row{{"d1.cloudfront.net", "d2.cloudfront.net", "d3.cloudfront.net"},
               {"d1.cloudfront.net, d2.cloudfront.net, d3.cloudfront.net"}},
           Row{{"ec2.amazonaws.com", "sqs.amazonaws.com", "sts.amazonaws.com"},
               {"ec2.amazonaws.com, sqs.amazonaws.com, sts.amazonaws.com"}},
           Row{{"a.slack.com", "b.slack.com", "c.slack.com"}, {"a.slack.com, b.slack.com, c.slack.com"}},
           // The list does not know what is below `test`.
           Row{{"a.example.test", "b.example.test", "c.example.test"},
               {"a.example.test, b.example.test, c.example.test"}},
       }) {
    std::vector<Observed> seen;
    for (const std::string& host : row.hosts) {
      for (Observed& each : often(host)) seen.push_back(std::move(each));
    }
    EXPECT_EQ(shown(proposed(seen)), row.rules) << row.hosts.front();
  }
}

TEST(Propose, ports_are_kept) {
  EXPECT_THAT(shown(proposed(all_of({often("a.com"), often("a.com", 80, "", Kind::plain), often("a.com", 8443),
                                     often("b.com", 80), often("c.com", 443, "", Kind::plain)}))),
              ElementsAre("a.com, a.com:8443, b.com:80, c.com:443"));
  // What is grouped has one port.
  EXPECT_THAT(shown(proposed(all_of({often("a.x.com"), often("b.x.com"), often("c.x.com", 8443)}))),
              ElementsAre("a.x.com, b.x.com, c.x.com:8443"));
}

TEST(Propose, users_get_what_they_have_asked_for_and_no_more) {
  const auto seen = all_of({often("both.com", 443, "a"), often("both.com", 443, "b"), often("mine.com", 443, "a"),
                            often("x.g.com", 443, "a"), often("y.g.com", 443, "a"), often("z.g.com", 443, "b")});
  EXPECT_THAT(shown(proposed(seen, {}, true)),
              ElementsAre("mine.com, x.g.com, y.g.com for a", "both.com for a, b", "z.g.com for b"));
  const Proposal nobody = proposed(often("a.com"), {}, true);
  EXPECT_THAT(shown(nobody), IsEmpty());
  ASSERT_EQ(nobody.left.size(), 1U);
  EXPECT_EQ(nobody.left[0].why, Why::nobody);
}

TEST(Propose, what_is_not_learned_is_said_to_be_left_out) {
  struct Row {
    const char* host;
    void (*change)(Observed&);
    Why why;
  };
  for (const Row& row : {
           Row{"8.8.8.8", [](Observed&) {}, Why::address},
           Row{"2001:db8::1", [](Observed&) {}, Why::address},
           Row{"intranet", [](Observed&) {}, Why::private_name},
           Row{"db.corp", [](Observed&) {}, Why::private_name},
           Row{"printer.home.arpa", [](Observed&) {}, Why::private_name},
           Row{"metadata.google.internal", [](Observed&) {}, Why::private_name},
           Row{"git.example.com", [](Observed& seen) { seen.special = 1; }, Why::private_name},
           Row{"rebound.example.com",
               [](Observed& seen) {
                 seen.verdict = Verdict::refused;
                 seen.code = "destination_address_refused";
                 seen.reached = 0;
               },
               Why::special_address},
           Row{"169.254.169.254",
               [](Observed& seen) {
                 seen.verdict = Verdict::refused;
                 seen.code = "destination_address_refused";
                 seen.reached = 0;
               },
               Why::special_address},
           Row{"evil.com",
               [](Observed& seen) {
                 seen.verdict = Verdict::refused;
                 seen.code = "destination_refused";
                 seen.reached = 0;
               },
               Why::refused},
           Row{"gone.example.com", [](Observed& seen) { seen.reached = 0; }, Why::never_reached},
           Row{"github.io", [](Observed&) {}, Why::shared},
           Row{"s3.amazonaws.com", [](Observed&) {}, Why::shared},
           Row{"amazonaws.com", [](Observed&) {}, Why::shared},
           Row{"com", [](Observed&) {}, Why::private_name},
           Row{"once.example.com", [](Observed& seen) { seen.day = 20000; }, Why::one_off},
           Row{"seldom.example.com", [](Observed& seen) { seen.count = seen.reached = 1; }, Why::one_off},
       }) {
    auto seen = often(row.host);
    for (Observed& each : seen) row.change(each);
    const Proposal proposal = proposed(seen);
    EXPECT_THAT(shown(proposal), IsEmpty()) << row.host;
    ASSERT_EQ(proposal.left.size(), 1U) << row.host;
    EXPECT_EQ(text(proposal.left[0].why), text(row.why)) << row.host;
    EXPECT_EQ(proposal.left[0].host, row.host);
  }
}

TEST(Propose, names_of_the_own_network_where_they_are_asked_for) {
  auto seen = all_of({often("git.example.com"), often("intranet", 80, "", Kind::plain)});
  for (Observed& each : seen) each.special = 1;
  EXPECT_THAT(shown(proposed(seen, {}, false, {.private_too = true})), ElementsAre("git.example.com, intranet"));
}

TEST(Propose, the_thresholds_can_be_moved) {
  auto once = often("a.com");
  once.pop_back();
  once[0].count = once[0].reached = 1;
  EXPECT_THAT(shown(proposed(once)), IsEmpty());
  EXPECT_THAT(shown(proposed(once, {}, false, {.least_count = 1, .least_days = 1})), ElementsAre("a.com"));
}

TEST(Propose, what_was_seen_once_and_is_held_anyhow_is_not_left_out) {
  auto once = often("d.example.com");
  once.pop_back();
  const auto seen = all_of({often("a.example.com"), often("b.example.com"), often("c.example.com"), once});
  const Proposal proposal = proposed(seen);
  EXPECT_THAT(shown(proposal), ElementsAre(".example.com"));
  EXPECT_THAT(proposal.left, IsEmpty());
}

TEST(Propose, rules_of_today_are_not_said_again) {
  OutboundRule allow, unused, deny, everything;
  allow.destinations = {"known.com"};
  unused.destinations = {"unused.com"};
  deny.effect = everything.effect = OutboundRule::Effect::deny;
  deny.destinations = {"denied.com"};
  deny.place = "sallyport.yaml:9";
  everything.destinations = {"*"};
  const OutboundRules today = compiled({allow, unused, deny, everything});
  const Proposal proposal = proposed(all_of({often("known.com"), often("new.com"), often("denied.com")}), today);
  EXPECT_THAT(shown(proposal), ElementsAre("new.com"));
  EXPECT_EQ(proposal.requests, 30U);
  EXPECT_EQ(proposal.admitted, 10U);
  EXPECT_THAT(proposal.unused, ElementsAre(1U));
  ASSERT_EQ(proposal.left.size(), 1U);
  EXPECT_EQ(proposal.left[0].why, Why::denied);
  EXPECT_EQ(proposal.left[0].rule, "sallyport.yaml:9");
}

TEST(Propose, counts_what_stands_for_what) {
  const Proposal proposal = proposed(all_of({often("a.example.com"), often("b.example.com"), often("c.example.com")}));
  const ProposedDestination& group = proposal.rules.at(0).allow.at(0);
  EXPECT_EQ(group.seen.count, 30U);
  EXPECT_EQ(group.seen.days.size(), 2U);
  EXPECT_THAT(group.names, ElementsAre("a.example.com", "b.example.com", "c.example.com"));
}

// ---- a week of a small company, with a fixed seed

class Week {
 public:
  Week() {
    const std::vector<std::string> users{"mattermost", "gitlab", "nextcloud", "keycloak", "sympa"};
    std::vector<std::string> hosts;
    for (const char* vendor : {"gitlab.com", "debian.org", "ubuntu.com", "npmjs.org", "docker.io", "sentry.io"}) {
      for (const char* label : {"api", "registry", "static", "auth", "cdn", "files"})
        hosts.push_back(fmt::format("{}.{}", label, vendor));
    }
    for (const char* single : {"hooks.partner.co.uk", "smtp.relay.net", "push.mobile.com", "example.org"})
      hosts.emplace_back(single);
    for (int tenant = 0; tenant < 12; ++tenant) {
      hosts.push_back(fmt::format("d{:x}a.cloudfront.net", 7919 * tenant + 4096));
      hosts.push_back(fmt::format("bucket-{}.s3.amazonaws.com", tenant));
      hosts.push_back(fmt::format("team{}.github.io", tenant));
    }
    for (std::size_t i = 0; i < hosts.size(); ++i)
      wanted.push_back({hosts[i], i % 17 == 0 ? std::uint16_t{8443} : std::uint16_t{443}, users[i % users.size()]});
    for (int i = 0; i < 10'000; ++i) add(wanted[random_() % wanted.size()], 20000 + i % 7);
  }

  struct Wanted {
    std::string host;
    std::uint16_t port;
    std::string user;
  };
  std::vector<Wanted> wanted;
  std::vector<Observed> seen;

 private:
  void add(const Wanted& which, int day) {
    Observed one = often(which.host, which.port, which.user).front();
    one.count = one.reached = 1;
    one.day = day;
    one.last = std::chrono::sys_days(std::chrono::days(day));
    seen.push_back(std::move(one));
  }
  std::mt19937 random_{20261130};
};

Observed attempt(std::string_view host, std::uint16_t port, std::string_view user, std::string_view address = {}) {
  Observed one = often(host, port, user).front();
  one.address = address;
  return one;
}

void expect_it_learns(const Week& week, const PublicSuffixes& known) {
  const Proposal proposal = propose(week.seen, {}, true, known, {});
  const OutboundRules learned = compiled(rules_of(proposal));
  // All of it passes.
  std::size_t refused = 0;
  for (const Observed& each : week.seen) refused += replay(learned, each).answer != Replayed::Answer::passes ? 1 : 0;
  EXPECT_EQ(refused, 0U);
  EXPECT_THAT(proposal.left, IsEmpty());
  // It is short: what the vendors have is grouped where one user needs enough of it.
  std::size_t patterns = 0;
  for (const ProposedRule& rule : proposal.rules) patterns += rule.allow.size();
  EXPECT_LE(patterns, week.wanted.size());
  EXPECT_LE(proposal.rules.size(), 5U);
}

void expect_it_refuses(const Week& week, const PublicSuffixes& known) {
  const OutboundRules learned = compiled(rules_of(propose(week.seen, {}, true, known, {})));
  std::vector<Observed> malicious;
  for (const char* user : {"mattermost", "gitlab", "nextcloud", "keycloak", "sympa", "stranger", ""}) {
    for (const char* host : {"evil.com",
                             "gitlab.com.evil.net",
                             "evilgitlab.com",
                             "notdebian.org",
                             "attacker.github.io",
                             "github.io",
                             "exfil.s3.amazonaws.com",
                             "s3.amazonaws.com",
                             "amazonaws.com",
                             "dffff.cloudfront.net",
                             "cloudfront.net",
                             "x.y.cloudfront.net",
                             "partner.co.uk",
                             "other.co.uk",
                             "co.uk",
                             "relay.net",
                             "com",
                             "intranet",
                             "metadata.google.internal",
                             "8.8.8.8",
                             "169.254.169.254",
                             "10.0.0.1",
                             "127.0.0.1",
                             "::1",
                             "2606:4700::1111"})
      malicious.push_back(attempt(host, 443, user));
    for (const Week::Wanted& each : week.wanted) {
      if (each.port == 443) malicious.push_back(attempt(each.host, 22, user));
      malicious.push_back(attempt(each.host, each.port, "stranger"));
      malicious.push_back(attempt(each.host, each.port, user, "169.254.169.254"));  // rebound
      malicious.push_back(attempt(each.host, each.port, user, "10.0.0.7"));
    }
  }
  for (const Observed& each : malicious) {
    EXPECT_NE(replay(learned, each).answer, Replayed::Answer::passes)
        << each.host << ":" << each.port << " for " << each.user << " at " << each.address;
  }
}

TEST(Learning, ten_thousand_requests_are_admitted_and_nothing_that_was_held_out) {
  const Week week;
  expect_it_learns(week, suffixes());
  expect_it_refuses(week, suffixes());
}

TEST(Learning, one_user_who_needs_them_all_gets_groups) {
  Week week;
  for (Observed& each : week.seen) each.user = "mattermost";
  const Proposal proposal = propose(week.seen, {}, true, suffixes(), {});
  std::vector<std::string> patterns;
  for (const ProposedDestination& each : proposal.rules.at(0).allow) patterns.push_back(each.pattern);
  EXPECT_EQ(proposal.rules.size(), 1U);
  for (const char* group : {".gitlab.com", ".debian.org", ".ubuntu.com", ".npmjs.org", ".docker.io", ".sentry.io"})
    EXPECT_THAT(patterns, ::testing::Contains(group));
  // 36 tenants, 6 groups, 4 others, and what has another port.
  EXPECT_LE(patterns.size(), 52U);
  const OutboundRules learned = compiled(rules_of(proposal));
  for (const Observed& each : week.seen) EXPECT_EQ(replay(learned, each).answer, Replayed::Answer::passes) << each.host;
}

TEST(Learning, by_the_list_of_this_machine) {
  std::ifstream file(PublicSuffixes::usual_path);
  if (!file) GTEST_SKIP() << "there is no list at " << PublicSuffixes::usual_path;
  const auto known = PublicSuffixes::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  ASSERT_TRUE(known);
  const Week week;
  expect_it_learns(week, *known);
  expect_it_refuses(week, *known);
}

}  // namespace
}  // namespace sp::policy
