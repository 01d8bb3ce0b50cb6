// What connections have shown, and the sentence that comes of it.
#include "services/doctor/diagnose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace sp::doctor {
namespace {

using ::testing::HasSubstr;
using V = config::ProxyVersion;

Observation seen(Way way, Outcome outcome, std::string answer = {}, Product product = Product::unknown) {
  Observation made;
  made.way = way;
  made.outcome = outcome;
  made.answer = std::move(answer);
  made.address = "10.0.0.7:25";
  made.gate = "10.0.0.2";
  made.product = product;
  return made;
}

Circumstances about(std::string scheme = "tcp") {
  return {.server = "10.0.0.7:25",
          .scheme = std::move(scheme),
          .target_place = "sallyport.yaml:29",
          .proxy_place = "sallyport.yaml:31",
          .passes_tls = false};
}

struct Row {
  const char* name;
  std::vector<Observation> seen;
  Code code;  // ok: nothing is wrong
  const char* text;
  const char* remedy;
};

const Row rows[] = {
    {"well", {seen({V::v2}, Outcome::well, "220 mail")}, Code::ok, "", ""},
    {"speaks_another_protocol",
     {seen({V::v2, Tls::starttls}, Outcome::other_speech, "* OK ready.")},
     Code::mail_reply_malformed,
     "10.0.0.7:25 speaks another protocol than its scheme or port say (* OK ready.)",
     "another port or scheme for the server (sallyport.yaml:29)"},
    {"waits_for_its_client", {seen({V::v2}, Outcome::quiet)}, Code::ok, "", ""},
    {"stalwart_does_not_expect_it",
     {seen({V::v2}, Outcome::took_header, "500 5.5.1 Invalid command.", Product::stalwart)},
     Code::proxy_not_expected,
     "10.0.0.7:25 does not expect the PROXY protocol: it took the header for a command (500 5.5.1 Invalid command.)",
     "in Stalwart add 10.0.0.2 to the proxy trusted networks (proxyTrustedNetworks), or remove `send_proxy` here "
     "(sallyport.yaml:31)"},
    {"one_closes_when_it_comes",
     {seen({V::v2}, Outcome::closed), seen({V::v1}, Outcome::closed),
      seen({V::off}, Outcome::well, "+OK", Product::dovecot)},
     Code::proxy_not_expected,
     "10.0.0.7:25 does not expect the PROXY protocol: with a header it closes the connection, without one it answers "
     "(+OK)",
     "in Dovecot write `haproxy = yes` in this inet_listener, and `haproxy_trusted_networks = 10.0.0.2`, or remove "
     "`send_proxy` here (sallyport.yaml:31)"},
    {"it_is_expected",
     {seen({V::off}, Outcome::silent), seen({V::v2}, Outcome::well, "220 mail ESMTP Postfix", Product::postfix),
      seen({V::v1}, Outcome::well, "220 mail ESMTP Postfix", Product::postfix)},
     Code::proxy_expected,
     "10.0.0.7:25 expects the PROXY protocol: without a header it says nothing, with one of version 2 it answers (220 "
     "mail ESMTP Postfix)",
     "add `send_proxy: v2` here (sallyport.yaml:29), or in Postfix remove `smtpd_upstream_proxy_protocol`"},
    {"the_other_version",
     {seen({V::v2}, Outcome::closed), seen({V::v1}, Outcome::well, "220 mail"), seen({V::off}, Outcome::closed)},
     Code::proxy_peer_unlisted,
     "10.0.0.7:25 expects version 1 of the PROXY protocol and is sent version 2: to that it closes the connection, to "
     "the other it answers (220 mail)",
     "write `send_proxy: v1` here (sallyport.yaml:31)"},
    {"another_network",
     {seen({V::v2}, Outcome::closed), seen({V::v1}, Outcome::closed), seen({V::off}, Outcome::closed)},
     Code::proxy_peer_unlisted,
     "10.0.0.7:25 ends the connection when it has read the PROXY header, of either version, and without one as well: "
     "it takes none from 10.0.0.2",
     "Dovecot: `haproxy_trusted_networks`; Stalwart: proxyTrustedNetworks"},
    {"closes_and_was_asked_once",
     {seen({V::v2}, Outcome::closed)},
     Code::proxy_peer_unlisted,
     "it takes none from 10.0.0.2",
     ", or send the other version"},
    {"banned",
     {seen({V::off}, Outcome::closed), seen({V::v2}, Outcome::closed)},
     Code::upstream_closed,
     "closes the connection without a word, whether it is sent a PROXY header or not",
     "it may ban 10.0.0.2"},
    {"says_nothing",
     {seen({V::v2}, Outcome::silent), seen({V::off}, Outcome::silent)},
     Code::response_head_timeout,
     "accepts connections and says nothing, whether it is sent a PROXY header or not",
     "overloaded"},
    {"sends_away",
     {seen({V::off}, Outcome::refused, "421 4.3.2 busy")},
     Code::mail_server_refused,
     "sends this gate away (421 4.3.2 busy)",
     "log of the server"},
    {"clear_where_tls_is_spoken",
     {seen({V::v2}, Outcome::silent), seen({V::v2, Tls::at_once}, Outcome::well)},
     Code::upstream_tls_failed,
     "speaks TLS from the first octet: in clear it says nothing",
     "write `tls://` in place of `tcp://` (sallyport.yaml:29), or another port"},
    {"tls_where_clear_is_spoken",
     {seen({V::v2, Tls::at_once}, Outcome::tls_failed), seen({V::v2}, Outcome::well, "220 mail")},
     Code::upstream_tls_failed,
     "does not speak TLS from the first octet: in clear it answers (220 mail)",
     "write `tcp://` (or, for STARTTLS, `smtp://`, `imap://`, `pop3://` or `sieve://`) in place of"},
    {"tls_and_no_header",
     {seen({V::v2}, Outcome::closed), seen({V::off, Tls::at_once}, Outcome::well)},
     Code::proxy_not_expected,
     "does not expect the PROXY protocol: with a header it closes the connection, without one it answers with TLS, and "
     "it speaks TLS",
     "; besides, write `tls://`"},
    {"the_header_before_tls_is_wrong",
     {seen({V::v2, Tls::at_once}, Outcome::tls_failed), seen({V::off, Tls::at_once}, Outcome::well, "220 mail"),
      seen({V::off}, Outcome::silent)},
     Code::proxy_not_expected,
     "with a header no TLS handshake comes about, without one it answers (220 mail)",
     "let the server take a PROXY header from 10.0.0.2, or remove `send_proxy` here"},
    {"wants_tls",
     {seen({V::off}, Outcome::wants_tls, "HTTP/1.1 400 Bad Request")},
     Code::upstream_tls_failed,
     "wants TLS (HTTP/1.1 400 Bad Request)",
     "write `tls://`"},
};

class Diagnoses : public ::testing::TestWithParam<Row> {};

TEST_P(Diagnoses, name_the_end_and_the_remedy) {
  const auto found = diagnose(about(), GetParam().seen);
  ASSERT_EQ(found.has_value(), GetParam().code != Code::ok) << found->text;
  if (!found) return;
  EXPECT_EQ(name(found->code), name(GetParam().code));
  EXPECT_THAT(found->text, HasSubstr(GetParam().text));
  EXPECT_THAT(found->remedy, HasSubstr(GetParam().remedy));
}

INSTANTIATE_TEST_SUITE_P(Rows, Diagnoses, ::testing::ValuesIn(rows),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Diagnosis, is_of_the_connection_where_there_is_none) {
  Observation refused = seen({V::v2}, Outcome::unreachable);
  refused.code = Code::connection_refused;
  refused.detail = "10.0.0.7:25 refused";
  refused.remedy = "start the server";
  const auto found = diagnose(about(), std::vector{refused});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, Code::connection_refused);
  EXPECT_EQ(found->text, "cannot connect: 10.0.0.7:25 refused");
  EXPECT_EQ(found->remedy, "start the server");
}

