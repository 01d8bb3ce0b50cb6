#include <gtest/gtest.h>

#include "codec/mail/rows_for_tests.h"
#include "codec/mail/servers_for_tests.h"

namespace sp::codec::mail {
namespace {

using rows::client;
using rows::server;
using Things = std::vector<rows::Said>;
using namespace std::string_literals;

FilterSettings tls() {
  return {.protocol = Protocol::imap, .limits = Limits::of(Protocol::imap), .client = Leg::tls, .server = Leg::tls};
}

struct Row {
  std::string name;
  Things things;
  std::string expected;  // what came to the server "|" what came to the client
};
void check(const FilterSettings& settings, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(
        rows::in_all_cuts([&](const rows::Cuts& cuts) { return rows::play_filter(settings, {}, row.things, cuts); }),
        row.expected)
        << row.name;
  }
}

const std::string syntax = "BAD Bad command or arguments\r\n";

TEST(ImapFilter, capabilities) {
  const std::string shown =
      "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5 "
      "AUTH=SCRAM-SHA-256";
  check(
      tls(),
      {
          {"in answer to CAPABILITY",
           {client("a CAPABILITY\r\n"), server(servers::dovecot_imap_capability + "a OK done\r\n")},
           "a CAPABILITY\r\n|* CAPABILITY " + shown + "\r\na OK done\r\n"},
          {"in a response code", {server("* OK [CAPABILITY A STARTTLS B] hi\r\n")}, "|* OK [CAPABILITY A B] hi\r\n"},
          {"in a tagged one",
           {client("a NOOP\r\n"), server("a OK [CAPABILITY STARTTLS] hi\r\n")},
           "a NOOP\r\n|a OK [CAPABILITY] hi\r\n"},
          {"of lower case", {server("* capability starttls auth=external x\r\n")}, "|* CAPABILITY x\r\n"},
          {"not in texts",
           {server("* OK STARTTLS AUTH=EXTERNAL\r\n* OK [ALERT] [CAPABILITY STARTTLS]\r\n* CAPABILITYX STARTTLS\r\n")},
           "|* OK STARTTLS AUTH=EXTERNAL\r\n* OK [ALERT] [CAPABILITY STARTTLS]\r\n* CAPABILITYX STARTTLS\r\n"},
          {"other answers",
           {client("a ID NIL\r\n"), server("* ID (\"a\" {3}\r\n\r\n* \"b\" NIL)\r\na OK {5}\r\n* BYE\r\n")},
           "a ID NIL\r\n|* ID (\"a\" {3}\r\n\r\n* \"b\" NIL)\r\na OK {5}\r\n* BYE\r\n"},
      });
  FilterSettings settings = tls();
  settings.server = Leg::clear;
  check(settings, {{"where no password may pass",
                    {server("* CAPABILITY IMAP4rev1 LITERAL+ AUTH=PLAIN STARTTLS\r\n")},
                    "|* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"}});
}

TEST(ImapFilter, is_transparent_behind_a_log_in) {
  check(tls(),
        {
            {"LOGIN",
             {client("a NOOP\r\n"), server("a OK\r\n"), client("b LOGIN c d\r\ne STARTTLS\r\n"),
              server("* CAPABILITY X COMPRESS=DEFLATE\r\nb OK [CAPABILITY Y] in\r\n* STARTTLS\n"), client("\n\0"s)},
             "a NOOP\r\nb LOGIN c d\r\ne STARTTLS\r\n\n\0|a OK\r\n* CAPABILITY X COMPRESS=DEFLATE\r\n"
             "b OK [CAPABILITY Y] in\r\n* STARTTLS\n<transparent>"s},
            {"AUTHENTICATE with a first response",
             {client("a AUTHENTICATE PLAIN AGEAYg==\r\n"), server("a OK in\r\n")},
             "a AUTHENTICATE PLAIN AGEAYg==\r\n|a OK in\r\n<transparent>"},
            {"AUTHENTICATE with challenges",
             {client("a AUTHENTICATE LOGIN\r\n"), server("+ VXNlcg==\r\n"), client("YQ==\r\n"), server("+ UA==\r\n"),
              client("Yg==\r\n"), server("a OK in\r\n")},
             "a AUTHENTICATE LOGIN\r\nYQ==\r\nYg==\r\n|+ VXNlcg==\r\n+ UA==\r\na OK in\r\n<transparent>"},
            {"not behind a failure",
             {client("a LOGIN b c\r\nd STARTTLS\r\n"), server("a NO no\r\n")},
             "a LOGIN b c\r\n|a NO no\r\nd BAD TLS is on already\r\n"},
            {"nor behind one of AUTHENTICATE",
             {client("a AUTHENTICATE LOGIN\r\n"), server("+ \r\n"), client("*\r\n"), server("a BAD no\r\n"),
              client("a STARTTLS\r\n")},
             "a AUTHENTICATE LOGIN\r\n*\r\n|+ \r\na BAD no\r\na BAD TLS is on already\r\n"},
            {"a log-in waits for what was before it: its tag may be the same",
             {client("a NOOP\r\na LOGIN b c\r\na STARTTLS\r\n"), server("a OK noop\r\n"), server("a NO no\r\n")},
             "a NOOP\r\na LOGIN b c\r\n|a OK noop\r\na NO no\r\na BAD TLS is on already\r\n"},
            {"a server that does not wait for the response",
             {client("a AUTHENTICATE LOGIN\r\n"), server("+ \r\na NO no\r\n"), client("b STARTTLS\r\n")},
             "a AUTHENTICATE LOGIN\r\n|+ \r\na NO no\r\nb BAD TLS is on already\r\n"},
        });
}

TEST(ImapFilter, what_clients_may_not_say) {
  check(tls(), {
                   {"STARTTLS", {client("a STARTTLS\r\n")}, "|a BAD TLS is on already\r\n"},
                   {"XCLIENT", {client("a XCLIENT ADDR=127.0.0.1\r\n")}, "|a BAD Not taken from clients\r\n"},
                   {"COMPRESS", {client("a COMPRESS DEFLATE\r\n")}, "|a " + syntax},
                   {"EXTERNAL behind two spaces", {client("a AUTHENTICATE  EXTERNAL =\r\n")}, "|a " + syntax},
                   {"EXTERNAL",
                    {client("a AUTHENTICATE EXTERNAL =\r\n")},
                    "|a NO [CANNOT] This mechanism cannot be used through a gate\r\n"},
                   {"a space before", {client(" a STARTTLS\r\n")}, "|* " + syntax},
                   {"two spaces", {client("a  STARTTLS\r\n")}, "|a " + syntax},
                   {"bare LF", {client("a NOOP\nb STARTTLS\r\n")}, "|<mail_malformed>"},
                   {"no response",
                    {client("a AUTHENTICATE LOGIN\r\n"), server("+ \r\n"), client("b ID NIL\r\n")},
                    "a AUTHENTICATE LOGIN\r\n|+ \r\n<mail_malformed>"},
                   {"a string without an end", {client("a LOGIN \"b c\r\n")}, "|a " + syntax},
                   {"half a literal", {client("a LOGIN b {5\r\n")}, "|a " + syntax},
                   {"others pass",
                    {client("a NOOP\r\nb CAPABILITY\r\nc FOO bar\r\nd LOGOUT\r\n")},
                    "a NOOP\r\nb CAPABILITY\r\nc FOO bar\r\nd LOGOUT\r\n|"},
               });
}

TEST(ImapFilter, who_somebody_else_is) {
  const std::string ignored = "|* ID NIL\r\na OK ID completed\r\n";
  check(tls(), {
                   {"ID", {client("a ID (\"name\" \"Thunderbird\")\r\n")}, "a ID (\"name\" \"Thunderbird\")\r\n|"},
                   {"an address", {client("a ID (\"x-originating-ip\" \"127.0.0.1\")\r\n")}, ignored},
                   {"another key", {client("a id (\"name\" \"a\" \"X-Forward-b\" \"c\")\r\n")}, ignored},
                   // Dovecot drops a backslash before any octet.
                   {"with a backslash", {client("a ID (\"\\x\\-originating-ip\" \"127.0.0.1\")\r\n")}, ignored},
                   {"in a literal", {client("a ID ({16}\r\n")}, "|a " + syntax},
                   {"in a literal without waiting",
                    {client("a ID ({16+}\r\nx-originating-ip \"127.0.0.1\")\r\n")},
                    "|<mail_malformed>"},
               });
}

TEST(ImapFilter, literals) {
  check(tls(),
        {
            {"that wait",
             {client("a LOGIN {4}\r\n"), server("+ OK\r\n"), client("b\r\nc {2}\r\n"), server("+ OK\r\n"),
              client("de\r\n"), server("a OK in\r\n")},
             "a LOGIN {4}\r\nb\r\nc {2}\r\nde\r\n|+ OK\r\n+ OK\r\na OK in\r\n<transparent>"},
            // What the client does not wait for the gate waits for.
            {"that do not wait",
             {client("a LOGIN {1+}\r\nb {2+}\r\ncd\r\ne STARTTLS\r\n"), server("+ OK\r\n"), server("+ OK\r\n"),
              server("a NO no\r\n")},
             "a LOGIN {1}\r\nb {2}\r\ncd\r\n|a NO no\r\ne BAD TLS is on already\r\n"},
            {"of nothing",
             {client("a LOGIN {0+}\r\n {0}\r\n"), server("+ OK\r\n"), server("+ OK\r\n"), client("\r\n"),
              server("a NO no\r\n")},
             "a LOGIN {0}\r\n {0}\r\n\r\n|+ OK\r\na NO no\r\n"},
            {"refused",
             {client("a LOGIN {1}\r\n"), server("a NO no\r\n"), client("b NOOP\r\n")},
             "a LOGIN {1}\r\nb NOOP\r\n|a NO no\r\n"},
            // A server that refuses a command takes what follows for the next: Dovecot does.
            {"refused, but sent",
             {client("a LOGIN {22+}\r\nb ID (\"x-originating-\" {3+}\r\nabc\r\nd NOOP\r\n"), server("a BAD no\r\n")},
             "a LOGIN {22}\r\nd NOOP\r\n|a BAD no\r\n"},
            {"refused, but sent, and then not",
             {client("a LOGIN {1+}\r\nb {3}\r\n"), server("a BAD no\r\n")},
             "a LOGIN {1}\r\n|a BAD no\r\n<mail_malformed>"},
            {"in commands that need none", {client("a FOO {60+}\r\nb STARTTLS\r\n")}, "|<mail_malformed>"},
            {"in AUTHENTICATE", {client("a AUTHENTICATE FOO {9+}\r\nf NOOP\r\n\r\n")}, "|<mail_malformed>"},
            {"behind a string without an end", {client("a LOGIN \"a {9+}\r\nf NOOP\r\n\r\n")}, "|<mail_malformed>"},
            {"too long", {client("a LOGIN {8192}\r\n")}, "|<mail_line_too_long>"},
            {"too long together",
             {client("a LOGIN {5000+}\r\n" + std::string(5000, 'b') + " {4000+}\r\n"), server("+ OK\r\n")},
             "a LOGIN {5000}\r\n" + std::string(5000, 'b') + "|<mail_line_too_long>"},
            {"too long together, and refused",
             {client("a LOGIN {5000+}\r\n" + std::string(5000, 'b') + " {4000+}\r\n"), server("a NO no\r\n")},
             "a LOGIN {5000}\r\n|a NO no\r\n<mail_line_too_long>"},
            {"a server that answers within",
             {client("a LOGIN {5}\r\n"), server("+ OK\r\n"), client("ab"), server("a NO no\r\n")},
             "a LOGIN {5}\r\nab|+ OK\r\n<mail_reply_malformed>"},
        });
}

TEST(ImapFilter, no_password_crosses_a_leg_in_clear) {
  FilterSettings settings = tls();
  settings.server = Leg::clear;
  const std::string no =
      "NO [CONTACTADMIN] The way to the mail server is not encrypted, and no password goes there\r\n";
  check(settings, {{"LOGIN", {client("a LOGIN b c\r\nd AUTHENTICATE PLAIN AGEAYg==\r\n")}, "|a " + no + "d " + no},
                   {"with a literal", {client("a LOGIN {5}\r\n")}, "|a " + no},
                   {"with one that does not wait", {client("a LOGIN {5+}\r\n")}, "|<mail_malformed>"}});
  settings = tls();
  settings.client = Leg::clear;
  check(settings,
        {{"the client's leg",
          {client("a LOGIN b c\r\nd STARTTLS\r\n")},
          "|a NO [PRIVACYREQUIRED] No password is taken without TLS\r\nd BAD STARTTLS is not offered here\r\n"}});
  settings.in_clear = Passwords::allow;
  check(settings, {{"told so", {client("a LOGIN b c\r\n")}, "a LOGIN b c\r\n|"}});
}

}  // namespace
}  // namespace sp::codec::mail
