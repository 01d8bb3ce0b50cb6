// Version 2 (proxy-protocol.txt, section 2.2). Every row runs whole, octet by octet and in random pieces; headers that
// are read are written and read again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/proxy_protocol/crc32c.h"
#include "codec/proxy_protocol/rows_for_tests.h"

namespace sp::codec::proxy_protocol {
namespace {

using rows::hex;
using rows::number;
using rows::Row;
using rows::tlv;
using rows::v2;
using namespace std::string_literals;

const std::string ip4 = hex("c0000201 c6336402 dc04 01bb");
const std::string ip4_text = "192.0.2.1:56324 -> 198.51.100.2:443";
const std::string ip6 = hex("20010db8000000000000000000000001 20010db8000000000000000000000002 dc04 01bb");
const std::string ip6_text = "[2001:db8::1]:56324 -> [2001:db8::2]:443";

std::string path(std::string text) {
  text.resize(108, '\0');
  return text;
}

std::string tcp4(std::string_view tlvs) { return v2(0x21, 0x11, ip4 + std::string(tlvs)); }
const std::string tcp4_text = "v2 PROXY tcp4 " + ip4_text;

// With a checksum as the last four octets of `tlvs`, or, with `behind`, before so many others.
std::string with_checksum(std::string_view tlvs, std::size_t behind = 0, std::uint32_t change = 0) {
  std::string header = tcp4(tlvs);
  const std::string checksum = number(crc32c(header) ^ change, 4);
  return header.replace(header.size() - 4 - behind, 4, checksum);
}

const std::string ssl_value = hex("03 00000000") + tlv(0x21, "TLSv1.3") + tlv(0x22, "alice") +
                              tlv(0x23, "TLS_AES_128_GCM_SHA256") + tlv(0x24, "RSA-SHA256") + tlv(0x25, "RSA2048") +
                              tlv(0x26, "X25519") + tlv(0x27, "rsa_pss_rsae_sha256") + tlv(0x28, hex("30030101ff"));

std::vector<Row> fixed_rows() {
  return {
      {"LOCAL", v2(0x20, 0x00, ""), "v2 LOCAL"},
      {"LOCAL, and what follows", v2(0x20, 0x00, "") + "QUIT", "v2 LOCAL length 16"},
      {"LOCAL with addresses", v2(0x20, 0x11, ip4), "v2 LOCAL"},
      {"LOCAL with fewer octets than its family needs", v2(0x20, 0x21, "abc"), "v2 LOCAL"},
      {"LOCAL with an unknown family", v2(0x20, 0xff, ""), "v2 LOCAL"},
      {"LOCAL with malformed TLVs", v2(0x20, 0x11, ip4 + "\x01\xff\xff"), "v2 LOCAL"},
      {"LOCAL at the limit", v2(0x20, 0x00, std::string(536, 'x')), "v2 LOCAL"},
      {"LOCAL beyond the limit", v2(0x20, 0x00, std::string(537, 'x')), "proxy_header_too_long"},
      {"UNSPEC", v2(0x21, 0x00, ""), "v2 PROXY unspecified"},
      {"UNSPEC with TLVs", v2(0x21, 0x00, tlv(1, "h2")), "v2 PROXY unspecified alpn=\"h2\""},
      {"UNSPEC with something else", v2(0x21, 0x00, "abc"), "proxy_header_malformed"},
      {"TCP over IPv4", v2(0x21, 0x11, ip4), "v2 PROXY tcp4 " + ip4_text},
      {"UDP over IPv4", v2(0x21, 0x12, ip4), "v2 PROXY udp4 " + ip4_text},
      {"TCP over IPv6", v2(0x21, 0x21, ip6), "v2 PROXY tcp6 " + ip6_text},
      {"UDP over IPv6", v2(0x21, 0x22, ip6), "v2 PROXY udp6 " + ip6_text},
      {"UNIX stream", v2(0x21, 0x31, path("/run/a") + path("/run/b")),
       "v2 PROXY unix_stream unix:/run/a -> unix:/run/b"},
      {"UNIX datagram", v2(0x21, 0x32, path("a") + path("b")), "v2 PROXY unix_datagram unix:a -> unix:b"},
      {"what follows is the client's", v2(0x21, 0x11, ip4) + "GET /", "v2 PROXY tcp4 " + ip4_text + " length 28"},
      {"another header follows", v2(0x21, 0x11, ip4) + v2(0x21, 0x21, ip6), "v2 PROXY tcp4 " + ip4_text + " length 28"},
      // Addresses.
      {"zeros", v2(0x21, 0x11, std::string(12, '\0')), "v2 PROXY tcp4 0.0.0.0:0 -> 0.0.0.0:0"},
      {"ones", v2(0x21, 0x11, std::string(12, '\xff')), "v2 PROXY tcp4 255.255.255.255:65535 -> 255.255.255.255:65535"},
      {"IPv4-mapped",
       v2(0x21, 0x21, hex("00000000000000000000ffffc0000201 20010db8000000000000000000000002 0001 0002")),
       "v2 PROXY tcp6 192.0.2.1:1 -> [2001:db8::2]:2"},
      {"both IPv4-mapped",
       v2(0x21, 0x22, hex("00000000000000000000ffffc0000201 00000000000000000000ffffc0000202 0001 0002")),
       "v2 PROXY udp6 192.0.2.1:1 -> 192.0.2.2:2"},
      {"not IPv4-mapped",
       v2(0x21, 0x21, hex("00000000000000000000fffec0000201 00000000000000000001ffffc0000202 0001 0002")),
       "v2 PROXY tcp6 [::fffe:c000:201]:1 -> [::1:ffff:c000:202]:2"},
      {"paths as long as they can be", v2(0x21, 0x31, std::string(108, 'a') + std::string(108, 'b')),
       "v2 PROXY unix_stream unix:" + std::string(64, 'a') + "... -> unix:" + std::string(64, 'b') + "..."},
      {"paths with something behind their NUL", v2(0x21, 0x31, path("/a"s + '\0' + "junk") + path("/b"s + '\0' + "c")),
       "v2 PROXY unix_stream unix:/a -> unix:/b"},
      {"no names", v2(0x21, 0x31, std::string(216, '\0')), "v2 PROXY unix_stream unix: -> unix:"},
      {"a name in the abstract namespace", v2(0x21, 0x31, path('\0' + "a"s + '\0' + "b") + path("")),
       "v2 PROXY unix_stream unix:\\x00a\\x00b -> unix:"},
      // Version, command, family, protocol.
      {"version 1", v2(0x11, 0x11, ip4), "proxy_header_malformed"},
      {"version 3", v2(0x31, 0x11, ip4), "proxy_header_malformed"},
      {"version 0", v2(0x01, 0x11, ip4), "proxy_header_malformed"},
      {"version 15", v2(0xf1, 0x11, ip4), "proxy_header_malformed"},
      {"command 2", v2(0x22, 0x11, ip4), "proxy_header_malformed"},
      {"command 15", v2(0x2f, 0x11, ip4), "proxy_header_malformed"},
      {"no family, stream", v2(0x21, 0x01, ""), "proxy_header_malformed"},
      {"no family, datagram", v2(0x21, 0x02, ""), "proxy_header_malformed"},
      {"IPv4, no protocol", v2(0x21, 0x10, ip4), "proxy_header_malformed"},
      {"IPv4, protocol 3", v2(0x21, 0x13, ip4), "proxy_header_malformed"},
      {"IPv6, no protocol", v2(0x21, 0x20, ip6), "proxy_header_malformed"},
      {"UNIX, no protocol", v2(0x21, 0x30, std::string(216, '\0')), "proxy_header_malformed"},
      {"UNIX, protocol 3", v2(0x21, 0x33, std::string(216, '\0')), "proxy_header_malformed"},
      {"family 4", v2(0x21, 0x41, ip6), "proxy_header_malformed"},
      {"family 15", v2(0x21, 0xf1, ip6), "proxy_header_malformed"},
      // As early as it can be said.
      {"a wrong version, at once", rows::signature + "\x31", "proxy_header_malformed"},
      {"a wrong command, at once", rows::signature + "\x22", "proxy_header_malformed"},
      {"a wrong family, at once", rows::signature + "\x21\x14", "proxy_header_malformed"},
      {"too long, at once", rows::signature + "\x21\x11\x02\x19", "proxy_header_too_long"},
      {"too short, at once", rows::signature + hex("2111000b"), "proxy_header_malformed"},
      {"the signature", rows::signature, "incomplete"},
      {"half of the length", rows::signature + hex("211100"), "incomplete"},
      {"the fixed part", rows::signature + hex("2111000c"), "incomplete"},
      {"all but one octet", v2(0x21, 0x11, ip4).substr(0, 27), "incomplete"},
      {"a signature that ends otherwise", rows::signature.substr(0, 11) + "\r", "proxy_header_missing"},
      {"a signature without its NUL", "\r\n\r\n\r\nQUIT\n", "proxy_header_missing"},
      // The length.
      {"IPv4, one octet short", v2(0x21, 0x11, ip4.substr(1)), "proxy_header_malformed"},
      {"IPv4, nothing", v2(0x21, 0x11, ""), "proxy_header_malformed"},
      {"IPv6, one octet short", v2(0x21, 0x21, ip6.substr(1)), "proxy_header_malformed"},
      {"IPv6 with the octets of IPv4", v2(0x21, 0x21, ip4), "proxy_header_malformed"},
      {"UNIX, one octet short", v2(0x21, 0x31, std::string(215, '\0')), "proxy_header_malformed"},
      {"at the limit", tcp4(tlv(4, std::string(521, '\0'))), tcp4_text + " noop=521 octets"},
      {"beyond the limit", tcp4(tlv(4, std::string(522, '\0'))), "proxy_header_too_long"},
      {"at a limit of none", v2(0x21, 0x00, ""), "v2 PROXY unspecified", {.rest = 0}},
      {"beyond a limit of none", v2(0x21, 0x11, ip4), "proxy_header_too_long", {.rest = 0}},
      {"a greater limit", tcp4(tlv(4, std::string(4065, '\0'))), tcp4_text + " noop=4065 octets", {.rest = 4080}},
      {"beyond the greatest limit", tcp4(tlv(4, std::string(4066, '\0'))), "proxy_header_too_long", {.rest = 65535}},
      {"the greatest length", rows::signature + hex("2111ffff"), "proxy_header_too_long", {.rest = 65535}},
      // Which versions.
      {"only version 2", v2(0x21, 0x11, ip4), tcp4_text, {.versions = Versions::v2}},
      {"only version 1", v2(0x21, 0x11, ip4), "proxy_header_version", {.versions = Versions::v1}},
      {"only version 1: not known by less", rows::signature.substr(0, 11), "incomplete", {.versions = Versions::v1}},
  };
}

std::vector<Row> tlv_rows() {
  return {
      {"ALPN", tcp4(tlv(1, "h2")), tcp4_text + " alpn=\"h2\""},
      {"ALPN of octets", tcp4(tlv(1, "\0\xff\"\\\r\n"s)), tcp4_text + R"( alpn="\x00\xff\"\\\r\n")"},
      {"ALPN without a value", tcp4(tlv(1, "")), tcp4_text + " alpn=\"\""},
      {"AUTHORITY", tcp4(tlv(2, "lists.example.com")), tcp4_text + " authority=\"lists.example.com\""},
      {"AUTHORITY in UTF-8", tcp4(tlv(2, "\xc3\xa9.example")), tcp4_text + R"( authority="\xc3\xa9.example")"},
      {"NOOP", tcp4(tlv(4, "")), tcp4_text + " noop=0 octets"},
      {"NOOP twice", tcp4(tlv(4, "") + tlv(4, "ab")), tcp4_text + " noop=0 octets noop=2 octets"},
      {"UNIQUE_ID", tcp4(tlv(5, "70b42bca")), tcp4_text + " unique_id=\"70b42bca\""},
      {"UNIQUE_ID as long as it can be", tcp4(tlv(5, std::string(128, 'x'))),
       tcp4_text + " unique_id=\"" + std::string(64, 'x') + "...\""},
      {"UNIQUE_ID too long", tcp4(tlv(5, std::string(129, 'x'))), "proxy_header_malformed"},
      {"NETNS", tcp4(tlv(0x30, "blue")), tcp4_text + " netns=\"blue\""},
      {"a registered type of the future", tcp4(tlv(0x06, "a")), tcp4_text + " 0x06=\"a\""},
      {"a subtype outside of SSL", tcp4(tlv(0x21, "TLSv1.3")), tcp4_text + " 0x21=\"TLSv1.3\""},
      {"custom", tcp4(tlv(0xe5, "a") + tlv(0xe5, "b")), tcp4_text + " 0xe5=\"a\" 0xe5=\"b\""},
      {"experimental", tcp4(tlv(0xf0, "a")), tcp4_text + " 0xf0=\"a\""},
      {"the last type", tcp4(tlv(0xff, "")), tcp4_text + " 0xff=\"\""},
      {"behind IPv6", v2(0x21, 0x21, ip6 + tlv(1, "h2")), "v2 PROXY tcp6 " + ip6_text + " alpn=\"h2\""},
      {"behind paths", v2(0x21, 0x31, path("a") + path("b") + tlv(1, "h2")),
       "v2 PROXY unix_stream unix:a -> unix:b alpn=\"h2\""},
      // SSL.
      {"SSL", tcp4(tlv(0x20, hex("01 00000001"))), tcp4_text + " ssl={client=ssl verify=1}"},
      {"SSL without TLS", tcp4(tlv(0x20, hex("00 00000000"))), tcp4_text + " ssl={client=none verify=0}"},
      {"SSL, every bit", tcp4(tlv(0x20, hex("ff ffffffff"))),
       tcp4_text + " ssl={client=ssl,cert_conn,cert_sess,0xf8 verify=4294967295}"},
      {"SSL with everything", tcp4(tlv(0x20, ssl_value)),
       tcp4_text + " ssl={client=ssl,cert_conn verify=0 version=\"TLSv1.3\" cn=\"alice\" "
                   "cipher=\"TLS_AES_128_GCM_SHA256\" sig_alg=\"RSA-SHA256\" key_alg=\"RSA2048\" group=\"X25519\" "
                   "sig_scheme=\"rsa_pss_rsae_sha256\" client_cert=5 octets}"},
      {"SSL with an unknown subtype twice", tcp4(tlv(0x20, hex("01 00000000") + tlv(0x29, "a") + tlv(0x29, "b"))),
       tcp4_text + " ssl={client=ssl verify=0 0x29=\"a\" 0x29=\"b\"}"},
      {"SSL with a CN of octets", tcp4(tlv(0x20, hex("01 00000000") + tlv(0x22, "a\r\nb"))),
       tcp4_text + R"( ssl={client=ssl verify=0 cn="a\r\nb"})"},
      {"SSL too short", tcp4(tlv(0x20, hex("01 000000"))), "proxy_header_malformed"},
      {"SSL empty", tcp4(tlv(0x20, "")), "proxy_header_malformed"},
      {"SSL with half a head of a subtype", tcp4(tlv(0x20, hex("01 00000000 2100"))), "proxy_header_malformed"},
      {"SSL with a subtype beyond it", tcp4(tlv(0x20, hex("01 00000000 21000261"))), "proxy_header_malformed"},
      {"SSL with a subtype that reaches into the next TLV", tcp4(tlv(0x20, hex("01 00000000 210005")) + tlv(1, "h2")),
       "proxy_header_malformed"},
      {"SSL with CN twice", tcp4(tlv(0x20, hex("01 00000000") + tlv(0x22, "a") + tlv(0x22, "b"))),
       "proxy_header_malformed"},
      {"SSL with its certificate twice", tcp4(tlv(0x20, hex("01 00000000") + tlv(0x28, "a") + tlv(0x28, "a"))),
       "proxy_header_malformed"},
      // Of three providers.
      {"AWS", tcp4(tlv(0xea, "\x01vpce-08d2bf15fac5001c9")),
       tcp4_text + " aws_vpc_endpoint=\"vpce-08d2bf15fac5001c9\""},
      {"AWS, another subtype", tcp4(tlv(0xea, "\x02vpce")), tcp4_text + R"( 0xea="\x02vpce")"},
      {"AWS, no value", tcp4(tlv(0xea, "\x01")), tcp4_text + R"( 0xea="\x01")"},
      {"AWS, empty", tcp4(tlv(0xea, "")), tcp4_text + " 0xea=\"\""},
      {"Azure", tcp4(tlv(0xee, hex("01 c1450021"))), tcp4_text + " azure_private_endpoint=553665985"},
      {"Azure, another subtype", tcp4(tlv(0xee, hex("02 41424344"))), tcp4_text + R"( 0xee="\x02ABCD")"},
      {"Azure, too short", tcp4(tlv(0xee, hex("01 414243"))), tcp4_text + R"( 0xee="\x01ABC")"},
      {"Azure, too long", tcp4(tlv(0xee, hex("01 4142434445"))), tcp4_text + R"( 0xee="\x01ABCDE")"},
      {"GCP", tcp4(tlv(0xe0, hex("0123456789abcdef"))), tcp4_text + " gcp_psc_connection=81985529216486895"},
      {"GCP, too short", tcp4(tlv(0xe0, "1234567")), tcp4_text + " 0xe0=\"1234567\""},
      // A list that is cut off.
      {"a type alone", tcp4("\x04"), "proxy_header_malformed"},
      {"a type and half a length", tcp4(hex("0400")), "proxy_header_malformed"},
      {"a length beyond the end", tcp4(hex("040001")), "proxy_header_malformed"},
      {"a length far beyond the end", tcp4(hex("04ffff") + std::string(100, 'x')), "proxy_header_malformed"},
      {"something behind the last", tcp4(tlv(1, "h2") + "\x01"), "proxy_header_malformed"},
      // Twice.
      {"ALPN twice", tcp4(tlv(1, "h2") + tlv(1, "h2")), "proxy_header_malformed"},
      {"AUTHORITY twice", tcp4(tlv(2, "a") + tlv(1, "h2") + tlv(2, "b")), "proxy_header_malformed"},
      {"UNIQUE_ID twice", tcp4(tlv(5, "a") + tlv(5, "b")), "proxy_header_malformed"},
      {"SSL twice", tcp4(tlv(0x20, hex("0100000000")) + tlv(0x20, hex("0000000000"))), "proxy_header_malformed"},
      {"NETNS twice", tcp4(tlv(0x30, "a") + tlv(0x30, "b")), "proxy_header_malformed"},
      {"CRC32C twice", tcp4(tlv(3, hex("00000000")) + tlv(3, hex("00000000"))), "proxy_header_malformed"},
      // CRC32C.
      {"CRC32C", with_checksum(tlv(3, hex("00000000"))), tcp4_text + " crc32c=0x20ec9549"},
      {"CRC32C in between", with_checksum(tlv(1, "h2") + tlv(3, hex("00000000")) + tlv(4, "ab"), 5),
       tcp4_text + " alpn=\"h2\" crc32c=0x0685eeb3 noop=2 octets"},
      {"CRC32C, wrong in its first bit", with_checksum(tlv(3, hex("00000000")), 0, 0x80000000),
       "proxy_header_checksum"},
      {"CRC32C, wrong in its last bit", with_checksum(tlv(3, hex("00000000")), 0, 1), "proxy_header_checksum"},
      {"CRC32C of zeros", tcp4(tlv(3, hex("00000000"))), "proxy_header_checksum"},
      {"CRC32C too short", tcp4(tlv(3, hex("000000"))), "proxy_header_malformed"},
      {"CRC32C too long", tcp4(tlv(3, hex("0000000000"))), "proxy_header_malformed"},
      {"CRC32C with something else behind the header", with_checksum(tlv(3, hex("00000000"))) + "QUIT",
       tcp4_text + " crc32c=0x20ec9549 length 35"},
  };
}

// What HAProxy 2.6 was seen to send.
std::vector<Row> haproxy_rows() {
  return {
      {"HAProxy: crc32c, unique-id",
       v2(0x21, 0x11, hex("7f000001 7f000001 cbc8 520a 030004 f747fcd5") + tlv(5, "id-5296-1")),
       "v2 PROXY tcp4 127.0.0.1:52168 -> 127.0.0.1:21002 crc32c=0xf747fcd5 unique_id=\"id-5296-1\""},
      {"HAProxy: every option, with a certificate of the client",
       v2(0x21, 0x11,
          hex("7f000001 7f000001 d728 520b 030004 1ffc10b0") + tlv(1, "h2") + tlv(2, "lists.example.com") +
              tlv(5, "id-5296-5") +
              tlv(0x20, hex("07 00000000") + tlv(0x21, "TLSv1.3") + tlv(0x22, "alice.example") + tlv(0x25, "RSA2048") +
                            tlv(0x24, "RSA-SHA256") + tlv(0x23, "TLS_AES_256_GCM_SHA384"))),
       "v2 PROXY tcp4 127.0.0.1:55080 -> 127.0.0.1:21003 crc32c=0x1ffc10b0 alpn=\"h2\" "
       "authority=\"lists.example.com\" unique_id=\"id-5296-5\" ssl={client=ssl,cert_conn,cert_sess verify=0 "
       "version=\"TLSv1.3\" cn=\"alice.example\" key_alg=\"RSA2048\" sig_alg=\"RSA-SHA256\" "
       "cipher=\"TLS_AES_256_GCM_SHA384\"}"},
      {"HAProxy: a health check", hex("0d0a0d0a 000d0a51 5549540a 20 00 0000"), "v2 LOCAL"},
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> rows = fixed_rows();
  for (Row& row : haproxy_rows()) rows.push_back(std::move(row));
  for (Row& row : tlv_rows()) rows.push_back(std::move(row));
  return rows;
}

class V2Rows : public ::testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(Rows, V2Rows, ::testing::ValuesIn(all_rows()));

TEST_P(V2Rows, whole_octet_by_octet_and_in_random_pieces) {
  const Row& row = GetParam();
  EXPECT_EQ(rows::read(row.bytes, {row.bytes.size()}, row.limits), row.expected);
  EXPECT_EQ(rows::read(row.bytes, {1}, row.limits), row.expected);
  std::mt19937 random(1);  // NOLINT: the same pieces each time
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(rows::read(row.bytes, rows::random_cuts(random, 40), row.limits), row.expected);
  }
}

TEST_P(V2Rows, what_is_read_is_written_and_read_again) {
  Header header;
  const auto size = HeaderReader(GetParam().limits).read(GetParam().bytes, header);
  if (!size || *size == 0) return;
  const std::string written = rows::write_again(header);
  Header again;
  const auto size_again = HeaderReader({.rest = rest_max}).read(written, again);
  ASSERT_TRUE(size_again) << rows::to_hex(written);
  EXPECT_EQ(*size_again, written.size());
  EXPECT_TRUE(rows::same(header, again)) << describe(header) << "\n" << describe(again);
}

// Any octet of a header with a checksum: what is read then is not what was sent, and is not read.
TEST(V2, a_changed_octet_is_found_by_the_checksum) {
  const std::string good = with_checksum(tlv(1, "h2") + tlv(3, hex("00000000")));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      if (at == 12 && bit == 0) continue;  // makes it LOCAL, of which nothing is read
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      Header header;
      const auto size = HeaderReader().read(bad, header);
      // A greater length asks for octets that do not come. In the type of the checksum itself: it is none then.
      const bool other_type = at == good.size() - 7;
      EXPECT_TRUE(!size || *size == 0 || other_type) << at << " " << bit;
    }
  }
}