TEST(Diagnosis, is_of_the_certificate_where_that_is_wrong) {
  Observation named = seen({V::v2, Tls::at_once}, Outcome::certificate);
  named.code = Code::upstream_certificate_name;
  named.detail = "the certificate is for another";
  const auto found = diagnose(about("tls"), std::vector{named});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, Code::upstream_certificate_name);
}

// ---- two things are wrong at once

Observation untrusted(Way way) {
  Observation made = seen(way, Outcome::certificate);
  made.code = Code::upstream_certificate_untrusted;
  made.detail = "the certificate of 10.0.0.7:143 is signed by \"CN=inside\", which is not trusted here";
  made.remedy = "name this authority in upstream_tls.ca";
  return made;
}

TEST(Diagnosis, is_of_the_header_that_is_missing_and_of_the_certificate_behind_it) {
  const std::vector all{seen({V::off, Tls::starttls}, Outcome::closed), untrusted({V::v2, Tls::starttls}),
                        untrusted({V::v1, Tls::starttls}), seen({V::off, Tls::at_once}, Outcome::tls_failed)};
  const auto found = diagnose(about("imap"), all);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, Code::proxy_expected);
  EXPECT_THAT(found->text, HasSubstr("without a header it closes the connection, with one of version 2 it shows a "
                                     "certificate that is refused here"));
  EXPECT_THAT(found->remedy, HasSubstr("add `send_proxy: v2` here (sallyport.yaml:29), or "));
  EXPECT_THAT(found->remedy,
              HasSubstr("; besides, the certificate of 10.0.0.7:143 is signed by \"CN=inside\", which is not "
                        "trusted here: name this authority in upstream_tls.ca"));
}

