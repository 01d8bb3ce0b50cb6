// An entry of the way out from its configuration: who may use it, its rules, and where the texts stand that are wrong.
#include "policy/outbound.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "policy/testing.h"

namespace sp::policy {
namespace {

using config::ClientCertificates;
using config::OutboundConfig;
using config::OutboundRuleConfig;
using config::Text;

Text at_line(std::string value, int line) { return {std::move(value), {"sallyport.yaml", line, 5}}; }

OutboundRuleConfig allow(std::string destination, int line = 7) {
  OutboundRuleConfig rule;
  rule.place = {"sallyport.yaml", line, 3};
  rule.allow = {at_line(std::move(destination), line)};
  return rule;
}

struct Compiled {
  std::vector<config::Finding> findings;
  std::unique_ptr<Outbound> entry;
};

Compiled compiled(const OutboundConfig& config) {
  Compiled result;
  result.entry = compile_outbound(config, {}, result.findings);
  return result;
}

OutboundConfig with_rules(std::vector<OutboundRuleConfig> rules) {
  OutboundConfig config;
  config.name = "egress";
  config.listen = {at_line("proxy://127.0.0.1:3128", 3)};
  config.rules = std::move(rules);
  return config;
}

bool may_connect(const Outbound& entry, const char* client) {
  return decide(entry.clients, *IpAddress::parse(client)).allowed;
}

TEST(Outbound, without_clients_or_users_is_for_this_machine) {
  const Compiled made = compiled(with_rules({allow("example.com")}));
  ASSERT_TRUE(made.findings.empty());
  EXPECT_TRUE(may_connect(*made.entry, "127.0.0.1"));
  EXPECT_TRUE(may_connect(*made.entry, "::1"));
  EXPECT_FALSE(may_connect(*made.entry, "10.0.0.7"));
  EXPECT_FALSE(made.entry->by_certificate);
}

TEST(Outbound, with_clients_is_for_them) {
  OutboundConfig config = with_rules({allow("example.com")});
  config.clients = {at_line("10.0.0.0/8", 4), at_line("no address", 4)};
  const Compiled made = compiled(config);
  EXPECT_TRUE(may_connect(*made.entry, "10.0.0.7"));
  EXPECT_FALSE(may_connect(*made.entry, "127.0.0.1"));
}

TEST(Outbound, with_users_is_for_everybody_who_is_one) {
  OutboundConfig config = with_rules({allow("example.com")});
  config.users = at_line("/etc/sallyport/egress.htpasswd", 4);
  EXPECT_TRUE(may_connect(*compiled(config).entry, "203.0.113.9"));
}

struct CertificateRow {
  const char* what;
  ClientCertificates mode;
  bool users, only_tls;
  bool named, open;  // who has one is whom it names; anybody may connect
};

class OutboundCertificates : public ::testing::TestWithParam<CertificateRow> {};

TEST_P(OutboundCertificates, say_who_somebody_is) {
  const CertificateRow& row = GetParam();
  OutboundConfig config = with_rules({allow("example.com")});
  config.tls.client_certificates.mode = row.mode;
  if (row.users) config.users = at_line("users", 4);
  if (row.only_tls) config.listen = {at_line("https://:3128", 3)};
  const Compiled made = compiled(config);
  EXPECT_EQ(made.entry->by_certificate, row.named) << row.what;
  EXPECT_EQ(may_connect(*made.entry, "203.0.113.9"), row.open) << row.what;
}

INSTANTIATE_TEST_SUITE_P(
    All, OutboundCertificates,
    ::testing::Values(CertificateRow{"not asked for", ClientCertificates::off, true, true, false, true},
                      CertificateRow{"instead of a password", ClientCertificates::optional, true, true, true, true},
                      CertificateRow{"beside a password", ClientCertificates::required, true, true, false, true},
                      CertificateRow{"alone", ClientCertificates::required, false, true, true, true},
                      CertificateRow{"alone, and who speaks no TLS has none", ClientCertificates::required, false,
                                     false, true, false},
                      CertificateRow{"if there is one", ClientCertificates::optional, false, true, true, false}));

TEST(Outbound, takes_what_it_is_told) {
  OutboundConfig config = with_rules({allow("example.com")});
  config.via = config::OnOff::on;
  config.per_user.tunnels = 5;
  config.mode = config::OutboundMode::observe;
  config.record = config::RecordConfig{.place = {}, .path = at_line("/var/lib/sallyport/egress.db", 5)};
  config.max_body = Bytes{1000};
  config.timeouts.connect = std::chrono::seconds(7);
  const Compiled made = compiled(config);
  EXPECT_TRUE(made.entry->via && !made.entry->forwarded && made.entry->shared_out && made.entry->observe);
  EXPECT_EQ(made.entry->record, "/var/lib/sallyport/egress.db");
  EXPECT_EQ(made.entry->common->max_body, 1000u);
  EXPECT_EQ(made.entry->common->timeouts.connect, std::chrono::seconds(7));
  EXPECT_EQ(made.entry->common->name, "egress");
}

TEST(Outbound, rules_are_those_of_the_configuration_in_their_order) {
  OutboundRuleConfig deny;
  deny.deny = {at_line("*", 9)};
  deny.reason = at_line("ask the operations team", 10);
  const Compiled made = compiled(with_rules({allow("example.com"), deny}));
  ASSERT_EQ(made.entry->rules.size(), 2u);
  EXPECT_EQ(made.entry->rules.rule(0).place, "sallyport.yaml:7");
  EXPECT_EQ(made.entry->rules.rule(1).effect, OutboundRule::Effect::deny);
  EXPECT_EQ(made.entry->rules.rule(1).reason, "ask the operations team");
}

// What is wrong, and the line that the finding must point at.
struct WrongRow {
  const char* what;
  void (*spoil)(OutboundRuleConfig&);
  int line;
};

class OutboundWrong : public ::testing::TestWithParam<WrongRow> {};

TEST_P(OutboundWrong, is_found_where_it_stands) {
  OutboundRuleConfig rule = allow("example.com");
  GetParam().spoil(rule);
  const Compiled made = compiled(with_rules({rule}));
  ASSERT_EQ(made.findings.size(), 1u) << GetParam().what;
  EXPECT_EQ(made.findings[0].place.line, GetParam().line) << made.findings[0].message;
  EXPECT_FALSE(made.findings[0].remedy.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, OutboundWrong,
    ::testing::Values(
        WrongRow{"a destination", [](OutboundRuleConfig& rule) { rule.allow.push_back(at_line("a..b", 11)); }, 11},
        WrongRow{"a destination that is denied",
                 [](OutboundRuleConfig& rule) {
                   rule.allow.clear();
                   rule.deny = {at_line("a..b", 12)};
                 },
                 12},
        WrongRow{"a client", [](OutboundRuleConfig& rule) { rule.from = {at_line("10.0.0.300", 13)}; }, 13},
        WrongRow{"a port", [](OutboundRuleConfig& rule) { rule.ports = {at_line("70000", 14)}; }, 14},
        WrongRow{"a path", [](OutboundRuleConfig& rule) { rule.paths = {at_line("/a/../b", 15)}; }, 15},
        WrongRow{"a day", [](OutboundRuleConfig& rule) { rule.until = at_line("2027-02-30", 16); }, 16},
        WrongRow{"hours", [](OutboundRuleConfig& rule) { rule.schedule = at_line("Mon-Fri 25:00-26:00", 17); }, 17},
        WrongRow{"a method", [](OutboundRuleConfig& rule) { rule.methods = {"get"}; }, 7},
        WrongRow{"a user", [](OutboundRuleConfig& rule) { rule.who = {"*"}; }, 7}));

}  // namespace
}  // namespace sp::policy
