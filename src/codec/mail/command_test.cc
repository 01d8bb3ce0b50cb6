#include "codec/mail/command.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

using enum Protocol;
using Kind = Command::Kind;

struct Row {
  Protocol protocol;
  std::string line;
  Kind kind;
  std::string tag, verb, argument;
};

TEST(Commands, have_one_form) {
  const std::vector<Row> rows{
      {smtp, "EHLO client.example", Kind::hello, "", "EHLO", "client.example"},
      {smtp, "ehlo client.example", Kind::hello, "", "ehlo", "client.example"},
      {smtp, "HELO  a", Kind::old_hello, "", "HELO", " a"},
      {smtp, "NOOP", Kind::noop, "", "NOOP", ""},
      {smtp, "QUIT ", Kind::logout, "", "QUIT", ""},
      {smtp, "STARTTLS", Kind::starttls, "", "STARTTLS", ""},
      {smtp, "STARTTLS x", Kind::starttls, "", "STARTTLS", "x"},
      {smtp, "X-AnonymousTLS", Kind::starttls, "", "X-AnonymousTLS", ""},
      {smtp, "MAIL FROM:<a@b.example> SIZE=1", Kind::other, "", "MAIL", "FROM:<a@b.example> SIZE=1"},
      {smtp, "AUTH PLAIN AGEAYg==", Kind::log_in, "", "AUTH", "PLAIN AGEAYg=="},
      {smtp, "DATA", Kind::data, "", "DATA", ""},
      {smtp, "BDAT 10 LAST", Kind::chunk, "", "BDAT", "10 LAST"},
      {smtp, "XCLIENT ADDR=127.0.0.1", Kind::identity, "", "XCLIENT", "ADDR=127.0.0.1"},
      {smtp, "xforward NAME=a", Kind::identity, "", "xforward", "NAME=a"},
      {smtp, "XPROXYTO", Kind::identity, "", "XPROXYTO", ""},
      // Postfix takes all of these.
      {smtp, " XCLIENT ADDR=127.0.0.1", Kind::malformed, "", "", ""},
      {smtp, "\tXFORWARD NAME=a", Kind::malformed, "", "", ""},
      {smtp,
       "XCLIENT\x0b"
       "ADDR=127.0.0.1",
       Kind::malformed, "", "", ""},
      {smtp, "XCLIENT\tADDR=127.0.0.1", Kind::malformed, "", "", ""},
      {smtp, "", Kind::malformed, "", "", ""},
      {smtp, ".", Kind::malformed, "", "", ""},
      {smtp, "AUTH=PLAIN", Kind::malformed, "", "", ""},
      {smtp,
       "\xef\xbb\xbf"
       "EHLO a",
       Kind::malformed, "", "", ""},
      {imap, "a1 CAPABILITY", Kind::capability, "a1", "CAPABILITY", ""},
      {imap, "a1 starttls", Kind::starttls, "a1", "starttls", ""},
      {imap, "] LOGIN a b", Kind::log_in, "]", "LOGIN", "a b"},
      {imap, "a AUTHENTICATE PLAIN", Kind::log_in, "a", "AUTHENTICATE", "PLAIN"},
      {imap, "a ID NIL", Kind::id, "a", "ID", "NIL"},
      {imap, "a COMPRESS DEFLATE", Kind::compress, "a", "COMPRESS", "DEFLATE"},
      {imap, "a UID FETCH 1", Kind::other, "a", "UID", "FETCH 1"},
      {imap, "a  STARTTLS", Kind::malformed, "a", "", ""},
      {imap, "a \tSTARTTLS", Kind::malformed, "a", "", ""},
      {imap, " a STARTTLS", Kind::malformed, "", "", ""},
      {imap, "a", Kind::malformed, "", "", ""},
      {imap, "a ", Kind::malformed, "a", "", ""},
      {imap, "+ STARTTLS", Kind::malformed, "", "", ""},
      {imap, "* STARTTLS", Kind::malformed, "", "", ""},
      {imap, "a\x01 NOOP", Kind::malformed, "", "", ""},
      {imap, "", Kind::malformed, "", "", ""},
      {pop3, "CAPA", Kind::capability, "", "CAPA", ""},
      {pop3, "STLS", Kind::starttls, "", "STLS", ""},
      {pop3, "USER a", Kind::user, "", "USER", "a"},
      {pop3, "PASS a b ", Kind::log_in, "", "PASS", "a b "},
      {pop3, "APOP a 0123", Kind::log_in, "", "APOP", "a 0123"},
      {pop3, "STARTTLS", Kind::other, "", "STARTTLS", ""},
      {pop3, "XCLIENT ADDR=127.0.0.1", Kind::identity, "", "XCLIENT", "ADDR=127.0.0.1"},
      {sieve, "AUTHENTICATE \"PLAIN\"", Kind::log_in, "", "AUTHENTICATE", "\"PLAIN\""},
      {sieve, "NOOP \"x\"", Kind::noop, "", "NOOP", "\"x\""},
      {sieve, "XCLIENT ADDR=127.0.0.1", Kind::identity, "", "XCLIENT", "ADDR=127.0.0.1"},
      {sieve, "\"STARTTLS\"", Kind::malformed, "", "", ""},
  };
  for (const Row& row : rows) {
    const Command command = parse_command(row.protocol, row.line);
    EXPECT_EQ(static_cast<int>(command.kind), static_cast<int>(row.kind)) << row.line;
    EXPECT_EQ(command.tag, row.tag) << row.line;
    EXPECT_EQ(command.verb, row.verb) << row.line;
    EXPECT_EQ(command.argument, row.argument) << row.line;
  }
}

