#include "codec/mail/server_leg.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "codec/mail/rows_for_tests.h"
#include "codec/mail/servers_for_tests.h"

namespace sp::codec::mail {
namespace {

using enum Protocol;
using Tls = ServerSettings::Tls;
using Answers = std::vector<std::string>;
using namespace std::string_literals;

ServerSettings settings_for(Protocol protocol, Tls tls) {
  return {.protocol = protocol, .limits = Limits::of(protocol), .tls = tls, .name = "gate.example"};
}
ServerSettings with_identity(Protocol protocol, Tls tls) {
  ServerSettings settings = settings_for(protocol, tls);
  settings.identity = Identity{.client = {.address = *IpAddress::parse("192.0.2.7"), .port = 4711}};
  return settings;
}

std::string play(const ServerSettings& settings, const Answers& answers) {
  return rows::in_all_cuts([&](const rows::Cuts& cuts) { return rows::play_server(settings, answers, cuts); });
}

std::string describe(const Facts& facts) {
  return fmt::format("{}|{}|{}", facts.host, facts.greeting, fmt::join(facts.capabilities, ","));
}
// What is known behind these answers.
std::string learned(const ServerSettings& settings, const Answers& answers) {
  ServerLeg leg(settings);
  rows::play_server(leg, answers, rows::whole);
  return describe(leg.facts());
}

struct Row {
  std::string name;
  ServerSettings settings;
  Answers answers;
  std::string expected;
};
void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) EXPECT_EQ(play(row.settings, row.answers), row.expected) << row.name;
}

const std::string hello = "EHLO gate.example\r\n";
const std::string xclient = "XCLIENT NAME=[UNAVAILABLE] PORT=4711 ADDR=192.0.2.7\r\n";
const std::string ready = "220 2.0.0 Ready to start TLS\r\n";

TEST(SmtpServers, dialogues) {
  using namespace servers;
  check({
      {"in clear", settings_for(smtp, Tls::none), {postfix_greeting, postfix_trusting_hello}, hello + "<join>"},
      {"under TLS", settings_for(smtp, Tls::on), {postfix_greeting, postfix_plain_hello}, hello + "<join>"},
      {"STARTTLS",
       settings_for(smtp, Tls::starttls),
       {postfix_greeting, postfix_trusting_hello, ready, postfix_plain_hello},
       hello + "STARTTLS\r\n<tls>" + hello + "<join>"},
      {"Exim",
       settings_for(smtp, Tls::starttls),
       {exim_greeting, exim_hello, "220 TLS go ahead\r\n", exim_hello},
       hello + "STARTTLS\r\n<tls>" + hello + "<join>"},
      {"XCLIENT",
       with_identity(smtp, Tls::none),
       {postfix_greeting, postfix_trusting_hello, postfix_greeting, postfix_hello_behind_xclient},
       hello + xclient + hello + "<join>"},
      {"STARTTLS, then XCLIENT",
       with_identity(smtp, Tls::starttls),
       {postfix_greeting, postfix_trusting_hello, ready, postfix_trusting_hello, postfix_greeting,
        postfix_hello_behind_xclient},
       hello + "STARTTLS\r\n<tls>" + hello + xclient + hello + "<join>"},
      {"no STARTTLS",
       settings_for(smtp, Tls::starttls),
       {postfix_greeting, postfix_plain_hello},
       hello + "<starttls_refused>"},
      {"STARTTLS refused",
       settings_for(smtp, Tls::starttls),
       {exim_greeting, exim_hello, "454 4.7.0 TLS not available due to local problem\r\n"},
       hello + "STARTTLS\r\n<starttls_refused>"},
      {"no XCLIENT", with_identity(smtp, Tls::none), {exim_greeting, exim_hello}, hello + "<mail_identity_refused>"},
      {"XCLIENT without ADDR",
       with_identity(smtp, Tls::none),
       {exim_greeting, "250-a\r\n250 XCLIENT NAME\r\n"},
       hello + "<mail_identity_refused>"},
      {"XCLIENT refused",
       with_identity(smtp, Tls::none),
       {postfix_greeting, postfix_trusting_hello, "550 5.7.0 Error: insufficient authorization\r\n"},
       hello + xclient + "<mail_identity_refused>"},
      {"HELO",
       settings_for(smtp, Tls::none),
       {"220 old.example\r\n", "500 what?\r\n", "250 old.example\r\n"},
       hello + "HELO gate.example\r\n<join>"},
      {"HELO cannot have STARTTLS",
       settings_for(smtp, Tls::starttls),
       {"220 old.example\r\n", "502 what?\r\n", "250 old.example\r\n"},
       hello + "HELO gate.example\r\n<starttls_refused>"},
      {"a greeting that comes slowly", settings_for(smtp, Tls::none), {"220-mx.example\r\n220-a"}, ""},
      {"refused in the greeting", settings_for(smtp, Tls::none), {"554 no\r\n"}, "<mail_server_refused>"},
      {"busy", settings_for(smtp, Tls::none), {"421-no\r\n421 later\r\n"}, "<mail_server_refused>"},
      {"refused at EHLO",
       settings_for(smtp, Tls::none),
       {exim_greeting, "550 no\r\n"},
       hello + "<mail_server_refused>"},
  });
}

