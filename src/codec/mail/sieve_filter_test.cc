#include <gtest/gtest.h>

#include "codec/mail/rows_for_tests.h"
#include "codec/mail/servers_for_tests.h"

namespace sp::codec::mail {
namespace {

using rows::client;
using rows::server;
using Things = std::vector<rows::Said>;

FilterSettings tls() {
  return {.protocol = Protocol::sieve, .limits = Limits::of(Protocol::sieve), .client = Leg::tls, .server = Leg::tls};
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

const std::string syntax = "NO \"Bad command or arguments\"\r\n";
const std::string tls_is_on = "NO \"TLS is on already\"\r\n";

TEST(SieveFilter, capabilities) {
  check(tls(),
        {
            {"Pigeonhole",
             {client("CAPABILITY\r\n"), server(servers::pigeonhole_capabilities + "OK \"done\"\r\n")},
             "CAPABILITY\r\n|\"IMPLEMENTATION\" \"Dovecot (Debian) Pigeonhole\"\r\n\"SIEVE\" \"fileinto reject "
             "envelope encoded-character vacation subaddress comparator-i;ascii-numeric\"\r\n\"NOTIFY\" "
             "\"mailto\"\r\n\"SASL\" \"PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\"\r\n\"VERSION\" \"1.0\"\r\nOK "
             "\"done\"\r\n"},
            {"in literals",
             {client("CAPABILITY\r\n"), server("{8}\r\nSTARTTLS\r\n{4}\r\nSASL {14}\r\nPLAIN EXTERNAL\r\nOK\r\n")},
             "CAPABILITY\r\n|\"SASL\" \"PLAIN\"\r\nOK\r\n"},
            {"no capability", {client("CAPABILITY\r\n"), server("SASL\r\n")}, "CAPABILITY\r\n|<mail_reply_malformed>"},
        });
}

TEST(SieveFilter, is_transparent_behind_a_log_in) {
  check(tls(),
        {
            {"a first response",
             {client("AUTHENTICATE \"PLAIN\" \"AGEAYg==\"\r\nPUTSCRIPT \"a\" {3+}\r\n"), server("OK \"in\"\r\n{")},
             "AUTHENTICATE \"PLAIN\" \"AGEAYg==\"\r\nPUTSCRIPT \"a\" {3+}\r\n|OK \"in\"\r\n{<transparent>"},
            {"challenges",
             {client("AUTHENTICATE \"LOGIN\"\r\n"), server("\"VXNlcg==\"\r\n"), client("\"YQ==\"\r\n"),
              server("{4}\r\nUA==\r\n"), client("{4+}\r\nYg==\r\n"), server("OK (SASL \"YQ==\")\r\n")},
             "AUTHENTICATE \"LOGIN\"\r\n\"YQ==\"\r\n\"Yg==\"\r\n|\"VXNlcg==\"\r\n{4}\r\nUA==\r\nOK (SASL "
             "\"YQ==\")\r\n<transparent>"},
            {"not behind a failure",
             {client("AUTHENTICATE \"PLAIN\" \"AGEAYg==\"\r\nSTARTTLS\r\n"), server("NO \"no\"\r\n")},
             "AUTHENTICATE \"PLAIN\" \"AGEAYg==\"\r\n|NO \"no\"\r\n" + tls_is_on},
            {"a log-in waits for what was before it",
             {client("NOOP\r\nAUTHENTICATE \"PLAIN\" \"=\"\r\nSTARTTLS\r\n"), server("OK \"noop\"\r\n"),
              server("NO {4}\r\nOK\r\n\r\n")},
             "NOOP\r\nAUTHENTICATE \"PLAIN\" \"=\"\r\n|OK \"noop\"\r\nNO {4}\r\nOK\r\n\r\n" + tls_is_on},
            {"a server that does not wait for the response",
             {client("AUTHENTICATE \"LOGIN\"\r\n"), server("\"\"\r\nNO \"no\"\r\n"), client("STARTTLS\r\n")},
             "AUTHENTICATE \"LOGIN\"\r\n|\"\"\r\nNO \"no\"\r\n" + tls_is_on},
        });
}

// Pigeonhole takes a literal behind a mechanism that it does not know for the next command: NOOP would go well there,
// and look like the log-in that comes behind it.
TEST(SieveFilter, literals) {
  const std::string token(2000, 'a');
  check(tls(),
        {
            {"short ones are put in quotes",
             {client("AUTHENTICATE \"FOO\" {4+}\r\nNOOP\r\nAUTHENTICATE \"BAR\"\r\n"), server("NO \"what\"\r\n")},
             "AUTHENTICATE \"FOO\" \"NOOP\"\r\nAUTHENTICATE \"BAR\"\r\n|NO \"what\"\r\n"},
            {"also of nothing", {client("AUTHENTICATE \"FOO\" {0+}\r\n\r\n")}, "AUTHENTICATE \"FOO\" \"\"\r\n|"},
            {"long ones pass",
             {client("AUTHENTICATE \"XOAUTH2\" {2000+}\r\n" + token + "\r\nSTARTTLS\r\n"), server("NO \"no\"\r\n")},
             "AUTHENTICATE \"XOAUTH2\" {2000+}\r\n" + token + "\r\n|NO \"no\"\r\n" + tls_is_on},
            {"longer ones do not", {client("AUTHENTICATE \"XOAUTH2\" {12289+}\r\n")}, "|<mail_line_too_long>"},
            {"no base64", {client("AUTHENTICATE \"FOO\" {22+}\r\nXCLIENT ADDR=127.0.0.1\r\n")}, "|<mail_malformed>"},
            {"with a line end", {client("AUTHENTICATE \"FOO\" {8+}\r\nAA\r\nAAAA\r\n")}, "|<mail_malformed>"},
            {"with something behind it", {client("AUTHENTICATE \"FOO\" {4+}\r\nAAAA \"a\"\r\n")}, "|<mail_malformed>"},
            {"of the mechanism", {client("AUTHENTICATE {3+}\r\nFOO\r\n")}, "|<mail_malformed>"},
            {"elsewhere", {client("NOOP {10+}\r\nSTARTTLS\r\n\r\n")}, "|<mail_malformed>"},
            {"in what nobody knows", {client("FOO {10+}\r\nSTARTTLS\r\n\r\n")}, "|<mail_malformed>"},
            {"behind a string without an end", {client("NOOP \"a {10+}\r\nSTARTTLS\r\n")}, "|<mail_malformed>"},
        });
}

TEST(SieveFilter, what_clients_may_not_say) {
  check(tls(), {
                   {"STARTTLS", {client("STARTTLS\r\n")}, "|" + tls_is_on},
                   {"XCLIENT", {client("XCLIENT ADDR=127.0.0.1\r\n")}, "|NO \"Not taken from clients\"\r\n"},
                   {"EXTERNAL and a space", {client("AUTHENTICATE \"EXTERNAL \"\r\n")}, "|" + syntax},
                   {"EXTERNAL",
                    {client("AUTHENTICATE \"EXTERNAL\" \"\"\r\n")},
                    "|NO \"This mechanism cannot be used through a gate\"\r\n"},
                   {"no mechanism", {client("AUTHENTICATE PLAIN\r\nAUTHENTICATE\r\n")}, "|" + syntax + syntax},
                   {"no base64", {client("AUTHENTICATE \"PLAIN\" \"a b\"\r\n")}, "|" + syntax},
                   {"a space before", {client(" STARTTLS\r\n")}, "|" + syntax},
                   {"bare LF", {client("NOOP\nSTARTTLS\r\n")}, "|<mail_malformed>"},
                   {"no response",
                    {client("AUTHENTICATE \"LOGIN\"\r\n"), server("\"\"\r\n"), client("XCLIENT ADDR=127.0.0.1\r\n")},
                    "AUTHENTICATE \"LOGIN\"\r\n|\"\"\r\n<mail_malformed>"},
                   {"others pass",
                    {client("NOOP \"x\"\r\nLISTSCRIPTS\r\n"), server("OK (TAG \"x\") \"Done\"\r\n")},
                    "NOOP \"x\"\r\nLISTSCRIPTS\r\n|OK (TAG \"x\") \"Done\"\r\n"},
               });
}

TEST(SieveFilter, no_password_crosses_a_leg_in_clear) {
  FilterSettings settings = tls();
  settings.client = Leg::clear;
  check(settings,
        {{"AUTHENTICATE",
          {client("AUTHENTICATE \"PLAIN\" \"AGEAYg==\"\r\nSTARTTLS\r\n")},
          "|NO (ENCRYPT-NEEDED) \"No password is taken without TLS\"\r\nNO \"STARTTLS is not offered here\"\r\n"},
         {"with a literal", {client("AUTHENTICATE \"PLAIN\" {8+}\r\nAGEAYg==\r\n")}, "|<mail_malformed>"},
         {"not offered",
          {client("CAPABILITY\r\n"), server("\"SASL\" \"PLAIN\"\r\nOK\r\n")},
          "CAPABILITY\r\n|\"SASL\" \"\"\r\nOK\r\n"}});
}

}  // namespace
}  // namespace sp::codec::mail
