#include <gtest/gtest.h>

#include "codec/mail/rows_for_tests.h"
#include "codec/mail/servers_for_tests.h"

namespace sp::codec::mail {
namespace {

using rows::client;
using rows::server;
using Things = std::vector<rows::Said>;

FilterSettings tls() {
  return {.protocol = Protocol::pop3, .limits = Limits::of(Protocol::pop3), .client = Leg::tls, .server = Leg::tls};
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

const std::string syntax = "-ERR Bad command or arguments\r\n";
const std::string tls_is_on = "-ERR TLS is on already\r\n";

TEST(Pop3Filter, capabilities) {
  check(tls(),
        {
            {"Dovecot",
             {client("CAPA\r\n"), server(servers::dovecot_pop3_capabilities)},
             "CAPA\r\n|+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\nUSER\r\n"
             "SASL PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\r\n.\r\n"},
            {"a list of mechanisms",
             {client("CAPA\r\n"), server("+OK\r\nSASL EXTERNAL PLAIN\r\nXCLIENT\r\n.\r\n")},
             "CAPA\r\n|+OK\r\nSASL PLAIN\r\n.\r\n"},
            {"none", {client("CAPA\r\nNOOP\r\n"), server("-ERR what\r\n")}, "CAPA\r\nNOOP\r\n|-ERR what\r\n"},
            {"not elsewhere", {client("FOO\r\n"), server("+OK\r\nSTLS\r\n.\r\n")}, "FOO\r\n|+OK\r\nSTLS\r\n.\r\n"},
        });
}

TEST(Pop3Filter, is_transparent_behind_a_log_in) {
  check(tls(),
        {
            {"PASS",
             {client("USER a\r\nPASS b c \r\nSTLS\r\n"), server("+OK\r\n"), server("+OK in\r\n+OK\nSTLS")},
             "USER a\r\nPASS b c \r\nSTLS\r\n|+OK\r\n+OK in\r\n+OK\nSTLS<transparent>"},
            {"APOP", {client("APOP a 0123\r\n"), server("+OK in\r\n")}, "APOP a 0123\r\n|+OK in\r\n<transparent>"},
            {"AUTH",
             {client("AUTH PLAIN\r\n"), server("+ \r\n"), client("AGEAYg==\r\n"), server("+OK in\r\n")},
             "AUTH PLAIN\r\nAGEAYg==\r\n|+ \r\n+OK in\r\n<transparent>"},
            {"AUTH with a long first response",
             {client("AUTH XOAUTH2 " + std::string(3000, 'a') + "\r\n"), server("+OK in\r\n")},
             "AUTH XOAUTH2 " + std::string(3000, 'a') + "\r\n|+OK in\r\n<transparent>"},
            {"not behind a failure",
             {client("PASS a\r\nSTLS\r\n"), server("-ERR [AUTH] no\r\n")},
             "PASS a\r\n|-ERR [AUTH] no\r\n" + tls_is_on},
            {"a log-in waits for what was before it",
             {client("USER a\r\nPASS b\r\nSTLS\r\n"), server("+OK user\r\n"), server("-ERR no\r\n")},
             "USER a\r\nPASS b\r\n|+OK user\r\n-ERR no\r\n" + tls_is_on},
            {"a server that does not wait for the response",
             {client("AUTH PLAIN\r\n"), server("+ \r\n-ERR no\r\n"), client("STLS\r\n")},
             "AUTH PLAIN\r\n|+ \r\n-ERR no\r\n" + tls_is_on},
        });
}

TEST(Pop3Filter, what_clients_may_not_say) {
  check(tls(),
        {
            {"STLS", {client("STLS\r\n")}, "|" + tls_is_on},
            {"XCLIENT", {client("XCLIENT ADDR=127.0.0.1\r\n")}, "|-ERR Not taken from clients\r\n"},
            {"a space before", {client(" STLS\r\n")}, "|" + syntax},
            {"bare LF", {client("NOOP\nSTLS\r\n")}, "|<mail_malformed>"},
            {"too long", {client(std::string(512, 'a'))}, "|<mail_line_too_long>"},
            {"EXTERNAL", {client("AUTH EXTERNAL =\r\n")}, "|-ERR This mechanism cannot be used through a gate\r\n"},
            // Answered with a list by some.
            {"AUTH alone", {client("AUTH\r\n")}, "|" + syntax},
            {"no response",
             {client("AUTH PLAIN\r\n"), server("+ \r\n"), client("XCLIENT ADDR=127.0.0.1\r\n")},
             "AUTH PLAIN\r\n|+ \r\n<mail_malformed>"},
            {"a command instead of it",
             {client("AUTH PLAIN\r\n"), server("+ \r\n"), client("capa\r\n")},
             "AUTH PLAIN\r\n|+ \r\n<mail_malformed>"},
            {"answers come in turn",
             {client("NOOP\r\nSTLS\r\n"), server("-ERR a\r\n")},
             "NOOP\r\n|-ERR a\r\n" + tls_is_on},
        });
}

TEST(Pop3Filter, no_password_crosses_a_leg_in_clear) {
  FilterSettings settings = tls();
  settings.server = Leg::clear;
  const std::string no = "-ERR [SYS/PERM] The way to the mail server is not encrypted, and no password goes there\r\n";
  check(settings, {{"all of them", {client("USER a\r\nPASS b\r\nAPOP a b\r\nAUTH PLAIN\r\n")}, "|" + no + no + no + no},
                   {"not offered",
                    {client("CAPA\r\n"), server(servers::dovecot_pop3_capabilities)},
                    "CAPA\r\n|+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\n.\r\n"}});
}

}  // namespace
}  // namespace sp::codec::mail