TEST(SmtpServers, that_break_the_rules) {
  const auto settings = settings_for(smtp, Tls::none);
  check({
      {"another protocol", settings, {"* OK ready\r\n"}, "<mail_reply_malformed>"},
      {"the SSH of somebody", settings, {"SSH-2.0-OpenSSH_9.2\r\n"}, "<mail_reply_malformed>"},
      {"no digits", settings, {"22x a\r\n"}, "<mail_reply_malformed>"},
      {"1xx", settings, {"120 a\r\n"}, "<mail_reply_malformed>"},
      {"6xx", settings, {"620 a\r\n"}, "<mail_reply_malformed>"},
      {"a mark that is none", settings, {"220+a\r\n"}, "<mail_reply_malformed>"},
      {"two codes", settings, {"220-a\r\n250 b\r\n"}, "<mail_reply_malformed>"},
      {"bare LF", settings, {"220 a\n"}, "<mail_reply_malformed>"},
      {"NUL", settings, {"220 a\0\r\n"s}, "<mail_reply_malformed>"},
      {"empty", settings, {"\r\n"}, "<mail_reply_malformed>"},
      {"only a code", settings, {"220\r\n", "250\r\n"}, hello + "<join>"},
      {"a line too long", settings, {std::string(4096, '2')}, "<mail_reply_malformed>"},
  });
  std::string many;
  for (int i = 0; i < 300; ++i) many += "250-X\r\n";
  EXPECT_EQ(play(settings, {"220 a\r\n", many}), hello + "<mail_reply_malformed>");
  std::string much;
  for (int i = 0; i < 20; ++i) much += "250-" + std::string(1000, 'x') + "\r\n";
  EXPECT_EQ(play(settings, {"220 a\r\n", much}), hello + "<mail_reply_malformed>");
  EXPECT_EQ(play(settings, {much}), "<mail_reply_malformed>");
}

// What somebody between adds to the consent, to be taken for what was said under TLS.
TEST(Servers, octets_behind_the_consent_to_starttls) {
  using namespace servers;
  check({
      {"SMTP",
       settings_for(smtp, Tls::starttls),
       {exim_greeting, exim_hello, ready + "250-a\r\n"},
       hello + "STARTTLS\r\n<starttls_injection>"},
      {"SMTP, one octet",
       settings_for(smtp, Tls::starttls),
       {exim_greeting, exim_hello, ready + "\r"},
       hello + "STARTTLS\r\n<starttls_injection>"},
      {"IMAP",
       settings_for(imap, Tls::starttls),
       {dovecot_imap_greeting, "G1 OK Begin TLS\r\n* CAPABILITY IMAP4rev1\r\n"},
       "G1 STARTTLS\r\n<starttls_injection>"},
      {"POP3",
       settings_for(pop3, Tls::starttls),
       {dovecot_pop3_greeting, "+OK Begin TLS\r\n+OK\r\n"},
       "STLS\r\n<starttls_injection>"},
      {"ManageSieve",
       settings_for(sieve, Tls::starttls),
       {pigeonhole_greeting, "OK \"Begin TLS\"\r\n\"SASL\" \"PLAIN\"\r\n"},
       "STARTTLS\r\n<starttls_injection>"},
  });
}

