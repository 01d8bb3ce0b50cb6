#include "codec/proxy_protocol/tlv.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "codec/proxy_protocol/rows_for_tests.h"
#include "codec/proxy_protocol/vendor.h"

namespace sp::codec::proxy_protocol {
namespace {

using rows::hex;
using rows::tlv;

TEST(Tlvs, an_empty_list) {
  EXPECT_EQ(Tlvs().begin(), Tlvs::end());
  EXPECT_EQ(Tlvs().find(tlv_alpn), std::nullopt);
  EXPECT_EQ(find_fault(Tlvs()), nullptr);
}

TEST(Tlvs, iteration_ends_before_what_is_cut_off) {
  const std::string whole = tlv(1, "h2") + tlv(0xe5, "") + tlv(5, "abc");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const std::string octets = whole.substr(0, size);
    const auto count = std::ranges::count_if(Tlvs(octets), [](const Tlv&) { return true; });
    EXPECT_EQ(count, size < 5 ? 0 : size < 8 ? 1 : size < 14 ? 2 : 3);
    EXPECT_EQ(find_fault(Tlvs(octets)) == nullptr, size == 0 || size == 5 || size == 8 || size == 14) << size;
  }
}

TEST(Tlvs, find_gives_the_first) {
  const std::string octets = tlv(0xe5, "a") + tlv(0xe5, "b");
  EXPECT_EQ(Tlvs(octets).find(0xe5), "a");
  EXPECT_EQ(Tlvs(octets).find(0xe6), std::nullopt);
}

TEST(Tlvs, ssl_by_its_members) {
  const std::string octets = tlv(0x20, hex("05 00000013") + tlv(0x23, "cipher") + tlv(0x22, "cn") +
                                           tlv(0x21, "version") + tlv(0x24, "sig_alg") + tlv(0x25, "key_alg") +
                                           tlv(0x26, "group") + tlv(0x27, "sig_scheme") + tlv(0x28, "client_cert"));
  const Ssl expected{.client = client_ssl | client_cert_sess,
                     .verify = 19,
                     .version = "version",
                     .cn = "cn",
                     .cipher = "cipher",
                     .sig_alg = "sig_alg",
                     .key_alg = "key_alg",
                     .group = "group",
                     .sig_scheme = "sig_scheme",
                     .client_cert = "client_cert"};
  EXPECT_EQ(ssl(Tlvs(octets)), expected);
}

TEST(Tlvs, no_ssl) {
  EXPECT_EQ(ssl(Tlvs()), std::nullopt);
  const std::string short_one = tlv(0x20, "\x01");
  EXPECT_EQ(ssl(Tlvs(short_one)), std::nullopt);
  EXPECT_EQ(ssl_tlvs("\x01").begin(), Tlvs::end());
}

TEST(Tlvs, ssl_keeps_what_it_has_no_member_for) {
  const std::string octets = tlv(0x20, hex("01 00000000") + tlv(0x7f, "a"));
  EXPECT_EQ(ssl_tlvs(*Tlvs(octets).find(tlv_ssl)).find(0x7f), "a");
}

TEST(Vendors, the_first_that_is_theirs) {
  const std::string octets = tlv(0xea, "\x02other") + tlv(0xea, "\x01vpce-1") + tlv(0xea, "\x01vpce-2") +
                             tlv(0xee, hex("01 01020304")) + tlv(0xe0, hex("0000000000000102"));
  const Tlvs list(octets);
  EXPECT_EQ(aws_vpc_endpoint(list), "vpce-1");
  EXPECT_EQ(azure_private_endpoint(list), 0x04030201u);
  EXPECT_EQ(gcp_psc_connection(list), 258u);
}

TEST(Vendors, none) {
  const std::string octets = tlv(0xea, "vpce-1") + tlv(0xee, hex("00 01020304")) + tlv(0xe0, "custom");
  const Tlvs list(octets);
  EXPECT_EQ(aws_vpc_endpoint(list), std::nullopt);
  EXPECT_EQ(azure_private_endpoint(list), std::nullopt);
  EXPECT_EQ(gcp_psc_connection(list), std::nullopt);
}

}  // namespace
}  // namespace sp::codec::proxy_protocol
