#include "codec/mail/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sp::codec::mail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ByteView postfix = "NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT";

Endpoint endpoint(std::string_view address, std::uint16_t port) {
  return {.address = *IpAddress::parse(address), .port = port};
}

Identity someone() {
  return {.client = endpoint("192.0.2.7", 4711),
          .destination = endpoint("198.51.100.1", 25),
          .name = "client.example",
          .helo = "client.example",
          .protocol = "ESMTP",
          .login = "user@example.test",
          .session = "abc"};
}

TEST(Xclient, of_postfix) {
  EXPECT_THAT(smtp_xclient(someone(), postfix),
              ElementsAre("XCLIENT PROTO=ESMTP HELO=client.example LOGIN=user@example.test DESTADDR=198.51.100.1 "
                          "DESTPORT=25 NAME=client.example PORT=4711 ADDR=192.0.2.7\r\n"));
}

TEST(Xclient, a_name_is_always_said) {
  EXPECT_THAT(smtp_xclient({.client = endpoint("192.0.2.7", 4711)}, postfix),
              ElementsAre("XCLIENT NAME=[UNAVAILABLE] PORT=4711 ADDR=192.0.2.7\r\n"));
}

TEST(Xclient, ipv6) {
  EXPECT_THAT(smtp_xclient({.client = endpoint("2001:db8::7", 1), .destination = endpoint("2001:db8::1", 25)}, postfix),
              ElementsAre("XCLIENT DESTADDR=IPV6:2001:db8::1 DESTPORT=25 NAME=[UNAVAILABLE] PORT=1 "
                          "ADDR=IPV6:2001:db8::7\r\n"));
}

TEST(Xclient, a_client_without_an_address) {
  EXPECT_THAT(smtp_xclient({.client = {.unix_path = "/run/mail"}}, postfix),
              ElementsAre("XCLIENT NAME=[UNAVAILABLE] PORT=[UNAVAILABLE] ADDR=[UNAVAILABLE]\r\n"));
}

TEST(Xclient, only_what_is_listed) {
  EXPECT_THAT(smtp_xclient(someone(), "addr Login"), ElementsAre("XCLIENT LOGIN=user@example.test ADDR=192.0.2.7\r\n"));
  EXPECT_THAT(smtp_xclient(someone(), ""), IsEmpty());
}

TEST(Xclient, lines_of_512_octets) {
  Identity identity = someone();
  identity.helo = std::string(250, 'h');
  identity.login = std::string(250, 'l');
  const auto lines = smtp_xclient(identity, postfix);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[1].ends_with(" ADDR=192.0.2.7\r\n")) << lines[1];
  for (const std::string& line : lines) EXPECT_LE(line.size(), 512u);
}

TEST(Xclient, what_is_too_long_is_left_out) {
  Identity identity = someone();
  identity.helo = std::string(255, ' ');
  const auto lines = smtp_xclient(identity, "ADDR HELO");
  EXPECT_THAT(lines, ElementsAre("XCLIENT ADDR=192.0.2.7\r\n"));
}

TEST(Xclient, xtext) {
  EXPECT_EQ(xtext("a-z.[1]"), "a-z.[1]");
  EXPECT_EQ(xtext("a b"), "a+20b");
  EXPECT_EQ(xtext("a+b=c"), "a+2Bb+3Dc");
  EXPECT_EQ(xtext("\r\n\x7f\xff"), "+0D+0A+7F+FF");
}

TEST(Xclient, of_dovecot) {
  EXPECT_EQ(dovecot_xclient(someone()), "XCLIENT ADDR=192.0.2.7 PORT=4711 SESSION=abc\r\n");
  EXPECT_EQ(dovecot_xclient({.client = endpoint("2001:db8::7", 1)}), "XCLIENT ADDR=2001:db8::7 PORT=1\r\n");
  EXPECT_EQ(dovecot_xclient({.client = {.unix_path = "/run/mail"}, .session = "a b"}), "XCLIENT\r\n");
  EXPECT_EQ(dovecot_xclient({.client = {.unix_path = "/run/mail"}, .session = std::string(65, 'a')}), "XCLIENT\r\n");
}

TEST(ImapId, with_the_keys_of_dovecot) {
  EXPECT_EQ(imap_id(someone()), R"(("x-session-id" "abc" "x-originating-ip" "192.0.2.7" "x-originating-port" "4711" )"
                                R"("x-connected-ip" "198.51.100.1" "x-connected-port" "25"))");
  EXPECT_EQ(imap_id({.client = endpoint("2001:db8::7", 1), .session = "a\" \"b"}),
            R"(("x-originating-ip" "2001:db8::7" "x-originating-port" "1"))");
  EXPECT_EQ(imap_id({.client = {.unix_path = "/run/mail"}}), "NIL");
}

}  // namespace
}  // namespace sp::codec::mail