TEST(SmtpServers, what_is_learned_of_them) {
  using namespace servers;
  EXPECT_EQ(learned(settings_for(smtp, Tls::none), {exim_greeting, exim_hello}),
            "vm|vm ESMTP Exim 4.96 Sun, 29 Nov 2026 21:26:32 +0000|SIZE 52428800,8BITMIME,PIPELINING,CHUNKING,STARTTLS,"
            "PRDR,HELP");
  // What was said in clear is not kept.
  EXPECT_EQ(learned(settings_for(smtp, Tls::starttls), {"220-a\r\n220 b\r\n", "250-mx\r\n250-EVIL\r\n250 STARTTLS\r\n",
                                                        ready, "250-mx hello\r\n250 SIZE 1\r\n"}),
            "mx|a\nb|SIZE 1");
  // Before 1993.
  EXPECT_EQ(learned(settings_for(smtp, Tls::none), {"220 a\r\n", "500 what\r\n", "250 b hello\r\n"}), "b|a|");
  EXPECT_EQ(learned(settings_for(smtp, Tls::none), {"220\r\n", "250\r\n"}), "gate.example||");
}

TEST(SmtpServers, pass_on_how_they_refuse) {
  ServerLeg leg(settings_for(smtp, Tls::none));
  rows::play_server(leg, {"554-You are on a list:\r\n554 https://list.example/192.0.2.7\r\n"}, rows::whole);
  EXPECT_EQ(leg.refusal(), "554-You are on a list:\r\n554 https://list.example/192.0.2.7\r\n");
}

TEST(SmtpServers, are_told_the_hello_of_a_client_in_clear) {
  const auto introduced = [](const std::string& answer) {
    ServerLeg leg(settings_for(smtp, Tls::none));
    rows::play_server(leg, {"220 a\r\n", "250-mx\r\n250 SIZE 1\r\n"}, rows::whole);
    const std::string said(leg.introduce("EHLO client.example\r\n").send);
    return said + rows::play_server(leg, {answer}, rows::whole) + describe(leg.facts());
  };
  EXPECT_EQ(introduced("250-mx\r\n250 SIZE 2\r\n"), "EHLO client.example\r\n<join>mx|a|SIZE 1");
  ServerLeg old(settings_for(smtp, Tls::none));
  rows::play_server(old, {"220 a\r\n", "500 what\r\n", "250 b\r\n"}, rows::whole);
  EXPECT_EQ(old.introduce("EHLO client.example\r\n").send, "HELO client.example\r\n");
  EXPECT_EQ(introduced("550 5.7.1 Helo command rejected\r\n"),
            "EHLO client.example\r\n<mail_server_refused>mx|a|SIZE 1");
}

