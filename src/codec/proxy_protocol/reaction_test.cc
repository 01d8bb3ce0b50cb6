#include "codec/proxy_protocol/reaction.h"

#include <gtest/gtest.h>

#include <string>

namespace sp::codec::proxy_protocol {
namespace {

struct Row {
  const char* name;
  ByteView octets;
  Reaction reaction;
  Speaks speaks;
  ByteView line;
};

const Row rows[] = {
    {"nothing", "", Reaction::nothing, Speaks::unknown, ""},
    {"smtp_greeting", "220 mail.example.com ESMTP\r\n", Reaction::greeted, Speaks::smtp, "220 mail.example.com ESMTP"},
    {"smtp_greeting_of_two_lines", "220-mail.example.com\r\n220 ESMTP\r\n", Reaction::greeted, Speaks::smtp,
     "220-mail.example.com"},
    {"smtp_stalwart", "220 mail.example.com Stalwart ESMTP\r\n500 5.5.1 Invalid command.\r\n221 2.0.0 Bye.\r\n",
     Reaction::took_for_command, Speaks::smtp, "500 5.5.1 Invalid command."},
    {"smtp_postfix", "220 mail ESMTP Postfix\r\n502 5.5.2 Error: command not recognized\r\n",
     Reaction::took_for_command, Speaks::smtp, "502 5.5.2 Error: command not recognized"},
    {"smtp_exim", "554 SMTP synchronization error\r\n", Reaction::took_for_command, Speaks::smtp,
     "554 SMTP synchronization error"},
    {"smtp_sends_away", "421 4.3.2 Too many connections\r\n", Reaction::refused, Speaks::smtp,
     "421 4.3.2 Too many connections"},
    {"smtp_no_service", "554 5.7.1 No service\r\n", Reaction::refused, Speaks::smtp, "554 5.7.1 No service"},
    {"smtp_goes_on", "220 mail\r\n250-mail\r\n250 SIZE 500\r\n", Reaction::greeted, Speaks::smtp, "220 mail"},
    {"imap_greeting", "* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", Reaction::greeted, Speaks::imap,
     "* OK [CAPABILITY IMAP4rev1] Dovecot ready."},
    {"imap_version_1", "* OK ready\r\nPROXY BAD Error in IMAP command TCP4\r\n", Reaction::took_for_command,
     Speaks::imap, "PROXY BAD Error in IMAP command TCP4"},
    {"imap_version_2", "* OK ready\r\n* BAD Error in IMAP command\r\n", Reaction::took_for_command, Speaks::imap,
     "* BAD Error in IMAP command"},
    {"imap_bye", "* BYE too many\r\n", Reaction::refused, Speaks::imap, "* BYE too many"},
    {"imap_logout", "* OK ready\r\n* BYE Logging out\r\nd1 OK Logout\r\n", Reaction::greeted, Speaks::imap,
     "* OK ready"},
    {"pop3_greeting", "+OK Dovecot ready.\r\n", Reaction::greeted, Speaks::pop3, "+OK Dovecot ready."},
    {"pop3_command", "+OK ready\r\n-ERR Unknown command.\r\n", Reaction::took_for_command, Speaks::pop3,
     "-ERR Unknown command."},
    {"pop3_sends_away", "-ERR not you\r\n", Reaction::refused, Speaks::pop3, "-ERR not you"},
    {"sieve_greeting", "\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"\r\n\"SASL\" \"\"\r\nOK \"ready\"\r\n",
     Reaction::greeted, Speaks::sieve, "\"IMPLEMENTATION\" \"Dovecot Pigeonhole\""},
    {"sieve_command", "\"IMPLEMENTATION\" \"x\"\r\nOK\r\nNO \"Error in MANAGESIEVE command\"\r\n",
     Reaction::took_for_command, Speaks::sieve, "NO \"Error in MANAGESIEVE command\""},
    {"http_bad_request", "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", Reaction::took_for_command, Speaks::http,
     "HTTP/1.1 400 Bad Request"},
    {"http_on_https", "HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port",
     Reaction::wants_tls, Speaks::http, "HTTP/1.1 400 Bad Request"},
    {"http_response", "HTTP/1.1 200 OK\r\n\r\n", Reaction::greeted, Speaks::http, "HTTP/1.1 200 OK"},
    {"tls_alert", ByteView("\x15\x03\x01\0\x02\x02\x0a", 7), Reaction::wants_tls, Speaks::tls, ""},
    {"tls_server_hello", ByteView("\x16\x03\x03\0\x02", 5), Reaction::other, Speaks::tls, ""},
    {"ssh", "SSH-2.0-OpenSSH\r\n", Reaction::other, Speaks::unknown, "SSH-2.0-OpenSSH"},
    {"half_a_code", "22", Reaction::other, Speaks::unknown, "22"},
};

class WhatServersSay : public ::testing::TestWithParam<Row> {};

TEST_P(WhatServersSay, is_told_apart) {
  const ServerSaid said = what_server_said(GetParam().octets);
  EXPECT_EQ(said.reaction, GetParam().reaction);
  EXPECT_EQ(said.speaks, GetParam().speaks);
  EXPECT_EQ(said.line, GetParam().line);
}

// No cut of what greets is taken for a complaint.
TEST_P(WhatServersSay, is_no_complaint_before_it_is_one) {
  if (GetParam().reaction != Reaction::greeted) return;
  for (std::size_t size = 0; size < GetParam().octets.size(); ++size) {
    const Reaction reaction = what_server_said(GetParam().octets.substr(0, size)).reaction;
    EXPECT_TRUE(reaction == Reaction::greeted || reaction == Reaction::other || reaction == Reaction::nothing) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, WhatServersSay, ::testing::ValuesIn(rows),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sp::codec::proxy_protocol