TEST(V2, values_are_views_into_what_was_read) {
  const std::string bytes = tcp4(tlv(1, "h2") + tlv(0x20, ssl_value) + tlv(0xea, "\x01vpce"));
  Header header;
  ASSERT_TRUE(HeaderReader().read(bytes, header));
  EXPECT_EQ(header.tlvs.value(tlv_alpn).data(), bytes.data() + 16 + 12 + 3);
  EXPECT_EQ(header.tlvs.value(tlv_authority), "");
  EXPECT_EQ(header.tlvs.find(tlv_authority), std::nullopt);
  std::string types;
  for (const Tlv& each : header.tlvs) types += std::to_string(each.type) + " ";
  EXPECT_EQ(types, "1 32 234 ");
  EXPECT_TRUE(header.has_addresses());
}

TEST(V2, an_error_says_the_version_and_blames_the_client) {
  Header header;
  const auto malformed = HeaderReader().read(tcp4(tlv(1, "h2") + tlv(1, "h2")), header);
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().side, Side::client);
  EXPECT_STREQ(malformed.error().where, "version 2: a TLV is given twice");
  const auto too_long = HeaderReader().read(rows::signature + hex("2111ffff"), header);
  ASSERT_FALSE(too_long);
  EXPECT_THAT(too_long.error().where, ::testing::StartsWith("version 2: "));
}

TEST(V2, the_longest_is_what_the_limits_say) {
  EXPECT_EQ(HeaderReader().longest(), 552u);
  EXPECT_EQ(HeaderReader({.rest = 65535}).longest(), 4096u);
  EXPECT_EQ(HeaderReader({.rest = 12, .versions = Versions::v2}).longest(), 28u);
}

}  // namespace
}  // namespace sp::codec::proxy_protocol
