// `explain` and `test` about connections that are passed on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "app/check_command.h"
#include "app/explain_command.h"
#include "app/test_command.h"
#include "app/testing.h"
#include "tls/self_signed.h"

namespace sp::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestWorld;

constexpr std::string_view mail_gate = R"(certificates:
  - { cert: mail.pem, key: mail.key }
inbound:
  - name: imaps
    listen: [ "tcp://:993", "tcp://192.0.2.10:443" ]
    to: tcp://10.0.0.6
    sni:
      mail.example.com: tcp://10.0.0.7:10993
      "*.example.com": pool
    alpn: { acme-tls/1: "tcp://10.0.0.8:443" }
    accept_proxy: { from: [ 10.1.0.0/16 ] }
    send_proxy: v2
    deny: 198.51.100.0/24
    limits: { connections_per_address: 20, rate_per_address: 100/m }
    timeouts: { tunnel_idle: 30m }
  - name: submissions
    listen: tls://:465
    to: smtp://mail.internal:25
    send_proxy: { version: v2, unique_id: on, tlvs: { 0xE1: "${client.address}" } }
    upstream_tls: { sni: mx.example.com }
  - name: smtp
    listen: [ "smtp://:25", "smtp://:587" ]
    ports: { 25: tcp://10.0.0.7, 587: tls://10.0.0.7:465 }
    xclient: on
  - name: imap
    listen: imap://:143
    sni: { mail.example.com: "imap://10.0.0.7" }
    send_proxy: v1
    starttls: optional
    passwords_in_clear: allow
  - name: web
    listen: https://:8443
    alpn: { acme-tls/1: "tcp://10.0.0.8:443" }
    accept_proxy: { from: [ 10.1.0.0/16 ] }
    sites:
      - routes: [ { path: /, to: app } ]
upstreams:
  pool: { servers: [ "tcp://10.0.0.21", { url: tcp://10.0.0.22, backup: true, weight: 3 } ], send_proxy: v1 }
  app: { servers: "http://10.0.0.9", send_proxy: v2 }
)";

std::string explained(const ExplainArguments& arguments, Exit exit = Exit::ok) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = mail_gate;
  EXPECT_EQ(explain_command(arguments, t.world), exit) << t.err();
  return exit == Exit::ok ? t.out() : t.err();
}

std::string explained(std::string_view url, std::string_view from = "203.0.113.9") {
  return explained({.from = std::string(from), .request = {std::string(url)}});
}

TEST(ExplainConnection, tells_the_whole_way) {
  EXPECT_EQ(explained("tcp://mail.example.com:993"),
            "tcp://mail.example.com:993 from 203.0.113.9\n\n"
            "listener   imaps (tcp://:993)  (sallyport.yaml:4)\n"
            "PROXY in   203.0.113.9 is not in accept_proxy: no header is taken from it  (sallyport.yaml:11)\n"
            "limits     at most 20 connections of one address; new ones of one address at 100/m\n"
            "access     203.0.113.9 is allowed: no `deny` holds it\n"
            "client TLS passes on untouched; its first message is read: it asks for mail.example.com\n"
            "target     sni mail.example.com: the client asks for this name  (sallyport.yaml:8)\n"
            "server     tcp://10.0.0.7:10993\n"
            "PROXY out  version 2, 47 octets, in one piece and before anything else  (sallyport.yaml:12)\n"
            "           0d0a0d0a 000d0a51 5549540a           signature\n"
            "           21                                   version 2, PROXY\n"
            "           11                                   tcp4\n"
            "           001f                                 31 octets follow\n"
            "           cb007109                             source 203.0.113.9\n"
            "           c0000202                             destination 192.0.2.2\n"
            "           c350                                 source port 50000\n"
            "           03e1                                 destination port 993\n"
            "           0200106d 61696c2e 6578616d 706c652e  authority=\"mail.example.com\"\n"
            "           636f6d\n"
            "           for example: a real connection has its own client port 50000, destination 192.0.2.2\n"
            "server TLS that of the client\n"
            "time-outs  client_head 10s, connect 3s, tunnel_idle 30m, half_closed 1m\n");
}

TEST(ExplainConnection, says_which_line_was_chosen) {
  EXPECT_THAT(explained({.request = {"tcp://mail.example.com:993"}, .alpn = {"h2", "acme-tls/1"}}),
              HasSubstr("target     alpn acme-tls/1: the client offers this protocol  (sallyport.yaml:10)\n"));
  const std::string pool = explained("tcp://Other.Example.com:993");
  EXPECT_THAT(pool, HasSubstr("target     sni *.example.com: the client asks for this name"));
  EXPECT_THAT(pool, HasSubstr("upstream   pool: 2 servers"));
  EXPECT_THAT(pool, HasSubstr("server     tcp://10.0.0.21:993, at the port that the client has connected to\n"));
  EXPECT_THAT(pool, HasSubstr(", weight 3, only while no other can be used\n"));
  EXPECT_THAT(explained({.request = {"tcp://mail.example.com:993"}, .sni = ""}),
              HasSubstr("it asks for no name\ntarget     to: nothing more special is for it"));
  EXPECT_THAT(explained({.request = {"tcp://192.0.2.10:443"}, .sni = "mail.example.com"}),
              HasSubstr("listener   imaps (tcp://192.0.2.10:443)"));
  EXPECT_THAT(explained("tcp://192.0.2.10:443"), HasSubstr("has its own client port 50000\n"))
      << "the address that was connected to is known";
}

TEST(ExplainConnection, refuses_as_the_gate_would) {
  const std::string denied = explained("tcp://mail.example.com:993", "198.51.100.7");
  EXPECT_THAT(denied, HasSubstr("198.51.100.7 is denied by 198.51.100.0/24 (sallyport.yaml:13)"));
  EXPECT_THAT(denied, HasSubstr("refused    denied: "));
  EXPECT_THAT(denied, Not(HasSubstr("target")));
  const std::string none = explained("imap://other.example.com:143");
  EXPECT_THAT(none, HasSubstr("refused    no_target: "));
  EXPECT_THAT(none, HasSubstr("(other.example.com: neither its name nor its port is one that is listed"));
}

TEST(ExplainConnection, a_proxy_in_front_must_say_who_connects) {
  const std::string text = explained("tcp://mail.example.com:993", "10.1.2.3");
  EXPECT_THAT(text, HasSubstr("PROXY in   10.1.2.3 is in 10.1.0.0/16 of accept_proxy: it must begin with a header, of "
                              "version 1 or 2, within 10s (client_head)."));
}

TEST(ExplainConnection, tls_that_ends_here_is_in_the_header) {
  const std::string text = explained("tcp://mail.example.com:465");
  EXPECT_THAT(text, HasSubstr("client TLS ends here\n"));
  EXPECT_THAT(text, HasSubstr("authority=\"mail.example.com\""));
  EXPECT_THAT(text, HasSubstr("unique_id=\"0123456789abcdef\""));
  EXPECT_THAT(text, HasSubstr("client=ssl verify=1"));
  EXPECT_THAT(text, HasSubstr("version=\"TLSv1.3\""));
  EXPECT_THAT(text, HasSubstr("0xe1=\"203.0.113.9\""));
  EXPECT_THAT(text, HasSubstr("has its own client port 50000, destination 192.0.2.2, TLSv1.3 with "));
  EXPECT_THAT(text, HasSubstr("server TLS by STARTTLS, without which nothing is sent; the certificate must be valid, "
                              "trusted and for mail.internal (verify: full); authorities: the system's; asked for as "
                              "mx.example.com  (sallyport.yaml:20)"));
}

TEST(ExplainConnection, speaks_of_starttls_identity_and_passwords) {
  const std::string clear = explained("smtp://mail.example.com:25");
  EXPECT_THAT(clear, HasSubstr("client TLS ends here after STARTTLS, which is offered, and not required"));
  EXPECT_THAT(clear, HasSubstr("target     port 25: the client has connected to this port"));
  EXPECT_THAT(clear, HasSubstr("server     tcp://10.0.0.7:25, at the port"));
  EXPECT_THAT(clear, HasSubstr("server TLS none: what is passed on goes as it is"));
  EXPECT_THAT(clear, HasSubstr("XCLIENT    tells the server that 203.0.113.9 connects"));
  EXPECT_THAT(clear, HasSubstr("nobody can log in"));
  EXPECT_THAT(clear, HasSubstr("response_head 1m"));
  const std::string secure = explained("smtp://mail.example.com:587");
  EXPECT_THAT(secure, HasSubstr("server TLS from the beginning; the certificate must be"));
  EXPECT_THAT(secure, Not(HasSubstr("nobody can log in")));
  const std::string imap = explained("imap://mail.example.com:143");
  EXPECT_THAT(imap, HasSubstr("sni mail.example.com: the client asks for this name (mail.example.com); a client that "
                              "does without STARTTLS asks for none"));
  EXPECT_THAT(imap, HasSubstr("PROXY TCP4 203.0.113.9 192.0.2.2 50000 143\\r\\n\n"));
  EXPECT_THAT(imap, HasSubstr("passwords  may come and go in clear (passwords_in_clear: allow)"));
}

TEST(ExplainConnection, knows_who_waits_in_vain) {
  const std::string text = explained("imap://mail.example.com:993");
  EXPECT_THAT(text, HasSubstr("one that waits for the server to speak first is given up after client_head"));
  EXPECT_THAT(text, HasSubstr("target     to: "));
}

TEST(ExplainConnection, knows_that_nobody_logs_in_where_clients_have_no_tls) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = "inbound: [ { listen: tcp://:143, to: imap://mail.internal:143 } ]\n";
  EXPECT_EQ(explain_command({.request = {"tcp://mail.example.com:143"}}, t.world), Exit::ok) << t.err();
  EXPECT_THAT(t.out(), HasSubstr("client TLS none: the client speaks in clear, and no STARTTLS is offered to it"));
  EXPECT_THAT(t.out(), HasSubstr("the client does not, so that nobody can log in: listen on `imap://`"));
}

TEST(ExplainConnection, an_authority_that_cannot_be_read_only_warns) {
  TestWorld t;
  t.files.files["sallyport.yaml"] =
      "inbound:\n"
      "  - { listen: tcp://:993, to: tls://10.0.0.7:993, upstream_tls: { ca: none.pem, sni: mx.example.com } }\n"
      "  - { listen: tcp://:994, to: tls://10.0.0.7:993, sni: { a.example: tcp://10.0.0.7 } }\n";
  EXPECT_EQ(explain_command({.request = {"tcp://mail.example.com:993"}}, t.world), Exit::ok) << t.err();
  EXPECT_THAT(t.err(), HasSubstr("warning: `none.pem` cannot be read here"));
  EXPECT_THAT(t.out(), HasSubstr("identity   the server is not told who connects"));
  EXPECT_THAT(t.out(),
              HasSubstr("server TLS from the beginning; the certificate must be valid, trusted and for 10.0.0.7 "
                        "(verify: full); authorities: none.pem; asked for as mx.example.com  (sallyport.yaml:2)"));
  EXPECT_EQ(explain_command({.request = {"tls://mail.example.com:994"}}, t.world), Exit::ok) << t.err();
  EXPECT_THAT(t.out(),
              HasSubstr("server TLS around that of the client, which few servers expect; from the beginning;"));
}

TEST(CheckConnection, warns_of_a_name_that_no_certificate_has) {
  TestWorld t;
  const std::array<std::string, 1> names{"mail.example.com"};
  auto pair = tls::make_self_signed(names, 7, t.world.now);
  ASSERT_TRUE(pair);
  t.files.files["a.pem"] = pair->certificate;
  t.files.files["a.key"] = pair->key;
  t.files.files["sallyport.yaml"] =
      "certificates: [ { cert: a.pem, key: a.key } ]\n"
      "inbound:\n"
      "- listen: tls://:993\n"
      "  sni: { mail.example.com: tcp://10.0.0.7, imap.example.com: tcp://10.0.0.8, '*': tcp://10.0.0.9 }\n"
      "- listen: tcp://:994\n"
      "  sni: { untouched.example.com: tcp://10.0.0.7 }\n";
  EXPECT_EQ(check_command({}, t.world), Exit::ok);
  EXPECT_THAT(t.out(), HasSubstr("sallyport.yaml:4:62: warning: no certificate is for `imap.example.com`: clients that "
                                 "ask for it are shown another one"));
  EXPECT_THAT(t.out(), Not(HasSubstr("for `mail.example.com`")));
  EXPECT_THAT(t.out(), Not(HasSubstr("untouched")));
}

TEST(ExplainConnection, https_may_pass_a_protocol_on) {
  EXPECT_THAT(explained({.request = {"tls://www.example.com:8443"}, .alpn = {"acme-tls/1"}}),
              HasSubstr("server     tcp://10.0.0.8:443\n"));
  EXPECT_THAT(explained("tls://www.example.com:8443"),
              HasSubstr("http       no protocol that is offered has a target"));
}

TEST(ExplainConnection, requests_show_the_proxy_protocol_too) {
  const std::string text = explained("https://www.example.com:8443/", "10.1.2.3");
  EXPECT_THAT(text, HasSubstr("PROXY in   10.1.2.3 is in 10.1.0.0/16 of accept_proxy"));
  EXPECT_THAT(text, HasSubstr("PROXY out  version 2, "));
  EXPECT_THAT(text, HasSubstr("alpn=\"h2\""));
  EXPECT_THAT(text, HasSubstr("has its own client port 50000, destination 192.0.2.2, protocol h2, TLSv1.3 with"));
  EXPECT_THAT(text, HasSubstr("authority=\"www.example.com\""));
}

TEST(ExplainConnection, wrong_usage) {
  EXPECT_THAT(explained({.request = {"tcp://mail.example.com"}}, Exit::failed), HasSubstr("has no port"));
  EXPECT_THAT(explained({.request = {"tcp://mail.example.com:994"}}, Exit::failed),
              HasSubstr("nothing that passes connections on listens for tcp://mail.example.com:994; the configuration "
                        "listens on tcp://:993, "));
  EXPECT_THAT(explained({.request = {"smtp://mail.example.com:143"}}, Exit::failed), HasSubstr("listens for smtp://"));
  EXPECT_THAT(explained({.request = {"http://mail.example.com:993"}}, Exit::failed), HasSubstr("listens for http"));
  EXPECT_THAT(explained({.from = "me", .request = {"tcp://a:993"}}, Exit::usage), HasSubstr("takes an IP address"));
  EXPECT_THAT(explained({.fields = {"A: b"}, .request = {"tcp://a:993"}}, Exit::usage), HasSubstr("--header is for"));
  EXPECT_THAT(explained({.request = {"GET", "tcp://a:993"}}, Exit::usage), HasSubstr("has no method"));
  EXPECT_THAT(explained({.request = {"https://a/"}, .sni = "b"}, Exit::usage), HasSubstr("are for connections"));
}

TEST(ExplainConnection, prints_json) {
  const auto json = nlohmann::json::parse(
      explained({.from = "203.0.113.9", .request = {"tcp://mail.example.com:993"}, .format = Format::json}));
  EXPECT_EQ(json["outcome"], "pass_on");
  EXPECT_EQ(json["listener"]["url"], "tcp://:993");
  EXPECT_EQ(json["target"]["label"], "sni mail.example.com");
  EXPECT_EQ(json["target"]["place"], "sallyport.yaml:8");
  EXPECT_EQ(json["servers"], nlohmann::json::array({"tcp://10.0.0.7:10993"}));
  EXPECT_EQ(json["must_send_proxy_header"], false);
  EXPECT_EQ(json["proxy_header"]["octets"],
            "0d0a0d0a000d0a515549540a2111001fcb007109c0000202c35003e1020010"
            "6d61696c2e6578616d706c652e636f6d");
  EXPECT_EQ(json["proxy_header"]["text"],
            "v2 PROXY tcp4 203.0.113.9:50000 -> 192.0.2.2:993 authority=\"mail.example.com\"");
  EXPECT_EQ(json["proxy_header"]["examples"][0], "client port 50000");
  const auto denied = nlohmann::json::parse(
      explained({.from = "198.51.100.7", .request = {"tcp://mail.example.com:993"}, .format = Format::json}));
  EXPECT_EQ(denied["outcome"], "refuse");
  EXPECT_EQ(denied["code"], "denied");
}

// ---- rules about what a PROXY header says

constexpr std::string_view private_gate = R"(inbound:
  - listen: tcp://:993
    to: tcp://10.0.0.7
    accept_proxy: { from: [ 10.1.0.0/16 ] }
    allow: [ "${proxy.authority} = *.example.com" ]
  - listen: http://:80
    accept_proxy: { from: [ 10.1.0.0/16 ] }
    sites:
      - routes:
          - { path: /, to: "http://10.0.0.8", deny: [ "${proxy.tls.verify} = 1" ],
              request_headers: { set: { Name: "${proxy.authority}" } } }
)";