TEST(ImapServers, dialogues) {
  using namespace servers;
  const std::string id = R"(ID ("x-originating-ip" "192.0.2.7" "x-originating-port" "4711"))";
  check({
      {"a greeting that says all", settings_for(imap, Tls::none), {dovecot_imap_greeting}, "<join>"},
      {"a greeting that says nothing",
       settings_for(imap, Tls::on),
       {exchange_imap_greeting, "* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN IDLE\r\nG1 OK CAPABILITY completed.\r\n"},
       "G1 CAPABILITY\r\n<join>"},
      {"STARTTLS",
       settings_for(imap, Tls::starttls),
       {dovecot_imap_greeting, "G1 OK Begin TLS negotiation now.\r\n", "* CAPABILITY IMAP4rev1\r\nG2 OK done\r\n"},
       "G1 STARTTLS\r\n<tls>G2 CAPABILITY\r\n<join>"},
      {"STARTTLS, then ID",
       with_identity(imap, Tls::starttls),
       {dovecot_imap_greeting, "G1 OK Begin\r\n", "* CAPABILITY IMAP4rev1 ID\r\nG2 OK done\r\n",
        "* ID (\"name\" \"Dovecot\")\r\nG3 OK ID completed.\r\n"},
       "G1 STARTTLS\r\n<tls>G2 CAPABILITY\r\nG3 " + id + "\r\n<join>"},
      {"ID with a literal in the answer",
       with_identity(imap, Tls::none),
       {dovecot_imap_greeting, "* ID (\"name\" {10}\r\nG1 OK no\r\n \"a\" NIL)\r\n* OK hello {5}\r\nG1 OK done\r\n"},
       "G1 " + id + "\r\n<join>"},
      {"untagged answers in between",
       settings_for(imap, Tls::starttls),
       {dovecot_imap_greeting, "* OK wait\r\n* CAPABILITY EVIL\r\nG1 OK Begin\r\n",
        "* OK [ALERT] hi\r\n* CAPABILITY IMAP4rev1\r\nG2 OK done\r\n"},
       "G1 STARTTLS\r\n<tls>G2 CAPABILITY\r\n<join>"},
      {"no ID", with_identity(imap, Tls::none), {"* OK [CAPABILITY IMAP4rev1] hi\r\n"}, "<mail_identity_refused>"},
      {"ID refused",
       with_identity(imap, Tls::none),
       {dovecot_imap_greeting, "G1 BAD what\r\n"},
       "G1 " + id + "\r\n<mail_identity_refused>"},
      {"STARTTLS refused",
       settings_for(imap, Tls::starttls),
       {exchange_imap_greeting, "G1 BAD Command Error. 12\r\n"},
       "G1 STARTTLS\r\n<starttls_refused>"},
      {"BYE", settings_for(imap, Tls::none), {"* BYE full\r\n"}, "<mail_server_refused>"},
      {"BYE later",
       settings_for(imap, Tls::starttls),
       {dovecot_imap_greeting, "* BYE Disconnected\r\n"},
       "G1 STARTTLS\r\n<mail_server_refused>"},
      // CVE-2020-12398 and its like: somebody between says that there is no need for STARTTLS any more.
      {"PREAUTH", settings_for(imap, Tls::starttls), {"* PREAUTH hi\r\n"}, "<mail_reply_malformed>"},
      {"PREAUTH in clear", settings_for(imap, Tls::none), {"* PREAUTH hi\r\n"}, "<mail_reply_malformed>"},
      {"an answer ahead of its question",
       settings_for(imap, Tls::starttls),
       {dovecot_imap_greeting, "G2 OK no\r\n"},
       "G1 STARTTLS\r\n<mail_reply_malformed>"},
      {"no capabilities",
       settings_for(imap, Tls::none),
       {exchange_imap_greeting, "G1 OK\r\n"},
       "G1 CAPABILITY\r\n<mail_reply_malformed>"},
      {"a continuation",
       settings_for(imap, Tls::starttls),
       {exchange_imap_greeting, "+ go on\r\n"},
       "G1 STARTTLS\r\n<mail_reply_malformed>"},
      {"SMTP", settings_for(imap, Tls::none), {"220 mx ESMTP\r\n"}, "<mail_reply_malformed>"},
      {"half a literal",
       with_identity(imap, Tls::none),
       {dovecot_imap_greeting, "* ID (\"a\" {9\r\n"},
       "G1 " + id + "\r\n<mail_reply_malformed>"},
      {"a literal too long",
       with_identity(imap, Tls::none),
       {dovecot_imap_greeting, "* ID (\"a\" {16384}\r\n"},
       "G1 " + id + "\r\n<mail_reply_malformed>"},
  });
}

TEST(ImapServers, what_is_learned_of_them) {
  using namespace servers;
  EXPECT_EQ(learned(settings_for(imap, Tls::none), {stalwart_imap_greeting}),
            "|Stalwart IMAP4rev2 at your service.|IMAP4rev2,IMAP4rev1,ENABLE,SASL-IR,LITERAL+,ID,UTF8=ACCEPT,"
            "JMAPACCESS,STARTTLS,LOGINDISABLED");
  EXPECT_EQ(learned(settings_for(imap, Tls::starttls), {dovecot_imap_greeting, "* CAPABILITY EVIL\r\nG1 OK\r\n",
                                                        "* CAPABILITY  A  B \r\n* CAPABILITY C D\r\nG2 OK\r\n"}),
            "|Dovecot (Debian) ready.|C,D");
  // What else a greeting's response code says is left out: a referral, say, that somebody put there in clear.
  EXPECT_EQ(learned(settings_for(imap, Tls::none), {"* OK [REFERRAL imap://evil.example/] hi\r\n"}), "|hi|");
}