TEST(Diagnosis, is_of_the_header_and_of_the_starttls_that_is_not_offered) {
  const auto starttls = [](V version) {
    return seen({version, Tls::starttls}, Outcome::no_starttls, "220 mail", Product::postfix);
  };
  auto found = diagnose(about("smtp"), std::vector{seen({V::off, Tls::starttls}, Outcome::silent), starttls(V::v2)});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, Code::proxy_expected);
  EXPECT_THAT(found->text, HasSubstr("with one of version 2 it offers no STARTTLS (220 mail)"));
  EXPECT_THAT(found->remedy, HasSubstr("; besides, turn STARTTLS on in the server, or write `tcp://` in place of "
                                       "`smtp://` (sallyport.yaml:29)"));
  found = diagnose(about("smtp"), std::vector{seen({V::v2, Tls::starttls}, Outcome::closed), starttls(V::v1)});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, Code::proxy_peer_unlisted);
  EXPECT_THAT(found->text, HasSubstr("expects version 1 of the PROXY protocol and is sent version 2"));
  EXPECT_THAT(found->remedy, HasSubstr("write `send_proxy: v1` here (sallyport.yaml:31); besides, turn STARTTLS on"));
  found = diagnose(about("smtp"),
                   std::vector{seen({V::v2, Tls::starttls}, Outcome::took_header, "500 5.5.2 no"), starttls(V::off)});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, Code::proxy_not_expected);
  EXPECT_THAT(found->remedy, HasSubstr("or remove `send_proxy` here (sallyport.yaml:31); besides, turn STARTTLS on"));
}

TEST(Diagnosis, is_of_all_three_where_header_tls_and_certificate_are_wrong) {
  const std::vector all{seen({V::off, Tls::starttls}, Outcome::closed), seen({V::v2, Tls::starttls}, Outcome::silent),
                        untrusted({V::v2, Tls::at_once})};
  const auto found = diagnose(about("imap"), all);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, Code::proxy_expected);
  EXPECT_THAT(found->text, HasSubstr(", and it speaks TLS"));
  EXPECT_THAT(found->remedy, HasSubstr("; besides, write `tls://` in place of `imap://` (sallyport.yaml:29), or "
                                       "another port; besides, the certificate of"));
}

TEST(Diagnosis, prefers_what_works_to_what_only_begins_well) {
  const std::vector all{seen({V::v2, Tls::starttls}, Outcome::closed),
                        seen({V::v1, Tls::starttls}, Outcome::other_speech, "* OK ready."),
                        seen({V::off, Tls::at_once}, Outcome::well, "220 mail")};
  const auto found = diagnose(about("smtp"), all);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, Code::proxy_not_expected);
  EXPECT_THAT(found->text, HasSubstr("without one it answers (220 mail), and it speaks TLS"));
}

TEST(Diagnosis, is_of_the_protocol_where_it_is_not_http) {
  const auto found = diagnose(about("http"), std::vector{seen({V::off}, Outcome::refused, "SSH-2.0-OpenSSH")});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, Code::bad_status_line);
  EXPECT_THAT(found->text, HasSubstr("does not answer in HTTP (SSH-2.0-OpenSSH)"));
}