std::string explained_private(const ExplainArguments& arguments, Exit exit = Exit::ok) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = private_gate;
  EXPECT_EQ(explain_command(arguments, t.world), exit) << t.err();
  return exit == Exit::ok ? t.out() : t.err();
}

TEST(ExplainHeaderRules, of_connections) {
  EXPECT_THAT(explained_private({.request = {"tcp://a:993"}, .proxy = {"authority=mail.example.com"}}),
              HasSubstr("access     192.0.2.1 is allowed by ${proxy.authority} = *.example.com (sallyport.yaml:5)\n"));
  const std::string without = explained_private({.request = {"tcp://a:993"}});
  EXPECT_THAT(without, HasSubstr("access     192.0.2.1 is not in `allow`, which begins with ${proxy.authority} = "
                                 "*.example.com (sallyport.yaml:5); that is without a PROXY header: `--proxy "
                                 "NAME=TEXT` says what one tells\n"));
  EXPECT_THAT(without, HasSubstr("denied"));
}

TEST(ExplainHeaderRules, of_requests) {
  const std::string denied = explained_private({.request = {"http://a/"}, .proxy = {"tls.verify=1"}});
  EXPECT_THAT(denied, HasSubstr("192.0.2.1 is denied by ${proxy.tls.verify} = 1 (sallyport.yaml:10)"));
  EXPECT_THAT(denied, HasSubstr("403 denied"));
  const std::string passed = explained_private({.request = {"http://a/"}, .proxy = {"tls.verify=0", "authority=b"}});
  EXPECT_THAT(passed, HasSubstr("192.0.2.1 is allowed: no `deny` holds it\n"));
  EXPECT_THAT(passed, HasSubstr("Name: b\n"));
  EXPECT_THAT(explained_private({.request = {"http://a/"}}), HasSubstr("that is without a PROXY header"));
}

