#include <gtest/gtest.h>

#include "codec/mail/rows_for_tests.h"
#include "codec/mail/servers_for_tests.h"

namespace sp::codec::mail {
namespace {

using rows::client;
using rows::server;
using Things = std::vector<rows::Said>;
using namespace std::string_literals;

// As ServerLeg has it from an answer to EHLO.
Facts facts_of(const std::string& hello) {
  ServerLeg leg({.protocol = Protocol::smtp, .limits = Limits::of(Protocol::smtp), .name = "gate"});
  rows::play_server(leg, {"220 mx\r\n", hello}, rows::whole);
  return leg.facts();
}
// Of a server that trusts the gate.
const Facts trusting = facts_of(servers::postfix_trusting_hello);
const Facts plain = facts_of(servers::postfix_plain_hello);

FilterSettings tls() {
  return {.protocol = Protocol::smtp, .limits = Limits::of(Protocol::smtp), .client = Leg::tls, .server = Leg::tls};
}
FilterSettings behind_hello() {
  FilterSettings settings = tls();
  settings.hello = FilterSettings::Hello::said;
  return settings;
}

std::string play(const FilterSettings& settings, const Facts& facts, const Things& things) {
  return rows::in_all_cuts([&](const rows::Cuts& cuts) { return rows::play_filter(settings, facts, things, cuts); });
}

struct Row {
  std::string name;
  Things things;
  std::string expected;  // what came to the server "|" what came to the client
};
void check(const FilterSettings& settings, const Facts& facts, const std::vector<Row>& rows) {
  for (const Row& row : rows) EXPECT_EQ(play(settings, facts, row.things), row.expected) << row.name;
}

const std::string syntax = "500 5.5.2 Bad command or arguments\r\n";
const std::string not_yours = "550 5.7.0 Not taken from clients\r\n";
const std::string tls_is_on = "503 5.5.1 TLS is on already\r\n";

TEST(SmtpFilter, the_answer_to_ehlo) {
  const std::string shown =
      "250-mx.example.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n"
      "250-AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n"
      "250 CHUNKING\r\n";
  check(tls(), trusting,
        {
            {"Postfix", {client("EHLO a\r\n"), server(servers::postfix_trusting_hello)}, "EHLO a\r\n|" + shown},
            {"Exim",
             {client("EHLO a\r\n"), server(servers::exim_hello)},
             "EHLO a\r\n|250-vm Hello gate.example [192.0.2.1]\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n"
             "250-PIPELINING\r\n250-CHUNKING\r\n250-PRDR\r\n250 HELP\r\n"},
            {"Stalwart",
             {client("EHLO a\r\n"), server(servers::stalwart_hello)},
             "EHLO a\r\n|250-mail.example.org you had me at EHLO\r\n250-SMTPUTF8\r\n250-SIZE 104857600\r\n"
             "250-REQUIRETLS\r\n250-PIPELINING\r\n250-NO-SOLICITING\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"
             "250-BINARYMIME\r\n250-AUTH PLAIN LOGIN OAUTHBEARER XOAUTH2\r\n250 8BITMIME\r\n"},
            {"Exchange",
             {client("EHLO a\r\n"), server(servers::exchange_hello)},
             "EHLO a\r\n|250-EX01.corp.example Hello [192.0.2.1]\r\n250-SIZE 37748736\r\n250-PIPELINING\r\n250-DSN\r\n"
             "250-ENHANCEDSTATUSCODES\r\n250-AUTH NTLM LOGIN\r\n250-X-EXPS GSSAPI NTLM\r\n250-8BITMIME\r\n"
             "250-BINARYMIME\r\n250-CHUNKING\r\n250-SMTPUTF8\r\n250 XRDST\r\n"},
            {"the last one hidden",
             {client("EHLO a\r\n"), server("250-mx\r\n250-SIZE 1\r\n250 STARTTLS\r\n")},
             "EHLO a\r\n|250-mx\r\n250 SIZE 1\r\n"},
            {"all hidden", {client("EHLO a\r\n"), server("250-mx\r\n250 STARTTLS\r\n")}, "EHLO a\r\n|250 mx\r\n"},
            {"once more",
             {client("EHLO a\r\n"), server("250-mx\r\n250 STARTTLS\r\n"), client("EHLO b\r\n"),
              server("250-mx\r\n250 XCLIENT ADDR\r\n")},
             "EHLO a\r\nEHLO b\r\n|250 mx\r\n250 mx\r\n"},
            {"refused",
             {client("EHLO a\r\n"), server("550-no\r\n550 STARTTLS\r\n")},
             "EHLO a\r\n|550-no\r\n550 STARTTLS\r\n"},
            {"HELO", {client("HELO a\r\n"), server("250 mx\r\n")}, "HELO a\r\n|250 mx\r\n"},
            {"in two halves",
             {client("EHLO a\r\n"), server("250-mx\r\n250-STA"), server("RTTLS\r\n250 SIZE\r\n")},
             "EHLO a\r\n|250-mx\r\n250 SIZE\r\n"},
        });
}

TEST(SmtpFilter, is_transparent_where_nothing_has_to_be_hidden) {
  check(tls(), plain,
        {
            {"not before EHLO", {}, "|"},
            {"EHLO",
             {client("EHLO a\r\n"), server(servers::postfix_plain_hello), client("STARTTLS\r\nXCLIENT\r\n\n\0"),
              server("whatever\n")},
             "EHLO a\r\nSTARTTLS\r\nXCLIENT\r\n\n|" + servers::postfix_plain_hello + "whatever\n<transparent>"},
            {"HELO", {client("HELO a\r\n"), server("250 mx\r\n")}, "HELO a\r\n|250 mx\r\n<transparent>"},
            {"not where the second answer has something",
             {client("EHLO a\r\n"), server("250-mx\r\n250 STARTTLS\r\n"), client("HELO a\r\n"), server("250 mx\r\n")},
             "EHLO a\r\nHELO a\r\n|250 mx\r\n250 mx\r\n"},
        });
  check(behind_hello(), plain, {{"said before", {client("anything"), server("else")}, "anything|else<transparent>"}});
  check(behind_hello(), trusting, {{"said before", {}, "|"}});
}

TEST(SmtpFilter, what_clients_may_not_say) {
  check(
      behind_hello(), trusting,
      {
          {"XCLIENT", {client("XCLIENT ADDR=127.0.0.1\r\n")}, "|" + not_yours},
          {"XFORWARD", {client("xforward NAME=a\r\n")}, "|" + not_yours},
          {"XPROXY", {client("XPROXYTO a\r\n")}, "|" + not_yours},
          {"STARTTLS", {client("STARTTLS\r\n")}, "|" + tls_is_on},
          {"STARTTLS of Exchange", {client("X-ANONYMOUSTLS\r\n")}, "|" + tls_is_on},
          {"EXTERNAL behind two spaces", {client("AUTH  EXTERNAL =\r\n")}, "|" + syntax},
          {"EXTERNAL before a tab", {client("AUTH EXTERNAL\t=\r\n")}, "|" + syntax},
          {"AUTH alone", {client("AUTH\r\n")}, "|" + syntax},
          {"EXTERNAL", {client("AUTH EXTERNAL =\r\n")}, "|504 5.5.4 This mechanism cannot be used through a gate\r\n"},
          // What Postfix takes for XCLIENT.
          {"a space before", {client(" XCLIENT ADDR=127.0.0.1\r\n")}, "|" + syntax},
          {"a tab before", {client("\tXCLIENT ADDR=127.0.0.1\r\n")}, "|" + syntax},
          {"a tab within", {client("XCLIENT\tADDR=127.0.0.1\r\n")}, "|" + syntax},
          {"another space",
           {client("XCLIENT\x0b"
                   "ADDR=127.0.0.1\r\n")},
           "|" + syntax},
          {"nothing", {client("\r\n")}, "|" + syntax},
          {"bare LF", {client("NOOP\nXCLIENT ADDR=127.0.0.1\r\n")}, "|<mail_malformed>"},
          {"bare CR", {client("NOOP\rXCLIENT ADDR=127.0.0.1\r\n")}, "|<mail_malformed>"},
          {"NUL", {client("NOOP\0XCLIENT ADDR=127.0.0.1\r\n"s)}, "|<mail_malformed>"},
          {"too long", {client(std::string(2049, 'a'))}, "|<mail_line_too_long>"},
          {"EHLO without a name", {client("EHLO\r\n")}, "|" + syntax},
          {"others pass",
           {client("VRFY a\r\nEXPN b\r\nHELP\r\nFOO\r\nMAIL FROM:<a> X\r\n")},
           "VRFY a\r\nEXPN b\r\nHELP\r\nFOO\r\nMAIL FROM:<a> X\r\n|"},
      });
}

TEST(SmtpFilter, answers_in_its_turn) {
  check(behind_hello(), trusting,
        {
            {"waits for what is due", {client("MAIL FROM:<a>\r\nXCLIENT A\r\nRSET\r\n")}, "MAIL FROM:<a>\r\n|"},
            {"behind it",
             {client("MAIL FROM:<a>\r\nNOOP\r\nXCLIENT A\r\nRSET\r\n"), server("250-a\r\n250 b\r\n"),
              server("250 c\r\n"), server("250 d\r\n")},
             "MAIL FROM:<a>\r\nNOOP\r\nRSET\r\n|250-a\r\n250 b\r\n250 c\r\n" + not_yours + "250 d\r\n"},
            {"EHLO waits, too",
             {client("NOOP\r\nEHLO a\r\n"), server("250-XCLIENT\r\n250 STARTTLS\r\n"),
              server("250-a\r\n250 STARTTLS\r\n")},
             "NOOP\r\nEHLO a\r\n|250-XCLIENT\r\n250 STARTTLS\r\n250 a\r\n"},
        });
}

TEST(SmtpFilter, nothing_passes_before_ehlo) {
  const std::string first = "503 5.5.1 Send EHLO first\r\n";
  check(tls(), plain,
        {
            {"MAIL", {client("MAIL FROM:<a>\r\n")}, "|" + first},
            {"AUTH", {client("AUTH PLAIN AGEAYg==\r\n")}, "|" + first},
            {"BDAT", {client("BDAT 5 LAST\r\nRSET\r\n")}, "RSET\r\n|" + first},
            {"what needs none", {client("NOOP\r\nRSET\r\nHELP\r\nQUIT\r\n")}, "NOOP\r\nRSET\r\nHELP\r\nQUIT\r\n|"},
            {"a refused one is none",
             {client("EHLO a\r\nMAIL FROM:<a>\r\n"), server("550 no\r\n")},
             "EHLO a\r\n|550 no\r\n" + first},
        });
}

TEST(SmtpFilter, messages_are_not_touched) {
  const std::string content =
      "Subject: a\r\n\r\nSTARTTLS\r\nXCLIENT ADDR=127.0.0.1\r\n..\r\n.XCLIENT\r\nbare\nLF\rCR\0NUL\r\n"s;
  const Things mail{client("MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n"), server("250 a\r\n250 b\r\n354 go\r\n")};
  const std::string commands = "MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n";
  const auto with = [&](std::initializer_list<rows::Said> more) {
    Things things = mail;
    things.insert(things.end(), more);
    return things;
  };
  const std::string replies = "250 a\r\n250 b\r\n354 go\r\n";
  check(
      behind_hello(), trusting,
      {
          {"DATA", with({client(content + ".\r\n"), server("250 queued\r\n")}),
           commands + content + ".\r\n|" + replies + "250 queued\r\n"},
          {"commands behind it",
           with({client(content + ".\r\nNOOP\r\nXCLIENT A\r\n"), server("250 queued\r\n250 ok\r\n")}),
           commands + content + ".\r\nNOOP\r\n|" + replies + "250 queued\r\n250 ok\r\n" + not_yours},
          {"an empty one", with({client(".\r\nSTARTTLS\r\n"), server("250 a\r\n")}),
           commands + ".\r\n|" + replies + "250 a\r\n" + tls_is_on},
          {"DATA refused",
           {client("DATA\r\nXCLIENT A\r\n.\r\n"), server("503 no\r\n")},
           "DATA\r\n|503 no\r\n" + not_yours + syntax},
          {"DATA before its reply", {client("DATA\r\nSTARTTLS\r\n.\r\n")}, "DATA\r\n|"},
          {"a long line", with({client(std::string(100000, 'a'))}),
           commands + std::string(100000, 'a') + "|" + replies},
          // CVE-2023-51764 and its like.
          {"LF.LF", with({client("a\r\nb\n.\nXCLIENT A\r\n")}), commands + "a\r\nb\n.|" + replies + "<mail_malformed>"},
          {"LF.CRLF", with({client("b\n.\r\nXCLIENT A\r\n")}), commands + "b\n.\r|" + replies + "<mail_malformed>"},
          {"CRLF.LF", with({client("b\r\n.\nXCLIENT A\r\n")}), commands + "b\r\n.|" + replies + "<mail_malformed>"},
          {"CRLF.CR", with({client("b\r\n.\rXCLIENT A\r\n")}), commands + "b\r\n.\r|" + replies + "<mail_malformed>"},
      });
}

TEST(SmtpFilter, chunks_are_not_touched) {
  check(behind_hello(), trusting,
        {
            {"BDAT",
             {client("BDAT 19\r\nSTARTTLS\r\nXCLIENT\0\nBDAT 5 LAST\r\n\r\n.\r\nNOOP\r\n"s),
              server("250 a\r\n250 b\r\n250 c\r\n")},
             "BDAT 19\r\nSTARTTLS\r\nXCLIENT\0\nBDAT 5 LAST\r\n\r\n.\r\nNOOP\r\n|250 a\r\n250 b\r\n250 c\r\n"s},
            {"behind it",
             {client("bdat 4 last\r\nabcdXCLIENT A\r\n"), server("250 a\r\n")},
             "bdat 4 last\r\nabcd|250 a\r\n" + not_yours},
            {"of nothing",
             {client("BDAT 0 LAST\r\nXCLIENT A\r\n"), server("250 a\r\n")},
             "BDAT 0 LAST\r\n|250 a\r\n" + not_yours},
            // A server could go on with any of these.
            {"no size", {client("BDAT\r\n")}, "|" + syntax},
            {"a sign", {client("BDAT +5\r\n")}, "|" + syntax},
            {"hexadecimal", {client("BDAT 0x5\r\n")}, "|" + syntax},
            {"another word", {client("BDAT 5 FIRST\r\n")}, "|" + syntax},
            {"two words", {client("BDAT 5 LAST x\r\n")}, "|" + syntax},
            {"two spaces", {client("BDAT  5\r\n")}, "|" + syntax},
            {"more than there is", {client("BDAT 9999999999999999999\r\n")}, "|" + syntax},
            {"eighteen nines",
             {client("BDAT 999999999999999999\r\n" + std::string(5000, '.'))},
             "BDAT 999999999999999999\r\n" + std::string(5000, '.') + "|"},
            // A server without CHUNKING takes the chunk for commands.
            {"not offered",
             {client("EHLO a\r\n"), server("250-mx\r\n250 STARTTLS\r\n"), client("BDAT 20 LAST\r\nXCLIENT A\r\n")},
             "EHLO a\r\n|250 mx\r\n" + syntax + not_yours},
        });
}

TEST(SmtpFilter, logging_in) {
  check(behind_hello(), trusting,
        {
            {"with a first response",
             {client("AUTH PLAIN AGEAYg==\r\nNOOP\r\n"), server("235 ok\r\n")},
             "AUTH PLAIN AGEAYg==\r\nNOOP\r\n|235 ok\r\n"},
            {"with challenges",
             {client("AUTH LOGIN\r\n"), server("334 VXNlcg==\r\n"), client("U1RBUlRUTFM=\r\n"), server("334 UA==\r\n"),
              client("STARTTLS\r\n"), server("535 no\r\n"), client("STARTTLS\r\n")},
             "AUTH LOGIN\r\nU1RBUlRUTFM=\r\nSTARTTLS\r\n|334 VXNlcg==\r\n334 UA==\r\n535 no\r\n" + tls_is_on},
            {"cancelled",
             {client("AUTH LOGIN\r\n"), server("334 a\r\n"), client("*\r\n"), server("501 ok\r\n")},
             "AUTH LOGIN\r\n*\r\n|334 a\r\n501 ok\r\n"},
            {"an empty response",
             {client("AUTH GSSAPI\r\n"), server("334 \r\n"), client("\r\n"), server("535 no\r\n")},
             "AUTH GSSAPI\r\n\r\n|334 \r\n535 no\r\n"},
            {"what follows waits for the reply", {client("AUTH LOGIN\r\nXCLIENT A\r\n")}, "AUTH LOGIN\r\n|"},
            {"a long one",
             {client("AUTH XOAUTH2 " + std::string(12000, 'a') + "\r\n")},
             "AUTH XOAUTH2 " + std::string(12000, 'a') + "\r\n|"},
            {"no response",
             {client("AUTH LOGIN\r\n"), server("334 a\r\n"), client("XCLIENT ADDR=127.0.0.1\r\n")},
             "AUTH LOGIN\r\n|334 a\r\n<mail_malformed>"},
        });
}

TEST(SmtpFilter, no_password_crosses_a_leg_in_clear) {
  FilterSettings to_clear_server = behind_hello();
  to_clear_server.server = Leg::clear;
  check(to_clear_server, trusting,
        {{"the server's leg",
          {client("AUTH PLAIN AGEAYg==\r\n")},
          "|454 4.7.0 The way to the mail server is not encrypted, and no password goes there\r\n"}});
  FilterSettings from_clear_client = behind_hello();
  from_clear_client.client = Leg::clear;
  check(from_clear_client, trusting,
        {{"the client's leg",
          {client("AUTH PLAIN AGEAYg==\r\nX-EXPS NTLM\r\nSTARTTLS\r\n")},
          "|538 5.7.11 No password is taken without TLS\r\n538 5.7.11 No password is taken without TLS\r\n"
          "502 5.5.1 STARTTLS is not offered here\r\n"}});
  from_clear_client.in_clear = Passwords::allow;
  check(from_clear_client, trusting, {{"told so", {client("AUTH PLAIN AGEAYg==\r\n")}, "AUTH PLAIN AGEAYg==\r\n|"}});
}

TEST(SmtpFilter, servers_that_break_the_rules) {
  check(behind_hello(), trusting,
        {
            {"no reply", {server("hello\r\n")}, "|<mail_reply_malformed>"},
            {"bare LF", {server("250 a\n")}, "|<mail_reply_malformed>"},
            {"too long", {server("250 " + std::string(4096, 'a'))}, "|<mail_reply_malformed>"},
            {"a reply to nothing", {server("421 shutting down\r\n")}, "|421 shutting down\r\n"},
            {"354 to nothing", {server("354 go\r\n"), client("XCLIENT A\r\n")}, "|354 go\r\n" + not_yours},
            {"334 to nothing", {server("334 go\r\n"), client("XCLIENT A\r\n")}, "|334 go\r\n" + not_yours},
            {"what was passed before comes first",
             {server("250 a\r\n250 b\r\nhello\r\n")},
             "|250 a\r\n250 b\r\n<mail_reply_malformed>"},
        });
  std::string many;
  for (int i = 0; i < 300; ++i) many += "250-X\r\n";
  check(behind_hello(), trusting,
        {{"an answer to EHLO too long", {client("EHLO a\r\n"), server(many)}, "EHLO a\r\n|<mail_reply_malformed>"}});
}

TEST(SmtpFilter, lines_that_pass_pass_together) {
  Filter filter(behind_hello(), trusting);
  const std::string lines = "MAIL FROM:<a>\r\nRCPT TO:<b>\r\nRCPT TO:<c>\r\nDATA\r\nleft";
  ByteView in = lines;
  const auto passage = filter.from_client(in);
  ASSERT_TRUE(passage.has_value());
  EXPECT_EQ(passage->pass.data(), lines.data());
  EXPECT_EQ(passage->pass.size() + 4, lines.size());
  EXPECT_EQ(in, "left");
}

}  // namespace
}  // namespace sp::codec::mail
