#include "codec/proxy_protocol/describe.h"

#include <gtest/gtest.h>

#include "codec/proxy_protocol/rows_for_tests.h"

namespace sp::codec::proxy_protocol {
namespace {

using rows::hex;
using rows::tlv;
using rows::v2;

const std::string ip4 = hex("c0000201 c6336402 dc04 01bb");

// What the tables of the readers do not have: headers that were not read.
TEST(Describe, a_header_that_was_made_here) {
  EXPECT_EQ(describe({}), "v2 PROXY unspecified");
  EXPECT_EQ(describe({.version = Version::v1, .command = Command::local}), "v1 LOCAL");
  const std::string list = tlv(0x20, "\x01");
  EXPECT_EQ(describe({.tlvs = Tlvs(list)}), "v2 PROXY unspecified 0x20=\"\\x01\"");
}

TEST(Describe, is_printable_whatever_there_is) {
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  for (std::size_t from = 0; from < every.size(); from += 32) {
    const std::string list = tlv(2, every.substr(from, 32));
    const std::string text = describe({.tlvs = Tlvs(list)});
    for (char c : text) EXPECT_TRUE(c >= 0x20 && c < 0x7f);
  }
}

TEST(Annotate, version_1_as_its_text) {
  EXPECT_EQ(annotate("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /"), "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\\r\\n\n");
  EXPECT_EQ(annotate("PROXY UNKNOWN \"\x01\xff\r\n"), "PROXY UNKNOWN \\\"\\x01\\xff\\r\\n\n");
  const std::string longest = "PROXY UNKNOWN " + std::string(91, 'x');
  EXPECT_EQ(annotate(longest + "\r\n"), longest + "\\r\\n\n");
}

TEST(Annotate, version_2_with_what_each_part_is) {
  const std::string ssl = hex("01 00000000") + tlv(0x21, "TLSv1.3") + tlv(0x22, "a name of more than 16 octets");
  EXPECT_EQ(annotate(v2(0x21, 0x11, ip4 + tlv(1, "h2") + tlv(0x20, ssl) + tlv(4, "")) + "GET /"),
            "0d0a0d0a 000d0a51 5549540a           signature\n"
            "21                                   version 2, PROXY\n"
            "11                                   tcp4\n"
            "0046                                 70 octets follow\n"
            "c0000201                             source 192.0.2.1\n"
            "c6336402                             destination 198.51.100.2\n"
            "dc04                                 source port 56324\n"
            "01bb                                 destination port 443\n"
            "01000268 32                          alpn=\"h2\"\n"
            "20002f01 00000000                    ssl, with what is indented: client=ssl verify=0\n"
            "  21000754 4c537631 2e33             version=\"TLSv1.3\"\n"
            "  22001d61 206e616d 65206f66 206d6f72 cn=\"a name of more than 16 octets\"\n"
            "  65207468 616e2031 36206f63 74657473\n"
            "040000                               noop=0 octets\n");
}

TEST(Annotate, ipv6_and_paths) {
  EXPECT_EQ(
      annotate(v2(0x21, 0x22, hex("00000000000000000000ffffc0000201 20010db8000000000000000000000002 0001 0002"))),
      "0d0a0d0a 000d0a51 5549540a           signature\n"
      "21                                   version 2, PROXY\n"
      "22                                   udp6\n"
      "0024                                 36 octets follow\n"
      "00000000 00000000 0000ffff c0000201  source 192.0.2.1\n"
      "20010db8 00000000 00000000 00000002  destination 2001:db8::2\n"
      "0001                                 source port 1\n"
      "0002                                 destination port 2\n");
  const std::string text = annotate(v2(0x21, 0x31, std::string(108, 'a') + std::string(108, '\0')));
  EXPECT_NE(text.find("61616161 61616161 61616161 61616161  source unix:aaaa"), std::string::npos) << text;
  EXPECT_NE(text.find("00000000 00000000 00000000 00000000  destination unix:\n"), std::string::npos) << text;
}

TEST(Annotate, what_is_not_read) {
  EXPECT_EQ(annotate(v2(0x20, 0x11, "abc")),
            "0d0a0d0a 000d0a51 5549540a           signature\n"
            "20                                   version 2, LOCAL\n"
            "11                                   ignored\n"
            "0003                                 3 octets follow\n"
            "616263                               ignored\n");
  EXPECT_EQ(annotate("GET / HTTP/1.1\r\n\r\n"), "47455420 2f204854 54502f31 2e310d0a\n0d0a\n");
  EXPECT_EQ(annotate(""), "");
  EXPECT_EQ(annotate(v2(0x21, 0x00, "")),
            "0d0a0d0a 000d0a51 5549540a           signature\n"
            "21                                   version 2, PROXY\n"
            "00                                   unspecified\n"
            "0000                                 0 octets follow\n");
}

}  // namespace
}  // namespace sp::codec::proxy_protocol