TEST(Pop3Servers, dialogues) {
  using namespace servers;
  check({
      {"in clear", settings_for(pop3, Tls::none), {dovecot_pop3_greeting, dovecot_pop3_capabilities}, "CAPA\r\n<join>"},
      {"STLS",
       settings_for(pop3, Tls::starttls),
       {dovecot_pop3_greeting, "+OK Begin TLS negotiation now.\r\n", dovecot_pop3_capabilities},
       "STLS\r\n<tls>CAPA\r\n<join>"},
      {"XCLIENT",
       with_identity(pop3, Tls::none),
       {dovecot_pop3_greeting, dovecot_pop3_capabilities, "+OK Updated\r\n"},
       "CAPA\r\nXCLIENT ADDR=192.0.2.7 PORT=4711\r\n<join>"},
      {"XCLIENT as a capability",
       with_identity(pop3, Tls::on),
       {"+OK\r\n", "+OK\r\nXCLIENT\r\n.\r\n", "+OK\r\n"},
       "CAPA\r\nXCLIENT ADDR=192.0.2.7 PORT=4711\r\n<join>"},
      {"no CAPA", settings_for(pop3, Tls::none), {"+OK hi\r\n", "-ERR what\r\n"}, "CAPA\r\n<join>"},
      {"no XCLIENT",
       with_identity(pop3, Tls::none),
       {"+OK hi\r\n", dovecot_pop3_capabilities},
       "CAPA\r\n<mail_identity_refused>"},
      {"XCLIENT refused",
       with_identity(pop3, Tls::none),
       {dovecot_pop3_greeting, dovecot_pop3_capabilities, "-ERR You are not from trusted IP\r\n"},
       "CAPA\r\nXCLIENT ADDR=192.0.2.7 PORT=4711\r\n<mail_identity_refused>"},
      {"STLS refused",
       settings_for(pop3, Tls::starttls),
       {"+OK hi\r\n", "-ERR what\r\n"},
       "STLS\r\n<starttls_refused>"},
      {"refused", settings_for(pop3, Tls::none), {"-ERR [SYS/TEMP] later\r\n"}, "<mail_server_refused>"},
      {"IMAP", settings_for(pop3, Tls::none), {"* OK hi\r\n"}, "<mail_reply_malformed>"},
      {"+OKAY", settings_for(pop3, Tls::none), {"+OKAY\r\n"}, "<mail_reply_malformed>"},
  });
  std::string many = "+OK\r\n";
  for (int i = 0; i < 300; ++i) many += "X\r\n";
  EXPECT_EQ(play(settings_for(pop3, Tls::none), {"+OK\r\n", many}), "CAPA\r\n<mail_reply_malformed>");
}

TEST(Pop3Servers, what_is_learned_of_them) {
  using namespace servers;
  EXPECT_EQ(learned(settings_for(pop3, Tls::none), {dovecot_pop3_greeting, dovecot_pop3_capabilities}),
            "|Dovecot (Debian) ready. <480d.4.6b0c9871.6I1E+DaJyCq4ROEj7ZkUZg==@vm>|CAPA,TOP,UIDL,RESP-CODES,"
            "PIPELINING,AUTH-RESP-CODE,STLS,USER,SASL PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256");
  // The time stamp of APOP came in clear.
  EXPECT_EQ(learned(settings_for(pop3, Tls::starttls), {"+OK hi <1.2@mx>\r\n", "+OK\r\n", "+OK\r\nUIDL\r\n.\r\n"}),
            "|hi|UIDL");
}

