#include "codec/mail/facts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace sp::codec::mail {
namespace {

using enum Protocol;

// Both legs under TLS; the client in clear, with STARTTLS to be had, and without; the server in clear; both in clear,
// and told that passwords may pass.
constexpr View tls{.client = Leg::tls, .server = Leg::tls};
constexpr View before_tls{.client = Leg::clear, .server = Leg::tls, .starttls = View::StartTls::offered};
constexpr View client_clear{.client = Leg::clear, .server = Leg::tls};
constexpr View server_clear{.client = Leg::tls, .server = Leg::clear};
constexpr View told_so{.in_clear = Passwords::allow};

struct Row {
  Protocol protocol;
  std::string capability;
  // Empty: not shown.
  std::string under_tls, in_clear;
};

TEST(Capabilities, what_is_shown_of_each) {
  const std::vector<Row> rows{
      {smtp, "PIPELINING", "PIPELINING", "PIPELINING"},
      {smtp, "SIZE 10240000", "SIZE 10240000", "SIZE 10240000"},
      {smtp, "CHUNKING", "CHUNKING", "CHUNKING"},
      {smtp, "STARTTLS", "", ""},
      {smtp, "starttls", "", ""},
      {smtp, "X-ANONYMOUSTLS", "", ""},
      {smtp, "XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT", "", ""},
      {smtp, "XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT", "", ""},
      {smtp, "XPROXY", "", ""},
      {smtp, "XPROXYFROM", "", ""},
      {smtp, "REQUIRETLS", "REQUIRETLS", ""},
      {smtp, "AUTH PLAIN LOGIN", "AUTH PLAIN LOGIN", ""},
      {smtp, "auth  PLAIN  LOGIN ", "auth PLAIN LOGIN", ""},
      {smtp, "AUTH PLAIN EXTERNAL SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "AUTH PLAIN SCRAM-SHA-256", ""},
      {smtp, "AUTH EXTERNAL", "", ""},
      {smtp, "AUTH", "", ""},
      {smtp, "AUTH=PLAIN EXTERNAL", "AUTH=PLAIN", ""},
      {smtp, "X-EXPS GSSAPI NTLM", "X-EXPS GSSAPI NTLM", ""},
      {smtp, "AUTHOR", "AUTHOR", "AUTHOR"},
      {imap, "IMAP4rev1", "IMAP4rev1", "IMAP4rev1"},
      {imap, "STARTTLS", "", ""},
      {imap, "AUTH=PLAIN", "AUTH=PLAIN", ""},
      {imap, "auth=plain", "auth=plain", ""},
      {imap, "AUTH=EXTERNAL", "", ""},
      {imap, "AUTH=SCRAM-SHA-1-PLUS", "", ""},
      {imap, "LITERAL+", "LITERAL+", ""},
      {imap, "SASL-IR", "SASL-IR", "SASL-IR"},
      {imap, "LOGINDISABLED", "LOGINDISABLED", ""},  // added once for all
      {pop3, "UIDL", "UIDL", "UIDL"},
      {pop3, "STLS", "", ""},
      {pop3, "XCLIENT", "", ""},
      {pop3, "USER", "USER", ""},
      {pop3, "SASL PLAIN EXTERNAL LOGIN", "SASL PLAIN LOGIN", ""},
      {pop3, "SASL EXTERNAL", "", ""},
      {sieve, R"("IMPLEMENTATION" "Dovecot Pigeonhole")", R"("IMPLEMENTATION" "Dovecot Pigeonhole")",
       R"("IMPLEMENTATION" "Dovecot Pigeonhole")"},
      {sieve, R"("STARTTLS")", "", ""},
      {sieve, R"("XCLIENT")", "", ""},
      {sieve, R"("SASL" "PLAIN EXTERNAL OAUTHBEARER")", R"("SASL" "PLAIN OAUTHBEARER")", R"("SASL" "")"},
      {sieve, R"("sasl" "PLAIN")", R"("SASL" "PLAIN")", R"("SASL" "")"},
      {sieve, R"("SASL")", R"("SASL" "")", R"("SASL" "")"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(shown(row.protocol, row.capability, tls).value_or(""), row.under_tls);
    EXPECT_EQ(shown(row.protocol, row.capability, client_clear).value_or(""), row.in_clear);
    EXPECT_EQ(shown(row.protocol, row.capability, before_tls).value_or(""), row.in_clear);
    // The way to the server is a leg like the other.
    EXPECT_EQ(shown(row.protocol, row.capability, server_clear).value_or(""), row.in_clear);
  }
}

TEST(Capabilities, passwords_in_clear_where_told_so) {
  EXPECT_EQ(shown(smtp, "AUTH PLAIN EXTERNAL", told_so), "AUTH PLAIN");
  EXPECT_EQ(shown(imap, "AUTH=PLAIN", told_so), "AUTH=PLAIN");
  EXPECT_EQ(shown(pop3, "USER", told_so), "USER");
  EXPECT_EQ(shown(smtp, "REQUIRETLS", told_so), std::nullopt);
}

TEST(Capabilities, the_gate_adds_its_own) {
  EXPECT_EQ(fmt::format("{}", fmt::join(all_shown(smtp, {"SIZE", "STARTTLS"}, before_tls), "|")), "SIZE|STARTTLS");
  EXPECT_EQ(fmt::format("{}", fmt::join(all_shown(imap, {"IMAP4rev1", "LOGINDISABLED", "STARTTLS"}, before_tls), "|")),
            "IMAP4rev1|STARTTLS|LOGINDISABLED");
  EXPECT_EQ(fmt::format("{}", fmt::join(all_shown(pop3, {"TOP", "STLS"}, before_tls), "|")), "TOP|STLS");
  EXPECT_EQ(fmt::format("{}", fmt::join(all_shown(sieve, {R"("SASL" "PLAIN")"}, before_tls), "|")),
            R"("SASL" ""|"STARTTLS")");
  EXPECT_EQ(fmt::format("{}", fmt::join(all_shown(imap, {"IMAP4rev1"}, server_clear), "|")), "IMAP4rev1|LOGINDISABLED");
  EXPECT_EQ(fmt::format("{}", fmt::join(all_shown(imap, {"IMAP4rev1", "STARTTLS"}, tls), "|")), "IMAP4rev1");
}

TEST(Capabilities, finding_one) {
  const Facts smtp_facts{.capabilities = {"SIZE 1000", "XCLIENT NAME ADDR", "PIPELINING"}};
  EXPECT_EQ(smtp_facts.find(smtp, "xclient"), "NAME ADDR");
  EXPECT_EQ(smtp_facts.find(smtp, "PIPELINING"), "");
  EXPECT_EQ(smtp_facts.find(smtp, "PIPE"), std::nullopt);
  const Facts sieve_facts{.capabilities = {R"("SASL" "PLAIN")", R"("XCLIENT")"}};
  EXPECT_EQ(sieve_facts.find(sieve, "SASL"), "PLAIN");
  EXPECT_EQ(sieve_facts.find(sieve, "XCLIENT"), "");
  EXPECT_EQ(sieve_facts.find(sieve, "PLAIN"), std::nullopt);
}

}  // namespace
}  // namespace sp::codec::mail