TEST(ExplainHeaderRules, wrong_usage) {
  for (const char* text : {"authority", "authorty=a", "=a"}) {
    EXPECT_THAT(explained_private({.request = {"tcp://a:993"}, .proxy = {text}}, Exit::usage),
                HasSubstr("--proxy takes NAME=TEXT"))
        << text;
  }
}

TEST(TestHeaderRules, go_by_what_the_test_says) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = std::string(private_gate) + R"(tests:
  - { connect: "tcp://a:993", proxy: { authority: mail.example.com }, expect: { target: to } }
  - { connect: "tcp://a:993", expect: denied }
  - { request: "http://a/", proxy: { tls.verify: "1" }, expect: denied }
  - { request: "http://a/", proxy: { tls.verify: "0" }, expect: { upstream: "http://10.0.0.8/" } }
)";
  EXPECT_EQ(test_command({}, t.world), Exit::ok) << t.err() << t.out();
}

std::pair<Exit, std::string> tested(std::string_view tests, Format format = Format::text) {
  TestWorld t;
  t.files.files["sallyport.yaml"] = std::string(mail_gate) + std::string(tests);
  const Exit exit = test_command({.format = format}, t.world);
  EXPECT_NE(exit, Exit::configuration) << t.err();
  return {exit, t.out()};
}

