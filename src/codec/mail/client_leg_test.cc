#include "codec/mail/client_leg.h"

#include <gtest/gtest.h>

#include "codec/mail/rows_for_tests.h"

namespace sp::codec::mail {
namespace {

using enum Protocol;
using Tls = ClientSettings::Tls;
using namespace std::string_literals;

const Facts smtp_facts{.host = "mx.example",
                       .greeting = "mx.example ESMTP Postfix",
                       .capabilities = {"PIPELINING", "SIZE 1000", "STARTTLS", "AUTH PLAIN EXTERNAL", "XCLIENT ADDR"}};
const Facts imap_facts{.greeting = "Dovecot ready.",
                       .capabilities = {"IMAP4rev1", "SASL-IR", "LITERAL+", "STARTTLS", "AUTH=PLAIN"}};
const Facts pop3_facts{.greeting = "Dovecot ready. <1.2@mx>", .capabilities = {"UIDL", "STLS", "USER", "SASL PLAIN"}};
const Facts sieve_facts{
    .greeting = "Dovecot ready.",
    .capabilities = {R"("IMPLEMENTATION" "Pigeonhole")", R"("SASL" "PLAIN")", R"("STARTTLS")", R"("XCLIENT")"}};

const Facts& facts_of(Protocol protocol) {
  return protocol == smtp ? smtp_facts : protocol == imap ? imap_facts : protocol == pop3 ? pop3_facts : sieve_facts;
}

ClientSettings settings_for(Protocol protocol, Tls tls) {
  return {.protocol = protocol, .limits = Limits::of(protocol), .tls = tls, .server = Leg::tls};
}

struct Row {
  std::string octets;
  std::string expected;  // behind the greeting
};

void check(const ClientSettings& settings, const std::vector<Row>& rows) {
  const Facts& facts = facts_of(settings.protocol);
  const std::string greeting = rows::play_client(settings, facts, "");
  for (const Row& row : rows) {
    EXPECT_EQ(
        rows::in_all_cuts([&](const rows::Cuts& cuts) { return rows::play_client(settings, facts, row.octets, cuts); }),
        greeting + row.expected)
        << row.octets;
  }
}

const std::string smtp_before_tls = "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 STARTTLS\r\n";
const std::string needs_tls = "530 5.7.0 Must issue a STARTTLS command first\r\n";
const std::string smtp_tls = "220 2.0.0 Ready to start TLS\r\n<tls><join>";

TEST(SmtpClients, where_tls_is_required) {
  const ClientSettings settings = settings_for(smtp, Tls::required);
  EXPECT_EQ(rows::play_client(settings, smtp_facts, ""), "220 mx.example ESMTP Postfix\r\n");
  check(settings, {
                      {"EHLO a\r\n", smtp_before_tls},
                      {"ehlo [192.0.2.1]\r\n", smtp_before_tls},
                      {"HELO a\r\n", "250 mx.example\r\n"},
                      {"EHLO a\r\nSTARTTLS\r\n", smtp_before_tls + smtp_tls},
                      {"STARTTLS\r\n", smtp_tls},
                      {"starttls\r\n", smtp_tls},
                      {"EHLO a\r\nNOOP\r\nNOOP x\r\n",
                       smtp_before_tls + "250 2.0.0 NOOP completed\r\n250 2.0.0 NOOP completed\r\n"},
                      {"QUIT\r\nSTARTTLS\r\n", "221 2.0.0 Bye\r\n<close>"},
                      {"MAIL FROM:<a@b.example>\r\n", needs_tls},
                      {"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nSTARTTLS\r\n",
                       smtp_before_tls + needs_tls + needs_tls + needs_tls + smtp_tls},
                      {"AUTH PLAIN AGEAYg==\r\n", needs_tls},
                      {"AUTH PLAIN " + std::string(12000, 'a') + "\r\n", needs_tls},
                      {"XCLIENT ADDR=127.0.0.1\r\n", needs_tls},
                      {"RSET\r\nVRFY a\r\nHELP\r\nFOO\r\n", needs_tls + needs_tls + needs_tls + needs_tls},
                      {"EHLO\r\n", "501 5.5.4 Syntax: EHLO hostname\r\n"},
                      {"EHLO M\xc3\xbcllers PC\r\n", smtp_before_tls},
                      {"EHLO a\tb\r\n", "501 5.5.4 Syntax: EHLO hostname\r\n"},
                      {"STARTTLS now\r\n", "500 5.5.2 Bad command or arguments\r\n"},
                      {"X-ANONYMOUSTLS\r\n", "500 5.5.2 Bad command or arguments\r\n"},
                      {" STARTTLS\r\n", "500 5.5.2 Bad command or arguments\r\n"},
                      {"\r\n", "500 5.5.2 Bad command or arguments\r\n"},
                  });
}

// CVE-2011-0411 and all that came after it.
TEST(SmtpClients, octets_behind_starttls) {
  check(settings_for(smtp, Tls::required),
        {
            {"STARTTLS\r\nRSET\r\n", "<starttls_injection>"},
            {"EHLO a\r\nSTARTTLS\r\nEHLO b\r\nMAIL FROM:<>\r\n", smtp_before_tls + "<starttls_injection>"},
            {"STARTTLS\r\n\r", "<starttls_injection>"},
            {"STARTTLS\r\n\n", "<starttls_injection>"},
            {"STARTTLS\r\n\x16\x03\x01", "<starttls_injection>"},
            {"STARTTLS\r\n\0"s, "<starttls_injection>"},
        });
}

TEST(SmtpClients, lines_that_are_none) {
  check(settings_for(smtp, Tls::required),
        {
            {"EHLO a\n", "<mail_malformed>"},
            {"EHLO a\r", ""},
            {"EHLO a\rSTARTTLS\r\n", "<mail_malformed>"},
            {"STARTTLS\nRSET\r\n", "<mail_malformed>"},
            {"STARTTLS\r\r\n", "<mail_malformed>"},
            {"EHLO a\0b\r\n"s, "<mail_malformed>"},
            {"NOOP " + std::string(2041, 'x') + "\r\n", "250 2.0.0 NOOP completed\r\n"},
            {"NOOP " + std::string(2042, 'x') + "\r\n", "<mail_line_too_long>"},
            {std::string(4000, 'x'), "<mail_line_too_long>"},
            {"AUTH " + std::string(12282, 'x') + "\r\n", "<mail_line_too_long>"},
            {"\x16\x03\x01\x02\0\x01"s, "<mail_malformed>"},
            {"\x16\x03", "<mail_malformed>"},
            {"\x16", ""},
        });
}

TEST(SmtpClients, too_many_commands) {
  std::string octets, answers;
  for (int i = 0; i < 32; ++i) octets += "NOOP\r\n", answers += "250 2.0.0 NOOP completed\r\n";
  check(settings_for(smtp, Tls::required),
        {{octets, answers}, {octets + "STARTTLS\r\n", answers + "<starttls_required>"}});
  check(settings_for(smtp, Tls::optional),
        {{octets, answers}, {octets + "NOOP\r\n", answers + "<mail_too_many_commands>"}});
}

TEST(SmtpClients, that_go_on_in_clear) {
  const ClientSettings settings = settings_for(smtp, Tls::optional);
  check(settings, {
                      {"EHLO a\r\n", smtp_before_tls},
                      {"EHLO a\r\nMAIL FROM:<>\r\nRCPT", smtp_before_tls + "<join>MAIL FROM:<>\r\nRCPT"},
                      {"EHLO a\r\nSTARTTLS\r\n", smtp_before_tls + smtp_tls},
                      {"MAIL FROM:<>\r\n", "<join>MAIL FROM:<>\r\n"},
                      {"AUTH PLAIN\r\n", needs_tls},
                      {"AUTH PLAIN\r\nEHLO a\r\nSTARTTLS\r\n", needs_tls + smtp_before_tls + smtp_tls},
                      {" MAIL FROM:<>\r\n", "500 5.5.2 Bad command or arguments\r\n"},
                  });
  ClientLeg leg(settings, smtp_facts);
  EXPECT_EQ(leg.hello(), "");
  rows::play_client(leg, "EHLO a\r\nHELO client.example\r\nMAIL FROM:<>\r\n", rows::whole);
  EXPECT_EQ(leg.hello(), "HELO client.example\r\n");
  EXPECT_EQ(leg.leg(), Leg::clear);
}

TEST(SmtpClients, start_anew_behind_tls) {
  ClientLeg leg(settings_for(smtp, Tls::optional), smtp_facts);
  rows::play_client(leg, "EHLO a\r\nSTARTTLS\r\n", rows::whole);
  EXPECT_EQ(leg.hello(), "");
  EXPECT_EQ(leg.leg(), Leg::tls);
}

TEST(SmtpClients, where_passwords_may_cross_in_clear) {
  ClientSettings settings = settings_for(smtp, Tls::optional);
  settings.in_clear = Passwords::allow;
  check(settings,
        {{"EHLO a\r\n", "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"}});
}

TEST(Clients, without_starttls_join_behind_the_greeting) {
  EXPECT_EQ(rows::play_client(settings_for(smtp, Tls::none), smtp_facts, "EHLO a\r\n"),
            "220 mx.example ESMTP Postfix\r\n<join>EHLO a\r\n");
  EXPECT_EQ(rows::play_client(settings_for(imap, Tls::on), imap_facts, ""),
            "* OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ AUTH=PLAIN] Dovecot ready.\r\n<join>");
  EXPECT_EQ(rows::play_client(settings_for(pop3, Tls::on), pop3_facts, ""), "+OK Dovecot ready. <1.2@mx>\r\n<join>");
  EXPECT_EQ(rows::play_client(settings_for(sieve, Tls::on), sieve_facts, ""),
            "\"IMPLEMENTATION\" \"Pigeonhole\"\r\n\"SASL\" \"PLAIN\"\r\nOK \"Dovecot ready.\"\r\n<join>");
  EXPECT_EQ(rows::play_client(settings_for(sieve, Tls::none), sieve_facts, ""),
            "\"IMPLEMENTATION\" \"Pigeonhole\"\r\n\"SASL\" \"\"\r\nOK \"Dovecot ready.\"\r\n<join>");
}

TEST(Clients, of_a_server_that_is_not_asked) {
  const auto play = [](Protocol protocol, const std::string& octets) {
    const Facts facts = facts_without_server(protocol, "mx.example");
    return rows::play_client(settings_for(protocol, Tls::required), facts, octets);
  };
  EXPECT_EQ(play(smtp, "EHLO a\r\n"), "220 mx.example ESMTP\r\n250-mx.example\r\n250 STARTTLS\r\n");
  EXPECT_EQ(play(imap, ""), "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] mx.example ready\r\n");
  EXPECT_EQ(play(pop3, "CAPA\r\n"), "+OK mx.example ready\r\n+OK Capability list follows\r\nSTLS\r\n.\r\n");
  EXPECT_EQ(play(sieve, ""),
            "\"IMPLEMENTATION\" \"Sallyport\"\r\n\"SIEVE\" \"\"\r\n\"SASL\" \"\"\r\n\"VERSION\" \"1.0\"\r\n"
            "\"STARTTLS\"\r\nOK \"mx.example ready\"\r\n");
}

TEST(SmtpClients, a_greeting_of_many_lines) {
  const Facts facts{.host = "mx", .greeting = "mx ESMTP\nno spam\nplease"};
  EXPECT_EQ(rows::play_client(settings_for(smtp, Tls::required), facts, ""),
            "220-mx ESMTP\r\n220-no spam\r\n220 please\r\n");
}

TEST(ImapClients, where_tls_is_required) {
  const ClientSettings settings = settings_for(imap, Tls::required);
  const std::string no = "NO [PRIVACYREQUIRED] Must issue a STARTTLS command first\r\n";
  EXPECT_EQ(rows::play_client(settings, imap_facts, ""),
            "* OK [CAPABILITY IMAP4rev1 SASL-IR STARTTLS LOGINDISABLED] Dovecot ready.\r\n");
  check(settings, {
                      {"a CAPABILITY\r\n",
                       "* CAPABILITY IMAP4rev1 SASL-IR STARTTLS LOGINDISABLED\r\na OK CAPABILITY completed\r\n"},
                      {"a NOOP\r\n", "a OK NOOP completed\r\n"},
                      {"a LOGOUT\r\n", "* BYE Logging out\r\na OK Logging out\r\n<close>"},
                      {"a1 STARTTLS\r\n", "a1 OK Begin TLS negotiation now\r\n<tls><join>"},
                      {"a STARTTLS\r\nb LOGIN c d\r\n", "<starttls_injection>"},
                      {"a STARTTLS x\r\n", "a BAD Bad command or arguments\r\n"},
                      {"a LOGIN b c\r\n", "a " + no},
                      {"a LOGIN {1}\r\n", "a " + no},
                      {"a LOGIN {1+}\r\nb {1+}\r\nc\r\n", "<starttls_required>"},
                      {"a AUTHENTICATE PLAIN AGEAYg==\r\n", "a " + no},
                      {"a AUTHENTICATE PLAIN {8+}\r\n", "<starttls_required>"},
                      {"a ID NIL\r\n", "a " + no},
                      {"a NOOP {20+}\r\nb STARTTLS\r\n", "<mail_malformed>"},
                      {"a SELECT inbox\r\n", "a " + no},
                      {"a  STARTTLS\r\n", "a BAD Bad command or arguments\r\n"},
                      {"a\r\n", "* BAD Bad command or arguments\r\n"},
                      {"\r\n", "* BAD Bad command or arguments\r\n"},
                      {"a NOOP\n", "<mail_malformed>"},
                      {"a " + std::string(8189, 'x') + "\r\n", "<mail_line_too_long>"},
                  });
}

TEST(ImapClients, that_go_on_in_clear) {
  ClientSettings settings = settings_for(imap, Tls::optional);
  settings.in_clear = Passwords::allow;
  EXPECT_EQ(rows::play_client(settings, imap_facts, ""),
            "* OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ AUTH=PLAIN STARTTLS] Dovecot ready.\r\n");
  check(settings, {{"a NOOP\r\nb LOGIN c d\r\n", "a OK NOOP completed\r\n<join>b LOGIN c d\r\n"},
                   {"b LOGIN {1+}\r\nc", "<join>b LOGIN {1+}\r\nc"},
                   {"b ID NIL\r\n", "<join>b ID NIL\r\n"}});
}

// STARTTLS can still come behind a password that was refused.
TEST(ClientsThatMayGoOnInClear, but_have_a_password) {
  check(
      settings_for(imap, Tls::optional),
      {{"a LOGIN b c\r\nd STARTTLS\r\n",
        "a NO [PRIVACYREQUIRED] Must issue a STARTTLS command first\r\nd OK Begin TLS negotiation now\r\n<tls><join>"},
       {"a AUTHENTICATE PLAIN\r\n", "a NO [PRIVACYREQUIRED] Must issue a STARTTLS command first\r\n"},
       {"a LOGIN {1+}\r\nb", "<starttls_required>"}});
  check(settings_for(pop3, Tls::optional),
        {{"USER a\r\nPASS b\r\nSTLS\r\n",
          "-ERR Must issue STLS first\r\n-ERR Must issue STLS first\r\n+OK Begin TLS negotiation now\r\n<tls><join>"}});
  check(settings_for(sieve, Tls::optional), {{"AUTHENTICATE \"PLAIN\" \"AGEAYg==\"\r\n",
                                              "NO (ENCRYPT-NEEDED) \"Must issue a STARTTLS command first\"\r\n"}});
}

TEST(Pop3Clients, where_tls_is_required) {
  const ClientSettings settings = settings_for(pop3, Tls::required);
  EXPECT_EQ(rows::play_client(settings, pop3_facts, ""), "+OK Dovecot ready. <1.2@mx>\r\n");
  check(settings, {
                      {"CAPA\r\n", "+OK Capability list follows\r\nUIDL\r\nSTLS\r\n.\r\n"},
                      {"STLS\r\n", "+OK Begin TLS negotiation now\r\n<tls><join>"},
                      {"STLS\r\nUSER a\r\n", "<starttls_injection>"},
                      {"STLS x\r\n", "-ERR Bad command or arguments\r\n"},
                      {"USER a\r\nPASS b\r\n", "-ERR Must issue STLS first\r\n-ERR Must issue STLS first\r\n"},
                      {"APOP a 0123\r\n", "-ERR Must issue STLS first\r\n"},
                      {"AUTH PLAIN " + std::string(2000, 'a') + "\r\n", "-ERR Must issue STLS first\r\n"},
                      {"NOOP\r\n", "-ERR Must issue STLS first\r\n"},
                      {"QUIT\r\n", "+OK Logging out\r\n<close>"},
                      {"USER " + std::string(505, 'a') + "\r\n", "-ERR Must issue STLS first\r\n"},
                      {"USER " + std::string(506, 'a') + "\r\n", "<mail_line_too_long>"},
                      {"USER a\n", "<mail_malformed>"},
                  });
}

TEST(SieveClients, where_tls_is_required) {
  const ClientSettings settings = settings_for(sieve, Tls::required);
  const std::string no = "NO (ENCRYPT-NEEDED) \"Must issue a STARTTLS command first\"\r\n";
  const std::string before_tls = "\"IMPLEMENTATION\" \"Pigeonhole\"\r\n\"SASL\" \"\"\r\n\"STARTTLS\"\r\n";
  EXPECT_EQ(rows::play_client(settings, sieve_facts, ""), before_tls + "OK \"Dovecot ready.\"\r\n");
  check(settings,
        {
            {"CAPABILITY\r\n", before_tls + "OK \"Capability completed\"\r\n"},
            {"NOOP\r\n", "OK \"NOOP completed\"\r\n"},
            {"NOOP \"a b\"\r\n", "OK (TAG \"a b\") \"Done\"\r\n"},
            {"NOOP a\r\n", "NO \"Bad command or arguments\"\r\n"},
            {"NOOP \"a\" \"b\"\r\n", "NO \"Bad command or arguments\"\r\n"},
            // RFC 5804 section 2.2: the capabilities come again by themselves.
            {"STARTTLS\r\n",
             "OK \"Begin TLS negotiation now\"\r\n<tls>\"IMPLEMENTATION\" \"Pigeonhole\"\r\n\"SASL\" \"PLAIN\"\r\n"
             "OK \"Capability completed\"\r\n<join>"},
            {"STARTTLS\r\nNOOP\r\n", "<starttls_injection>"},
            {"STARTTLS \"x\"\r\n", "NO \"Bad command or arguments\"\r\n"},
            {"AUTHENTICATE \"PLAIN\" \"AGEAYg==\"\r\n", no},
            {"AUTHENTICATE \"PLAIN\" {8+}\r\nAGEAYg==\r\n", "<starttls_required>"},
            {"LISTSCRIPTS\r\n", no},
            {"PUTSCRIPT \"a\" {8+}\r\n", "<mail_malformed>"},
            {"LOGOUT\r\n", "OK \"Logging out\"\r\n<close>"},
            {"\"\r\n", "NO \"Bad command or arguments\"\r\n"},
        });
}

TEST(Farewells, in_the_words_of_each_protocol) {
  const Error client{.code = Code::mail_malformed, .side = Side::client};
  const Error required{.code = Code::starttls_required, .side = Side::client};
  const Error server{.code = Code::connection_refused, .side = Side::upstream};
  EXPECT_EQ(farewell(smtp, client), "554 5.7.0 The session cannot go on\r\n");
  EXPECT_EQ(farewell(smtp, required), "554 5.7.0 Must use TLS\r\n");
  const Error waited{.code = Code::head_timeout, .side = Side::client};
  EXPECT_EQ(farewell(smtp, waited), "421 4.4.2 Waited too long\r\n");
  EXPECT_EQ(farewell(imap, waited), "* BYE Waited too long\r\n");
  EXPECT_EQ(farewell(smtp, server), "421 4.3.2 Service not available, try later\r\n");
  EXPECT_EQ(farewell(imap, client), "* BYE The session cannot go on\r\n");
  EXPECT_EQ(farewell(imap, server), "* BYE [UNAVAILABLE] Service not available, try later\r\n");
  EXPECT_EQ(farewell(pop3, server), "-ERR [SYS/TEMP] Service not available, try later\r\n");
  EXPECT_EQ(farewell(sieve, client), "BYE \"The session cannot go on\"\r\n");
  EXPECT_EQ(farewell(sieve, server), "BYE (TRYLATER) \"Service not available, try later\"\r\n");
}

}  // namespace
}  // namespace sp::codec::mail
