// Whole sessions: server, client and what is between them, one part after the other as a proxy plays them.
#include <gtest/gtest.h>

#include "codec/mail/rows_for_tests.h"
#include "codec/mail/servers_for_tests.h"

namespace sp::codec::mail {
namespace {

using rows::client;
using rows::server;
using namespace std::string_literals;
using ClientTls = ClientSettings::Tls;
using ServerTls = ServerSettings::Tls;

Identity someone() { return {.client = {.address = *IpAddress::parse("192.0.2.7"), .port = 4711}}; }

struct Parts {
  Protocol protocol;
  ServerTls server_tls;
  std::optional<Identity> identity;
  ClientTls client_tls;
};

// Plays both legs, and names what each side got to read.
class Session {
 public:
  explicit Session(const Parts& parts)
      : parts_(parts),
        server_leg_({.protocol = parts.protocol,
                     .limits = Limits::of(parts.protocol),
                     .tls = parts.server_tls,
                     .name = "gate",
                     .identity = parts.identity}) {}

  std::string with_server(const std::vector<std::string>& answers) {
    return rows::play_server(server_leg_, answers, rows::whole);
  }
  std::string with_client(const std::string& octets) {
    client_leg_.emplace(ClientSettings{.protocol = parts_.protocol,
                                       .limits = Limits::of(parts_.protocol),
                                       .tls = parts_.client_tls,
                                       .server = server_leg_.leg()},
                        server_leg_.facts());
    return rows::play_client(*client_leg_, octets, rows::whole);
  }
  std::string introduce(const std::string& answer) {
    const std::string said(server_leg_.introduce(client_leg_->hello()).send);
    return said + rows::play_server(server_leg_, {answer}, rows::whole);
  }
  std::string between(const std::vector<rows::Said>& things) {
    const FilterSettings settings{
        .protocol = parts_.protocol,
        .limits = Limits::of(parts_.protocol),
        .client = client_leg_->leg(),
        .server = server_leg_.leg(),
        .hello = client_leg_->hello().empty() ? FilterSettings::Hello::expected : FilterSettings::Hello::said};
    return rows::play_filter(settings, server_leg_.facts(), things);
  }