TEST(TestConnection, passes_where_everything_is_as_expected) {
  const auto [exit, text] = tested(R"(tests:
  - { connect: "tcp://mail.example.com:993", expect: { server: "tcp://10.0.0.7:10993", target: sni mail.example.com } }
  - { connect: "tcp://mail.example.com:993", alpn: acme-tls/1, expect: { target: alpn acme-tls/1 } }
  - { connect: "tcp://mail.example.com:993", sni: "", expect: { server: "tcp://10.0.0.6:993", target: to } }
  - { connect: "tcp://mail.example.com:993", sni: a.example.com, expect: { server: "tcp://10.0.0.22:993" } }
  - { connect: "tcp://mail.example.com:993", from: 198.51.100.1, expect: denied }
  - { connect: "imap://other.example.com:143", expect: no_target }
  - { request: "https://www.example.com:8443/", expect: { upstream: "http://10.0.0.9/" } }
)");
  EXPECT_EQ(exit, Exit::ok) << text;
  EXPECT_THAT(text, HasSubstr("pass tcp://mail.example.com:993 from 198.51.100.1  (sallyport.yaml:"));
  EXPECT_THAT(text, HasSubstr("sallyport.yaml: 7 passed, 0 failed"));
}

TEST(TestConnection, says_what_differs) {
  const auto [exit, text] = tested(R"(tests:
  - { connect: "tcp://mail.example.com:993", expect: { server: "tcp://10.0.0.7:993", target: to, refused: denied } }
  - { connect: "tcp://mail.example.com:993", from: 198.51.100.1, expect: { server: "tcp://10.0.0.7:10993" } }
  - { connect: "imap://other.example.com:143", expect: { target: to } }
  - { connect: "tcp://mail.example.com:99", expect: denied }
  - { connect: "tls://www.example.com:8443", expect: { target: to } }
)");
  EXPECT_EQ(exit, Exit::failed);
  const std::string instead = "but it goes to tcp://10.0.0.7:10993 by `sni mail.example.com` (sallyport.yaml:8)\n";
  EXPECT_THAT(text, HasSubstr("server: expected tcp://10.0.0.7:993, " + instead));
  EXPECT_THAT(text, HasSubstr("target: expected to, " + instead));
  EXPECT_THAT(text, HasSubstr("refused: expected denied, " + instead));
  EXPECT_THAT(text, HasSubstr("but it is refused as denied (198.51.100.1 is denied by 198.51.100.0/24"));
  EXPECT_THAT(text, HasSubstr("but it is refused as no_target (neither its name nor its port"));
  EXPECT_THAT(text, HasSubstr("nothing that passes connections on listens for tcp://mail.example.com:99"));
  EXPECT_THAT(text, HasSubstr("target: expected to, but requests of HTTP follow"));
  const auto [again, json] =
      tested("tests: [ { connect: \"tcp://mail.example.com:993\", expect: denied } ]\n", Format::json);
  EXPECT_EQ(nlohmann::json::parse(json)[0]["connect"], "tcp://mail.example.com:993");
}

}  // namespace
}  // namespace sp::app