std::string describe(const Arguments& arguments) {
  if (!arguments.well_formed) return "malformed";
  if (!arguments.literal) return "";
  const bool waits = arguments.literal->consent == Literal::Consent::awaited;
  return fmt::format("{}{}", arguments.literal->octets, waits ? "" : "+");
}

TEST(Commands, literals_at_their_end) {
  struct LiteralRow {
    std::string text, expected;
  };
  const std::vector<LiteralRow> rows{
      {"", ""},
      {"a b", ""},
      {"{5}", "5"},
      {"{5+}", "5+"},
      {"a {0}", "0"},
      {"\"a\" {999999999+}", "999999999+"},
      {"~{7}", "7"},
      {"\"a {5}\"", ""},
      {"\"a \\\" {5}\"", ""},
      {"\"a\\\\\" {5}", "5"},
      {"\"a {5}", "malformed"},
      {"\"a\\\" {5}", "malformed"},
      {"{5} ", "malformed"},
      {"{5}x", "malformed"},
      {"{}", "malformed"},
      {"{+}", "malformed"},
      {"{-5}", "malformed"},
      {"{5-}", "malformed"},
      {"{5++}", "malformed"},
      {"{0x5}", "malformed"},
      {"{1234567890}", "malformed"},
      {"{5}{5}", "malformed"},
      {"a{b {5}", "malformed"},
      {"}", ""},
      {"a}", ""},
  };
  for (const LiteralRow& row : rows) EXPECT_EQ(describe(scan_arguments(row.text)), row.expected) << row.text;
}

TEST(Protocols, have_names) {
  EXPECT_EQ(name(smtp), "SMTP");
  EXPECT_EQ(name(imap), "IMAP");
  EXPECT_EQ(name(pop3), "POP3");
  EXPECT_EQ(name(sieve), "ManageSieve");
}

TEST(Commands, names_in_hello) {
  EXPECT_TRUE(is_hello_name("client.example"));
  EXPECT_TRUE(is_hello_name("[IPv6:2001:db8::1]"));
  EXPECT_TRUE(is_hello_name(std::string(255, 'a')));
  EXPECT_FALSE(is_hello_name(std::string(256, 'a')));
  EXPECT_FALSE(is_hello_name(""));
  EXPECT_TRUE(is_hello_name("M\xc3\xbcllers PC"));
  EXPECT_FALSE(is_hello_name("a\t"));
  EXPECT_FALSE(is_hello_name("a\x01"));
  EXPECT_FALSE(is_hello_name("a\x7f"));
}

TEST(Commands, mechanisms) {
  for (const char* good : {"PLAIN", "xoauth2", "SCRAM-SHA-256-PLUS", "KERBEROS_V4"}) {
    EXPECT_TRUE(is_mechanism(good)) << good;
  }
  for (const char* bad : {"", " PLAIN", "PLAIN\t", "\"PLAIN\"", "A=B"}) EXPECT_FALSE(is_mechanism(bad)) << bad;
  EXPECT_FALSE(is_mechanism(std::string(65, 'A')));
}

TEST(Commands, sasl_responses) {
  for (const char* good : {"", "=", "*", "AGEAYg==", "a+/="}) EXPECT_TRUE(is_sasl_response(good)) << good;
  for (const char* bad : {"**", "a b", "\"\"", "a*", "a\t", "a-b"}) EXPECT_FALSE(is_sasl_response(bad)) << bad;
}

}  // namespace
}  // namespace sp::codec::mail