TEST(SieveServers, dialogues) {
  using namespace servers;
  const std::string under_tls = "\"SASL\" \"PLAIN\"\r\n\"XCLIENT\"\r\nOK \"TLS negotiation successful.\"\r\n";
  check({
      {"in clear", settings_for(sieve, Tls::none), {pigeonhole_greeting}, "<join>"},
      {"Cyrus", settings_for(sieve, Tls::none), {cyrus_sieve_greeting}, "<join>"},
      {"STARTTLS",
       settings_for(sieve, Tls::starttls),
       {pigeonhole_greeting, "OK \"Begin TLS negotiation now.\"\r\n", under_tls},
       "STARTTLS\r\n<tls><join>"},
      {"STARTTLS, then XCLIENT",
       with_identity(sieve, Tls::starttls),
       {pigeonhole_greeting, "OK\r\n", under_tls, "OK \"Updated\"\r\n"},
       "STARTTLS\r\n<tls>XCLIENT ADDR=192.0.2.7 PORT=4711\r\n<join>"},
      {"capabilities in literals",
       settings_for(sieve, Tls::starttls),
       {"{8+}\r\nSTARTTLS\r\n\"SASL\" {5}\r\nPLAIN\r\nOK {6}\r\nhi\r\nyo\r\n"},
       "STARTTLS\r\n"},
      {"no STARTTLS", settings_for(sieve, Tls::starttls), {under_tls}, "<starttls_refused>"},
      {"STARTTLS refused",
       settings_for(sieve, Tls::starttls),
       {pigeonhole_greeting, "NO \"TLS support isn't enabled.\"\r\n"},
       "STARTTLS\r\n<starttls_refused>"},
      {"no XCLIENT", with_identity(sieve, Tls::none), {cyrus_sieve_greeting}, "<mail_identity_refused>"},
      {"XCLIENT refused",
       with_identity(sieve, Tls::none),
       {pigeonhole_greeting, "NO \"You are not from trusted IP\"\r\n"},
       "XCLIENT ADDR=192.0.2.7 PORT=4711\r\n<mail_identity_refused>"},
      {"BYE", settings_for(sieve, Tls::none), {"BYE (TRYLATER) \"full\"\r\n"}, "<mail_server_refused>"},
      {"POP3", settings_for(sieve, Tls::none), {"+OK hi\r\n"}, "<mail_reply_malformed>"},
      {"no end of a string", settings_for(sieve, Tls::none), {"\"SASL\r\n"}, "<mail_reply_malformed>"},
      {"no space", settings_for(sieve, Tls::none), {"\"SASL\"\"PLAIN\"\r\n"}, "<mail_reply_malformed>"},
      {"a literal with a line end",
       settings_for(sieve, Tls::none),
       {"\"SASL\" {7}\r\nA\r\nOK B\r\n"},
       "<mail_reply_malformed>"},
      {"something else",
       settings_for(sieve, Tls::starttls),
       {pigeonhole_greeting, "\"a\"\r\n"},
       "STARTTLS\r\n<mail_reply_malformed>"},
  });
}

TEST(SieveServers, what_is_learned_of_them) {
  using namespace servers;
  EXPECT_EQ(learned(settings_for(sieve, Tls::none), {cyrus_sieve_greeting}),
            "||\"IMPLEMENTATION\" \"Cyrus timsieved 3.6\",\"SASL\" \"PLAIN EXTERNAL\",\"SIEVE\" "
            "\"comparator-i;ascii-numeric fileinto reject\",\"STARTTLS\",\"UNAUTHENTICATE\"");
  EXPECT_EQ(
      learned(settings_for(sieve, Tls::none), {"{4}\r\nSASL {5+}\r\nPLAIN\r\nOK (WARNINGS) {8}\r\na \"b\"\r\nc\r\n"}),
      "|a \"b\"  c|\"SASL\" \"PLAIN\"");
  EXPECT_EQ(learned(settings_for(sieve, Tls::starttls), {"\"EVIL\"\r\n\"STARTTLS\"\r\nOK \"a \\\"b\\\"\"\r\n", "OK\r\n",
                                                         "\"SASL\" \"\"\r\nOK \"TLS\"\r\n"}),
            "|a \"b\"|\"SASL\" \"\"");
}

TEST(Servers, at_their_limits) {
  std::string words = "* OK [CAPABILITY";
  for (int i = 0; i < 300; ++i) words += " X";
  EXPECT_EQ(play(settings_for(imap, Tls::none), {words + "] hi\r\n"}), "<mail_reply_malformed>");
  EXPECT_EQ(play(settings_for(imap, Tls::none), {"* OK " + std::string(16377, 'a') + "\r\n"}), "G1 CAPABILITY\r\n");
  EXPECT_EQ(play(settings_for(imap, Tls::none), {"* OK " + std::string(16378, 'a') + "\r\n"}),
            "<mail_reply_malformed>");
}

// Lines that mean nothing here are passed over, but not for ever.
TEST(Servers, that_never_come_to_the_point) {
  std::string chatter = "* OK hi\r\n";
  while (chatter.size() < 130'000) chatter += "* 1 EXISTS\r\n";
  ServerLeg leg(settings_for(imap, Tls::none));
  EXPECT_EQ(rows::play_server(leg, {chatter}, rows::whole), "G1 CAPABILITY\r\n");
  while (chatter.size() < 135'000) chatter += "* 1 EXISTS\r\n";
  EXPECT_EQ(play(settings_for(imap, Tls::none), {chatter}), "G1 CAPABILITY\r\n<mail_reply_malformed>");
}

}  // namespace
}  // namespace sp::codec::mail
