// Version 1 (proxy-protocol.txt, section 2.1), and what is no header at all. Every row runs whole, octet by octet and
// in random pieces; headers that are read are written and read again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/proxy_protocol/rows_for_tests.h"

namespace sp::codec::proxy_protocol {
namespace {

using rows::Row;
using namespace std::string_literals;

// Lines, sent with CRLF behind them.
struct Pair {
  std::string line;
  std::string expected;
};
const std::vector<Pair> lines{
    {"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443", "v1 PROXY tcp4 192.168.0.1:56324 -> 192.168.0.11:443"},
    {"PROXY TCP4 0.0.0.0 0.0.0.0 0 0", "v1 PROXY tcp4 0.0.0.0:0 -> 0.0.0.0:0"},
    {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535",
     "v1 PROXY tcp4 255.255.255.255:65535 -> 255.255.255.255:65535"},
    {"PROXY TCP6 2001:db8::1 2001:DB8::2 1 65535", "v1 PROXY tcp6 [2001:db8::1]:1 -> [2001:db8::2]:65535"},
    {"PROXY TCP6 :: ::1 9 10", "v1 PROXY tcp6 [::]:9 -> [::1]:10"},
    {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65534",
     "v1 PROXY tcp6 [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 -> "
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]:65534"},
    {"PROXY TCP6 0001:0:0:0:0:0:0:0001 1::1 1 2", "v1 PROXY tcp6 [1::1]:1 -> [1::1]:2"},
    {"PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1 2", "v1 PROXY tcp6 192.0.2.1:1 -> [2001:db8::2]:2"},
    {"PROXY TCP6 ::ffff:c000:201 ::ffff:192.0.2.2 1 2", "v1 PROXY tcp6 192.0.2.1:1 -> 192.0.2.2:2"},
    {"PROXY TCP6 ::1.2.3.4 ::1 1 2", "v1 PROXY tcp6 [::1.2.3.4]:1 -> [::1]:2"},
    {"PROXY UNKNOWN", "v1 PROXY unspecified"},
    {"PROXY UNKNOWN ", "v1 PROXY unspecified"},
    {"PROXY UNKNOWN  two spaces, and 192.0.2.1 2001:db8::1 99999 x", "v1 PROXY unspecified"},
    {"PROXY UNKNOWN \x01\x7f\xff\t", "v1 PROXY unspecified"},
    {"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535",
     "v1 PROXY unspecified"},
    // The protocol.
    {"PROXY", "proxy_header_malformed"},
    {"PROXY ", "proxy_header_malformed"},
    {"PROXY UNKNOWNS", "proxy_header_malformed"},
    {"PROXY unknown", "proxy_header_malformed"},
    {"PROXY  UNKNOWN", "proxy_header_malformed"},
    {"PROXYUNKNOWN", "proxy_header_malformed"},
    {"PROXY\tUNKNOWN", "proxy_header_malformed"},
    {"PROXY TCP4", "proxy_header_malformed"},
    {"PROXY TCP4 ", "proxy_header_malformed"},
    {"PROXY tcp4 192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP5 192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP 192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP44 192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY UDP4 192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    // Exactly one space.
    {"PROXY  TCP4 192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4  192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1  192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2  1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 1  2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 ", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3", "proxy_header_malformed"},
    {"PROXY TCP4\t192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1\t192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 1\t2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 1", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1", "proxy_header_malformed"},
    // Addresses.
    {"PROXY TCP4 2001:db8::1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 2001:db8::1 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 ::ffff:192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 2001:db8::1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 192.0.2.1 2001:db8::1 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.01 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 0192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.256 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2. 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0..1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 0xc0.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 3221225985 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 +192.0.2.1 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1:80 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 localhost 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1"s + '\0' + " 192.0.2.2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 [2001:db8::1] 2001:db8::2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 fe80::1%eth0 2001:db8::2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 2001:db8::1::2 2001:db8::2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 2001:db8:0:0:0:0:0 2001:db8::2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 2001:db8:0:0:0:0:0:1:2 2001:db8::2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 02001:db8::1 2001:db8::2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 2001:db8::g 2001:db8::2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 : 2001:db8::2 1 2", "proxy_header_malformed"},
    {"PROXY TCP6 2001:db8::1/64 2001:db8::2 1 2", "proxy_header_malformed"},
    // Ports.
    {"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 99999 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 100000 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 4294967297 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 01 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 00 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 1 02", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 +1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 -1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 1a 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 0x1 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 http 2", "proxy_header_malformed"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2"s + '\0', "proxy_header_malformed"},
};

const std::string good = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2";
const std::string described = "v1 PROXY tcp4 192.0.2.1:1 -> 192.0.2.2:2";
const std::string unknown = "PROXY UNKNOWN ";

std::vector<Row> all_rows() {
  std::vector<Row> rows{
      // The end of the line.
      {"what follows is the client's", good + "\r\nGET / HTTP/1.1\r\n\r\n", described + " length 36"},
      {"an empty line follows", good + "\r\n\r\n", described + " length 36"},
      {"another header follows", good + "\r\n" + good + "\r\n", described + " length 36"},
      {"LF alone", good + "\n", "proxy_header_malformed"},
      {"CR alone", good + "\rG", "proxy_header_malformed"},
      {"CR twice", good + "\r\r\n", "proxy_header_malformed"},
      {"LF and CR", good + "\n\r", "proxy_header_malformed"},
      {"LF in UNKNOWN", unknown + "a\nb\r\n", "proxy_header_malformed"},
      {"CR in UNKNOWN", unknown + "a\rb\r\n", "proxy_header_malformed"},
      {"CR, and nothing yet", good + "\r", "incomplete"},
      {"no end yet", good, "incomplete"},
      {"longest", unknown + std::string(91, 'x') + "\r\n", "v1 PROXY unspecified"},
      {"longest, and more", unknown + std::string(91, 'x') + "\r\nab", "v1 PROXY unspecified length 107"},
      {"longest but one octet", unknown + std::string(92, 'x'), "incomplete"},
      {"one octet too long", unknown + std::string(92, 'x') + "\r\n", "proxy_header_too_long"},
      {"two octets too long", unknown + std::string(93, 'x') + "\r\n", "proxy_header_too_long"},
      {"no end", unknown + std::string(1000, 'x'), "proxy_header_too_long"},
      {"a malformed one without end", "PROXY " + std::string(101, 'x'), "proxy_header_too_long"},
      {"LF as the last octet", unknown + std::string(92, 'x') + "\n", "proxy_header_too_long"},
      // Less than a signature.
      {"one octet", "P", "incomplete"},
      {"a part of the signature", "PROX", "incomplete"},
      {"the signature", "PROXY", "incomplete"},
      // Which versions.
      {"only version 1", good + "\r\n", described, {.versions = Versions::v1}},
      {"only version 2", good + "\r\n", "proxy_header_version", {.versions = Versions::v2}},
      {"only version 2: known by the signature", "PROXY", "proxy_header_version", {.versions = Versions::v2}},
      {"only version 2: not known by less", "PROX", "incomplete", {.versions = Versions::v2}},
      {"a limit of version 2", good + "\r\n", described, {.rest = 0}},
      // Other protocols.
      {"TLS", "\x16\x03\x01\x02\x00\x01"s, "proxy_header_tls"},
      {"TLS, two octets", "\x16\x03", "proxy_header_tls"},
      {"perhaps TLS", "\x16", "incomplete"},
      {"TLS, where only version 1 may come", "\x16\x03\x01", "proxy_header_tls", {.versions = Versions::v1}},
      {"not TLS", "\x16\x02", "proxy_header_missing"},
      {"an alert of TLS", "\x15\x03\x01", "proxy_header_missing"},
      {"HTTP", "G", "proxy_header_missing"},
      {"HTTP with the first letter", "POST / HTTP/1.1\r\n", "proxy_header_missing"},
      {"HTTP with the first two letters", "PRI * HTTP/2.0\r\n", "proxy_header_missing"},
      {"WebDAV", "PROPFIND / HTTP/1.1\r\n", "proxy_header_missing"},
      {"small letters", "proxy TCP4", "proxy_header_missing"},
      {"SSH", "SSH-2.0-OpenSSH_9.2p1\r\n", "proxy_header_missing"},
      {"SMTP", "EHLO example.com\r\n", "proxy_header_missing"},
      {"IMAP", "a1 LOGIN a b\r\n", "proxy_header_missing"},
      {"an empty line and HTTP", "\r\nGET / HTTP/1.1\r\n", "proxy_header_missing"},
      {"SOCKS", "\x05\x01\x00"s, "proxy_header_missing"},
      {"NUL", "\0"s, "proxy_header_missing"},
      {"a space before", " PROXY UNKNOWN\r\n", "proxy_header_missing"},
      {"a byte order mark before", "\xef\xbb\xbfPROXY UNKNOWN\r\n", "proxy_header_missing"},
  };
  for (const Pair& pair : lines) rows.push_back({pair.line, pair.line + "\r\n", pair.expected});
  return rows;
}

class V1Rows : public ::testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(Rows, V1Rows, ::testing::ValuesIn(all_rows()));

TEST_P(V1Rows, whole_octet_by_octet_and_in_random_pieces) {
  const Row& row = GetParam();
  EXPECT_EQ(rows::read(row.bytes, {row.bytes.size()}, row.limits), row.expected);
  EXPECT_EQ(rows::read(row.bytes, {1}, row.limits), row.expected);
  std::mt19937 random(1);  // NOLINT: the same pieces each time
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(rows::read(row.bytes, rows::random_cuts(random, 40), row.limits), row.expected);
  }
}

TEST_P(V1Rows, what_is_read_is_written_and_read_again) {
  Header header;
  const auto size = HeaderReader(GetParam().limits).read(GetParam().bytes, header);
  if (!size || *size == 0) return;
  const std::string written = rows::write_again(header);
  Header again;
  const auto size_again = HeaderReader().read(written, again);
  ASSERT_TRUE(size_again) << written;
  EXPECT_EQ(*size_again, written.size());
  EXPECT_TRUE(rows::same(header, again)) << written;
}

TEST(V1, an_error_says_the_version_and_blames_the_client) {
  Header header;
  const auto malformed = HeaderReader().read("PROXY TCP4 192.0.2.1 192.0.2.2 1 x\r\n", header);
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().side, Side::client);
  EXPECT_STREQ(malformed.error().where, "version 1: destination port");
  const auto missing = HeaderReader().read("GET / HTTP/1.1\r\n", header);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().side, Side::client);
}

TEST(V1, nothing_is_left_of_what_was_read_before) {
  Header header;
  ASSERT_TRUE(HeaderReader().read(rows::v2(0x21, 0x31, std::string(216, 'a') + rows::tlv(tlv_alpn, "h2")), header));
  ASSERT_TRUE(HeaderReader().read("PROXY UNKNOWN\r\n", header));
  EXPECT_EQ(describe(header), "v1 PROXY unspecified");
  EXPECT_FALSE(header.has_addresses());
  EXPECT_EQ(header.source, Endpoint{});
  EXPECT_EQ(header.tlvs.begin(), Tlvs::end());
}

TEST(V1, the_longest_is_as_long_as_the_specification_says) {
  EXPECT_EQ(HeaderReader({.versions = Versions::v1}).longest(), 107u);
  EXPECT_EQ(HeaderReader({.rest = 12}).longest(), 107u);
}

}  // namespace
}  // namespace sp::codec::proxy_protocol
