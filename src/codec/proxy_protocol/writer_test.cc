// What is written, octet by octet, and that our own reader takes it.
#include "codec/proxy_protocol/writer.h"

#include <gtest/gtest.h>

#include "codec/proxy_protocol/rows_for_tests.h"

namespace sp::codec::proxy_protocol {
namespace {

using rows::hex;
using rows::tlv;
using rows::to_hex;
using rows::v2;
using namespace std::string_literals;

Endpoint ip(std::string_view address, std::uint16_t port) {
  return {.address = *IpAddress::parse(address), .port = port};
}
Endpoint unix_socket(std::string path) { return {.unix_path = std::move(path)}; }

const Endpoint client4 = ip("192.0.2.1", 56324);
const Endpoint server4 = ip("198.51.100.2", 443);
const Endpoint client6 = ip("2001:db8::1", 56324);
const Endpoint server6 = ip("2001:db8::2", 443);
const std::string ip4 = hex("c0000201 c6336402 dc04 01bb");

Header header(Version version, Transport transport, const Endpoint& source, const Endpoint& destination) {
  return {.version = version, .transport = transport, .source = source, .destination = destination};
}
Header between(Version version, const Endpoint& source, const Endpoint& destination) {
  return header(version, transport_between(source, destination), source, destination);
}

// What was written, or "code: where".
std::string written(const Header& what, const Attributes& attributes = {}, std::size_t room_octets = 8192) {
  const auto room = std::make_unique<char[]>(room_octets);  // ends where it ends, for the address sanitizer
  const auto size = write_header(what, attributes, {room.get(), room_octets});
  if (size) return {room.get(), *size};
  EXPECT_EQ(size.error().side, Side::local);
  return std::string(name(size.error().code)) + ": " + size.error().where;
}

std::string read_again(const std::string& octets) { return rows::read(octets, {octets.size()}, {.rest = rest_max}); }

// ---- version 1 ----

TEST(WriterV1, tcp4) {
  EXPECT_EQ(written(between(Version::v1, client4, server4)), "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n");
}
TEST(WriterV1, tcp6) {
  EXPECT_EQ(written(between(Version::v1, client6, server6)), "PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n");
}
TEST(WriterV1, the_longest) {
  const std::string ones = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  const std::string line = written(between(Version::v1, ip(ones, 65535), ip(ones, 65535)));
  EXPECT_EQ(line, "PROXY TCP6 " + ones + " " + ones + " 65535 65535\r\n");
  EXPECT_EQ(line.size(), 104u);
}
TEST(WriterV1, both_families_become_ipv6_without_dots) {
  const std::string line = written(between(Version::v1, client4, server6));
  EXPECT_EQ(line, "PROXY TCP6 0:0:0:0:0:ffff:c000:201 2001:db8::2 56324 443\r\n");
  EXPECT_EQ(read_again(line), "v1 PROXY tcp6 192.0.2.1:56324 -> [2001:db8::2]:443");
  EXPECT_EQ(read_again(written(between(Version::v1, client6, server4))),
            "v1 PROXY tcp6 [2001:db8::1]:56324 -> 198.51.100.2:443");
}
TEST(WriterV1, an_ipv6_address_that_is_usually_written_with_dots) {
  EXPECT_EQ(written(between(Version::v1, ip("::1.2.3.4", 1), server6)),
            "PROXY TCP6 0:0:0:0:0:0:102:304 2001:db8::2 1 443\r\n");
}
TEST(WriterV1, what_it_has_no_word_for_is_unknown) {
  const std::string unknown = "PROXY UNKNOWN\r\n";
  EXPECT_EQ(written({.version = Version::v1}), unknown);
  EXPECT_EQ(written(header(Version::v1, Transport::udp4, client4, server4)), unknown);
  EXPECT_EQ(written(header(Version::v1, Transport::udp6, client6, server6)), unknown);
  EXPECT_EQ(written(between(Version::v1, unix_socket("/a"), unix_socket("/b"))), unknown);
  EXPECT_EQ(written({.version = Version::v1, .command = Command::local}), unknown);
}
TEST(WriterV1, a_health_check_says_its_own_addresses) {
  Header check = between(Version::v1, client4, server4);
  check.command = Command::local;
  EXPECT_EQ(written(check), "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n");
}
TEST(WriterV1, attributes_are_left_out) {
  const Attributes attributes{.alpn = "h2", .unique_id = std::string_view("a\r\nb"), .checksum = Checksum::crc32c};
  EXPECT_EQ(written(between(Version::v1, client4, server4), attributes),
            "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n");
}

// ---- version 2 ----

TEST(WriterV2, local) {
  EXPECT_EQ(to_hex(written({.command = Command::local})), to_hex(v2(0x20, 0x00, "")));
  Header check = between(Version::v2, client4, server4);
  check.command = Command::local;
  EXPECT_EQ(to_hex(written(check, {.alpn = "h2", .checksum = Checksum::crc32c})), to_hex(v2(0x20, 0x00, "")));
}
TEST(WriterV2, unspecified) { EXPECT_EQ(to_hex(written({}, {.alpn = "h2"})), to_hex(v2(0x21, 0x00, tlv(1, "h2")))); }
TEST(WriterV2, ipv4) {
  EXPECT_EQ(to_hex(written(between(Version::v2, client4, server4))), to_hex(v2(0x21, 0x11, ip4)));
  EXPECT_EQ(to_hex(written(header(Version::v2, Transport::udp4, client4, server4))), to_hex(v2(0x21, 0x12, ip4)));
}
TEST(WriterV2, ipv6) {
  const std::string ip6 = hex("20010db8000000000000000000000001 20010db8000000000000000000000002 dc04 01bb");
  EXPECT_EQ(to_hex(written(between(Version::v2, client6, server6))), to_hex(v2(0x21, 0x21, ip6)));
  EXPECT_EQ(to_hex(written(header(Version::v2, Transport::udp6, client6, server6))), to_hex(v2(0x21, 0x22, ip6)));
}
TEST(WriterV2, both_families_become_ipv6) {
  const std::string from4 = hex("00000000000000000000ffffc0000201 20010db8000000000000000000000002 dc04 01bb");
  EXPECT_EQ(to_hex(written(between(Version::v2, client4, server6))), to_hex(v2(0x21, 0x21, from4)));
  const std::string to4 = hex("20010db8000000000000000000000001 00000000000000000000ffffc6336402 dc04 01bb");
  EXPECT_EQ(to_hex(written(between(Version::v2, client6, server4))), to_hex(v2(0x21, 0x21, to4)));
}
TEST(WriterV2, paths) {
  const std::string a = "/run/a" + std::string(102, '\0');
  const std::string b(108, 'b');
  EXPECT_EQ(to_hex(written(between(Version::v2, unix_socket("/run/a"), unix_socket(b)))),
            to_hex(v2(0x21, 0x31, a + b)));
  const std::string none(108, '\0');
  EXPECT_EQ(to_hex(written(between(Version::v2, {}, unix_socket("/run/a")))), to_hex(v2(0x21, 0x31, none + a)));
  const std::string abstract = "\0a"s + std::string(106, '\0');
  EXPECT_EQ(to_hex(written(header(Version::v2, Transport::unix_datagram, unix_socket("\0a"s), {}))),
            to_hex(v2(0x21, 0x32, abstract + none)));
}
TEST(WriterV2, attributes_in_their_order) {
  const std::vector<Tlv> others{{tlv_noop, "ab"}, {0xe5, ""}, {0xf7, "x"}};
  const Attributes attributes{.alpn = "h2",
                              .authority = "lists.example.com",
                              .unique_id = "70b42bca",
                              .ssl = Ssl{.client = 7,
                                         .verify = 0x01020304,
                                         .version = "TLSv1.3",
                                         .cn = "alice",
                                         .cipher = "cipher",
                                         .sig_alg = "RSA-SHA256",
                                         .key_alg = "RSA2048",
                                         .group = "X25519",
                                         .sig_scheme = "scheme",
                                         .client_cert = "DER"},
                              .netns = "blue",
                              .others = others};
  const std::string ssl = hex("07 01020304") + tlv(0x21, "TLSv1.3") + tlv(0x22, "alice") + tlv(0x23, "cipher") +
                          tlv(0x24, "RSA-SHA256") + tlv(0x25, "RSA2048") + tlv(0x26, "X25519") + tlv(0x27, "scheme") +
                          tlv(0x28, "DER");
  const std::string list = tlv(1, "h2") + tlv(2, "lists.example.com") + tlv(5, "70b42bca") + tlv(0x20, ssl) +
                           tlv(0x30, "blue") + tlv(4, "ab") + tlv(0xe5, "") + tlv(0xf7, "x");
  EXPECT_EQ(to_hex(written(between(Version::v2, client4, server4), attributes)), to_hex(v2(0x21, 0x11, ip4 + list)));
}
TEST(WriterV2, empty_texts_are_left_out) {
  EXPECT_EQ(to_hex(written({}, {.ssl = Ssl{}})), to_hex(v2(0x21, 0x00, tlv(0x20, hex("0000000000")))));
}
TEST(WriterV2, a_checksum) {
  const std::string octets =
      written(between(Version::v2, client4, server4), {.alpn = "h2", .checksum = Checksum::crc32c});
  EXPECT_EQ(octets.size(), 16u + 12 + 5 + 7);
  EXPECT_EQ(read_again(octets),
            "v2 PROXY tcp4 192.0.2.1:56324 -> 198.51.100.2:443 alpn=\"h2\" crc32c=0x" + to_hex(octets.substr(36)));
}

// ---- what cannot be written ----

TEST(Writer, addresses_that_do_not_fit_the_transport) {
  for (const Version version : {Version::v1, Version::v2}) {
    const std::string mixed = "internal: an IPv6 address with IPv4";
    EXPECT_EQ(written(header(version, Transport::tcp4, client6, server4)), mixed);
    EXPECT_EQ(written(header(version, Transport::tcp4, client4, server6)), mixed);
    EXPECT_EQ(written(header(version, Transport::udp4, client6, server6)), mixed);
    for (const Transport transport : {Transport::tcp4, Transport::udp4, Transport::tcp6, Transport::udp6}) {
      EXPECT_EQ(written(header(version, transport, unix_socket("/a"), server4)), "internal: a path with IP");
      EXPECT_EQ(written(header(version, transport, client4, unix_socket("/a"))), "internal: a path with IP");
    }
    EXPECT_EQ(written(header(version, static_cast<Transport>(0x13), client4, server4)), "internal: no such transport");
  }
}
TEST(Writer, paths_that_would_not_be_read_back) {
  const Endpoint good = unix_socket("/a");
  const auto both = [&](const std::string& path) {
    const Transport transport = Transport::unix_stream;
    EXPECT_EQ(written(header(Version::v2, transport, good, unix_socket(path))),
              written(header(Version::v2, transport, unix_socket(path), good)));
    return written(header(Version::v2, transport, good, unix_socket(path)));
  };
  EXPECT_EQ(both(std::string(109, 'a')), "internal: a path is longer than 108 octets");
  EXPECT_EQ(both("/a\0b"s), "internal: a NUL in a path");
  EXPECT_EQ(both("/a\0"s), "internal: a NUL in a path");
  EXPECT_EQ(both("\0a\0"s), "internal: a NUL in a path");
  EXPECT_EQ(both("\0"s), "internal: a NUL in a path");
}
TEST(Writer, attributes_that_would_be_refused) {
  const Header good = between(Version::v2, client4, server4);
  const std::string id(129, 'x');
  EXPECT_EQ(written(good, {.unique_id = id}), "internal: a unique_id is longer than 128 octets");
  for (const TlvType type : {tlv_alpn, tlv_authority, tlv_crc32c, tlv_unique_id, tlv_ssl, tlv_netns}) {
    const std::vector<Tlv> others{{0xe5, "a"}, {type, "a"}};
    EXPECT_EQ(written(good, {.others = others}), "internal: a TLV that has a member of its own");
  }
}

// Every room that is too small, with a text that ends anywhere in it.
TEST(Writer, never_beyond_its_room) {
  const std::vector<Tlv> others{{0xe5, "abc"}};
  const Attributes attributes{
      .alpn = "h2", .ssl = Ssl{.client = 1, .version = "TLSv1.3"}, .others = others, .checksum = Checksum::crc32c};
  for (const Header& each : {between(Version::v1, client4, server4), between(Version::v2, client6, server6),
                             between(Version::v2, unix_socket("/a"), unix_socket("/b"))}) {
    const std::size_t size = written(each, attributes).size();
    EXPECT_EQ(written(each, attributes, size).size(), size);
    for (std::size_t room = 0; room < size; ++room)
      EXPECT_EQ(written(each, attributes, room), "proxy_header_too_long: PROXY header: no room");
  }
}
TEST(Writer, never_a_length_beyond_its_16_bits) {
  const std::string text(0xffff, 'x');
  const std::string more = text + 'x';
  const std::string too_long = "proxy_header_too_long: PROXY header: no room";
  EXPECT_EQ(written({}, {.alpn = text.substr(3)}, 1 << 17).size(), 16u + 0xffff);
  EXPECT_EQ(written({}, {.alpn = text.substr(2)}, 1 << 17), too_long);  // that of the whole
  EXPECT_EQ(written({}, {.alpn = more}, 1 << 17), too_long);            // that of the value
  EXPECT_EQ(written({}, {.ssl = Ssl{.cn = text}}, 1 << 18), too_long);  // that of what holds it
  EXPECT_EQ(written({}, {.alpn = text.substr(3), .checksum = Checksum::crc32c}, 1 << 17), too_long);
}

// ---- which transport ----

TEST(Transports, between_two_ends) {
  EXPECT_EQ(transport_between(client4, server4), Transport::tcp4);
  EXPECT_EQ(transport_between(client6, server6), Transport::tcp6);
  EXPECT_EQ(transport_between(client4, server6), Transport::tcp6);
  EXPECT_EQ(transport_between(client4, server4, Socket::datagram), Transport::udp4);
  EXPECT_EQ(transport_between(client6, server4, Socket::datagram), Transport::udp6);
  EXPECT_EQ(transport_between(unix_socket("/a"), unix_socket("/b")), Transport::unix_stream);
  EXPECT_EQ(transport_between({}, unix_socket("/b"), Socket::datagram), Transport::unix_datagram);
  EXPECT_EQ(transport_between(unix_socket("/a"), {}), Transport::unix_stream);
  EXPECT_EQ(transport_between(client4, unix_socket("/b")), Transport::unspecified);
  EXPECT_EQ(transport_between(unix_socket("/a"), server6), Transport::unspecified);
}

}  // namespace
}  // namespace sp::codec::proxy_protocol