TEST(Diagnosis, leaves_it_to_clients_whether_what_they_pass_through_is_tls) {
  Circumstances through = about();
  through.passes_tls = true;
  const std::vector all{seen({V::v2}, Outcome::silent), seen({V::v2, Tls::at_once}, Outcome::well)};
  EXPECT_FALSE(diagnose(through, all));
  // What differs in TLS alone is nearer to the configuration than what differs in the header.
  const std::vector both{seen({V::v2}, Outcome::silent), seen({V::off}, Outcome::well),
                         seen({V::v2, Tls::at_once}, Outcome::well)};
  EXPECT_FALSE(diagnose(through, both));
}

TEST(Diagnosis, names_the_server_and_where_it_was_found) {
  Circumstances named = about();
  named.server = "mail.internal:25";
  const auto found = diagnose(named, std::vector{seen({V::v2}, Outcome::took_header, "500")});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->text, HasSubstr("mail.internal:25 (10.0.0.7:25) does not expect"));
}

// ---- it answers, and yet

Observation answers(std::string answer, Product product, Identity identity = Identity::not_asked) {
  Observation made = seen({V::off}, Outcome::well, std::move(answer), product);
  made.identity = identity;
  return made;
}

TEST(Diagnosis, is_that_users_cannot_log_in_where_the_server_takes_no_log_in_in_clear) {
  Circumstances imap = about();
  imap.mail = "imap";
  Observation clear = answers("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] Dovecot ready.", Product::dovecot);
  EXPECT_FALSE(diagnose(imap, std::vector{clear}));
  clear.log_in_disabled = true;
  const auto found = diagnose(imap, std::vector{clear});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, Code::mail_log_in_disabled);
  EXPECT_THAT(found->text, HasSubstr("10.0.0.7:25 takes no log-in in clear, and this gate speaks to it in clear: users "
                                     "cannot log in (* OK [CAPABILITY IMAP4rev1 LOGINDISABLED]"));
  EXPECT_THAT(found->remedy, HasSubstr("write `imap://` (STARTTLS) or `tls://` in place of `tcp://` "
                                       "(sallyport.yaml:29), or in Dovecot write `disable_plaintext_auth = no`"));
}

TEST(Diagnosis, is_that_nobody_is_told_who_connects) {
  Circumstances mail = about();
  mail.mail = "smtp";
  EXPECT_FALSE(diagnose(mail, std::vector{answers("220 mail", Product::postfix, Identity::taken)}));
  auto found = diagnose(mail, std::vector{answers("220 mail", Product::postfix, Identity::not_offered)});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, Code::mail_identity_refused);
  EXPECT_THAT(found->text, HasSubstr("10.0.0.7:25 does not offer XCLIENT to 10.0.0.2"));
  EXPECT_THAT(found->remedy, HasSubstr("in Postfix write `smtpd_authorized_xclient_hosts = 10.0.0.2` in main.cf, or "
                                       "write `send_proxy: v2` in place of `xclient: on` here (sallyport.yaml:29)"));
  found = diagnose(mail, std::vector{answers("550 5.7.0 no", Product::unknown, Identity::refused)});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->text, HasSubstr("refuses XCLIENT from 10.0.0.2 (550 5.7.0 no)"));
  EXPECT_THAT(found->remedy, HasSubstr("Postfix: `smtpd_authorized_xclient_hosts = 10.0.0.2`; Dovecot: "
                                       "`login_trusted_networks = 10.0.0.2`"));
  mail.mail = "imap";
  found = diagnose(mail, std::vector{answers("* OK hi", Product::unknown, Identity::not_offered)});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->text, HasSubstr("does not offer ID to 10.0.0.2"));
  EXPECT_THAT(found->remedy, HasSubstr("let the server take ID from 10.0.0.2 (Dovecot: `login_trusted_networks"));
}

TEST(Products, are_known_by_their_words) {
  EXPECT_EQ(product_of("220 mx.example.com ESMTP Postfix (Debian)\r\n"), Product::postfix);
  EXPECT_EQ(product_of("* OK [CAPABILITY IMAP4rev1] Dovecot (Debian) ready.\r\n"), Product::dovecot);
  EXPECT_EQ(product_of("\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"\r\n"), Product::dovecot);
  EXPECT_EQ(product_of("220 mail.example.com Stalwart ESMTP at your service\r\n"), Product::stalwart);
  EXPECT_EQ(product_of("HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\n"), Product::nginx);
  EXPECT_EQ(product_of("220 somebody\r\n"), Product::unknown);
}

}  // namespace
}  // namespace sp::doctor