 private:
  Parts parts_;
  ServerLeg server_leg_;
  std::optional<ClientLeg> client_leg_;
};

TEST(Sessions, submission_with_starttls_on_both_legs_and_xclient) {
  Session session({Protocol::smtp, ServerTls::starttls, someone(), ClientTls::required});
  EXPECT_EQ(session.with_server({servers::postfix_greeting, servers::postfix_trusting_hello, "220 go\r\n",
                                 servers::postfix_trusting_hello, servers::postfix_greeting,
                                 servers::postfix_hello_behind_xclient}),
            "EHLO gate\r\nSTARTTLS\r\n<tls>EHLO gate\r\nXCLIENT NAME=[UNAVAILABLE] PORT=4711 ADDR=192.0.2.7\r\n"
            "EHLO gate\r\n<join>");
  EXPECT_EQ(session.with_client("EHLO laptop\r\nSTARTTLS\r\n"),
            "220 mx.example.test ESMTP Postfix\r\n250-mx.example.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n"
            "250-VRFY\r\n250-ETRN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250-CHUNKING\r\n"
            "250 STARTTLS\r\n220 2.0.0 Ready to start TLS\r\n<tls><join>");
  EXPECT_EQ(session.between({client("EHLO laptop\r\n"), server(servers::postfix_hello_behind_xclient),
                             client("AUTH PLAIN AGEAYg==\r\n"), server("235 2.7.0 ok\r\n"),
                             client("MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n"), server("250 a\r\n250 b\r\n354 go\r\n"),
                             client("XFORWARD\r\n.\r\nXFORWARD NAME=evil\r\nQUIT\r\n"), server("250 queued\r\n"),
                             server("221 Bye\r\n")}),
            "EHLO laptop\r\nAUTH PLAIN AGEAYg==\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\nXFORWARD\r\n.\r\nQUIT\r\n|"
            "250-mx.example.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n"
            "250-AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n"
            "250 CHUNKING\r\n235 2.7.0 ok\r\n250 a\r\n250 b\r\n354 go\r\n250 queued\r\n"
            "550 5.7.0 Not taken from clients\r\n221 Bye\r\n");
}

TEST(Sessions, mail_from_the_world_in_clear) {
  Session session({Protocol::smtp, ServerTls::none, {}, ClientTls::optional});
  EXPECT_EQ(session.with_server({servers::exim_greeting, servers::postfix_plain_hello}), "EHLO gate\r\n<join>");
  EXPECT_EQ(session.with_client("HELO there\r\nMAIL FROM:<a>\r\n"),
            "220 vm ESMTP Exim 4.96 Sun, 29 Nov 2026 21:26:32 +0000\r\n250 mx.example.test\r\n"
            "<join>MAIL FROM:<a>\r\n");
  EXPECT_EQ(session.introduce("250 mx.example.test\r\n"), "HELO there\r\n<join>");
  EXPECT_EQ(session.between({client("MAIL FROM:<a>\r\n")}), "MAIL FROM:<a>\r\n|<transparent>");
}

TEST(Sessions, imap_under_tls_before_a_server_with_starttls) {
  Session session({Protocol::imap, ServerTls::starttls, someone(), ClientTls::on});
  EXPECT_EQ(session.with_server({servers::dovecot_imap_greeting, "G1 OK Begin TLS\r\n",
                                 "* CAPABILITY IMAP4rev1 ID AUTH=PLAIN\r\nG2 OK\r\n", "* ID NIL\r\nG3 OK\r\n"}),
            "G1 STARTTLS\r\n<tls>G2 CAPABILITY\r\n"
            "G3 ID (\"x-originating-ip\" \"192.0.2.7\" \"x-originating-port\" \"4711\")\r\n<join>");
  EXPECT_EQ(session.with_client(""), "* OK [CAPABILITY IMAP4rev1 ID AUTH=PLAIN] Dovecot (Debian) ready.\r\n<join>");
  EXPECT_EQ(session.between({client("a LOGIN b c\r\n"), server("a OK in\r\n")}),
            "a LOGIN b c\r\n|a OK in\r\n<transparent>");
}

TEST(Sessions, pop3_with_stls_on_both_legs) {
  Session session({Protocol::pop3, ServerTls::starttls, someone(), ClientTls::required});
  EXPECT_EQ(session.with_server(
                {servers::dovecot_pop3_greeting, "+OK\r\n", servers::dovecot_pop3_capabilities, "+OK Updated\r\n"}),
            "STLS\r\n<tls>CAPA\r\nXCLIENT ADDR=192.0.2.7 PORT=4711\r\n<join>");
  EXPECT_EQ(session.with_client("CAPA\r\nSTLS\r\n"),
            "+OK Dovecot (Debian) ready.\r\n+OK Capability list follows\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\n"
            "PIPELINING\r\nAUTH-RESP-CODE\r\nSTLS\r\n.\r\n+OK Begin TLS negotiation now\r\n<tls><join>");
  EXPECT_EQ(session.between({client("USER a\r\nPASS b\r\n"), server("+OK\r\n"), server("+OK in\r\n")}),
            "USER a\r\nPASS b\r\n|+OK\r\n+OK in\r\n<transparent>");
}

TEST(Sessions, managesieve_with_starttls_on_both_legs) {
  Session session({Protocol::sieve, ServerTls::starttls, someone(), ClientTls::required});
  EXPECT_EQ(session.with_server({servers::pigeonhole_greeting, "OK \"Begin TLS\"\r\n",
                                 "\"SASL\" \"PLAIN\"\r\n\"XCLIENT\"\r\nOK \"TLS\"\r\n", "OK \"Updated\"\r\n"}),
            "STARTTLS\r\n<tls>XCLIENT ADDR=192.0.2.7 PORT=4711\r\n<join>");
  EXPECT_EQ(session.with_client("STARTTLS\r\n"),
            "\"SASL\" \"\"\r\n\"STARTTLS\"\r\nOK \"Dovecot (Debian) ready.\"\r\nOK \"Begin TLS negotiation now\"\r\n"
            "<tls>\"SASL\" \"PLAIN\"\r\nOK \"Capability completed\"\r\n<join>");
  EXPECT_EQ(session.between({client("AUTHENTICATE \"PLAIN\" \"AGEAYg==\"\r\n"), server("OK \"in\"\r\n")}),
            "AUTHENTICATE \"PLAIN\" \"AGEAYg==\"\r\n|OK \"in\"\r\n<transparent>");
}

}  // namespace
}  // namespace sp::codec::mail
