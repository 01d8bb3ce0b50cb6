#include "policy/special_addresses.h"

#include <gtest/gtest.h>

#include <set>

namespace sp::policy {
namespace {

// IpAddress reads IPv4-mapped addresses as IPv4; a resolver may hand over the octets.
IpAddress address_of(std::string_view text) {
  if (!text.starts_with("raw ")) return *IpAddress::parse(text);
  const IpAddress inside = *IpAddress::parse(text.substr(4));
  IpAddress result = IpAddress::any6();
  result.bytes[10] = result.bytes[11] = 0xff;
  for (std::size_t i = 0; i < 4; ++i) result.bytes[12 + i] = inside.bytes[i];
  return result;
}

TEST(SpecialAddresses, knows_every_block_to_its_ends) {
  struct Row {
    std::string_view address, network;  // "": it is in no block
  };
  const Row rows[] = {
      {"0.0.0.0", "0.0.0.0/8"},
      {"0.255.255.255", "0.0.0.0/8"},
      {"1.0.0.0", ""},
      {"9.255.255.255", ""},
      {"10.0.0.0", "10.0.0.0/8"},
      {"10.255.255.255", "10.0.0.0/8"},
      {"11.0.0.0", ""},
      {"100.63.255.255", ""},
      {"100.64.0.0", "100.64.0.0/10"},
      {"100.127.255.255", "100.64.0.0/10"},
      {"100.100.100.200", "100.100.100.200"},
      {"100.128.0.0", ""},
      {"126.255.255.255", ""},
      {"127.0.0.0", "127.0.0.0/8"},
      {"127.0.0.1", "127.0.0.0/8"},
      {"127.255.255.255", "127.0.0.0/8"},
      {"128.0.0.0", ""},
      {"168.63.129.16", "168.63.129.16"},
      {"168.63.129.17", ""},
      {"169.253.255.255", ""},
      {"169.254.0.0", "169.254.0.0/16"},
      {"169.254.169.254", "169.254.169.254"},
      {"169.254.170.2", "169.254.170.2"},
      {"169.254.255.255", "169.254.0.0/16"},
      {"169.255.0.0", ""},
      {"172.15.255.255", ""},
      {"172.16.0.0", "172.16.0.0/12"},
      {"172.31.255.255", "172.16.0.0/12"},
      {"172.32.0.0", ""},
      {"192.0.0.0", "192.0.0.0/29"},
      {"192.0.0.8", "192.0.0.8"},
      {"192.0.0.9", "192.0.0.9"},
      {"192.0.0.170", "192.0.0.170"},
      {"192.0.0.192", "192.0.0.192"},
      {"192.0.0.255", "192.0.0.0/24"},
      {"192.0.1.0", ""},
      {"192.0.2.255", "192.0.2.0/24"},
      {"192.31.196.1", "192.31.196.0/24"},
      {"192.52.193.1", "192.52.193.0/24"},
      {"192.88.99.1", "192.88.99.0/24"},
      {"192.88.99.2", "192.88.99.2"},
      {"192.167.255.255", ""},
      {"192.168.0.1", "192.168.0.0/16"},
      {"192.169.0.0", ""},
      {"192.175.48.6", "192.175.48.0/24"},
      {"198.17.255.255", ""},
      {"198.18.0.0", "198.18.0.0/15"},
      {"198.19.255.255", "198.18.0.0/15"},
      {"198.20.0.0", ""},
      {"198.51.100.1", "198.51.100.0/24"},
      {"203.0.113.1", "203.0.113.0/24"},
      {"223.255.255.255", ""},
      {"224.0.0.1", "224.0.0.0/4"},
      {"239.255.255.255", "224.0.0.0/4"},
      {"240.0.0.0", "240.0.0.0/4"},
      {"255.255.255.254", "240.0.0.0/4"},
      {"255.255.255.255", "255.255.255.255"},
      {"8.8.8.8", ""},
      {"::", "::"},
      {"::1", "::1"},
      {"::2", "::/96"},
      {"::8.8.8.8", "::/96"},
      {"raw 8.8.8.8", "::ffff:0.0.0.0/96"},
      {"64:ff9b::808:808", "64:ff9b::/96"},
      {"64:ff9b::1:808:808", "::/3"},
      {"64:ff9b:1::808:808", "64:ff9b:1::/48"},
      {"64:ff9b:2::808:808", "::/3"},
      {"100::1", "100::/64"},
      {"100:0:0:1::1", "100:0:0:1::/64"},
      {"100:0:0:2::1", "::/3"},
      {"1fff:ffff::1", "::/3"},
      {"2000::1", ""},
      {"2001:0:808:808:0:f7f7:f7f7:f7f7", "2001::/32"},
      {"2001:1::1", "2001:1::1"},
      {"2001:1::2", "2001:1::2"},
      {"2001:1::3", "2001:1::3"},
      {"2001:1::4", "2001::/23"},
      {"2001:2::1", "2001:2::/48"},
      {"2001:3::1", "2001:3::/32"},
      {"2001:4:112::1", "2001:4:112::/48"},
      {"2001:10::1", "2001:10::/28"},
      {"2001:2f:ffff::1", "2001:20::/28"},
      {"2001:3f::1", "2001:30::/28"},
      {"2001:1ff:ffff::1", "2001::/23"},
      {"2001:200::1", ""},
      {"2001:db7:ffff::1", ""},
      {"2001:db8::1", "2001:db8::/32"},
      {"2001:db9::1", ""},
      {"2002:808:808::1", "2002::/16"},
      {"2003::1", ""},
      {"2606:4700:4700::1111", ""},
      {"2620:4f:8000::1", "2620:4f:8000::/48"},
      {"3ffe::1", ""},
      {"3fff::1", "3fff::/20"},
      {"3fff:fff:ffff::1", "3fff::/20"},
      {"3fff:1000::1", ""},
      {"4000::1", "4000::/2"},
      {"5eff::1", "4000::/2"},
      {"5f00::1", "5f00::/16"},
      {"8000::1", "8000::/1"},
      {"fbff::1", "8000::/1"},
      {"fc00::1", "fc00::/7"},
      {"fdff:ffff::1", "fc00::/7"},
      {"fd00:ec2::254", "fd00:ec2::254"},
      {"fd20:ce::254", "fd20:ce::254"},
      {"fe00::1", "8000::/1"},
      {"fe80::1", "fe80::/10"},
      {"febf:ffff::1", "fe80::/10"},
      {"fec0::1", "fec0::/10"},
      {"feff:ffff::1", "fec0::/10"},
      {"ff00::1", "ff00::/8"},
      {"ff02::1", "ff00::/8"},
  };
  std::set<std::string> met;
  for (const Row& row : rows) {
    const auto block = special_block(address_of(row.address));
    EXPECT_EQ(block ? block->network.text() : "", row.network) << row.address;
    if (block) met.insert(block->network.text());
  }
  for (const SpecialBlock& block : special_blocks()) {
    if (block.kind == SpecialBlock::Kind::metadata || block.network.text() == "192.0.0.10" ||
        block.network.text() == "192.0.0.171" || block.network.text() == "::ffff:0:0:0/96") {
      continue;  // neighbours of others in the table, or met below
    }
    EXPECT_TRUE(met.contains(block.network.text())) << block.network.text();
    EXPECT_FALSE(block.name.empty() || block.reason.empty()) << block.network.text();
  }
}

TEST(SpecialAddresses, judges_ipv4_inside_of_ipv6) {
  struct Row {
    std::string_view address, inside, network;
  };
  const Row rows[] = {
      {"raw 127.0.0.1", "127.0.0.1", "127.0.0.0/8"},
      {"raw 169.254.169.254", "169.254.169.254", "169.254.169.254"},
      {"::127.0.0.1", "127.0.0.1", "127.0.0.0/8"},
      {"::10.0.0.1", "10.0.0.1", "10.0.0.0/8"},
      {"::ffff:0:127.0.0.1", "127.0.0.1", "127.0.0.0/8"},
      {"64:ff9b::10.0.0.1", "10.0.0.1", "10.0.0.0/8"},
      {"64:ff9b::a9fe:a9fe", "169.254.169.254", "169.254.169.254"},
      {"64:ff9b:1::192.168.0.1", "192.168.0.1", "192.168.0.0/16"},
      {"64:ff9b:1:7f00:0:100::", "127.0.0.1", "127.0.0.0/8"},     // a prefix of 48 bits
      {"64:ff9b:1:a7f:0:1::", "127.0.0.1", "127.0.0.0/8"},        // of 56
      {"64:ff9b:1:aaaa:7f:0:100::", "127.0.0.1", "127.0.0.0/8"},  // of 64
      {"2002:7f00:1::", "127.0.0.1", "127.0.0.0/8"},
      {"2002:a9fe:a9fe::1", "169.254.169.254", "169.254.169.254"},
      {"2002:c0a8:101:1::1", "192.168.1.1", "192.168.0.0/16"},
      {"2001:0:a00:1:0:0:f7f7:f7f7", "10.0.0.1", "10.0.0.0/8"},         // Teredo: the server
      {"2001:0:808:808:8000:0:80ff:fffe", "127.0.0.1", "127.0.0.0/8"},  // the client, inverted
      {"2001:0:808:808:0:0:5601:5601", "169.254.169.254", "169.254.169.254"},
      {"2606:4700::5efe:10.0.0.1", "10.0.0.1", "10.0.0.0/8"},  // ISATAP
      {"2606:4700::200:5efe:127.0.0.1", "127.0.0.1", "127.0.0.0/8"},
      {"fe80::5efe:192.168.0.1", "192.168.0.1", "192.168.0.0/16"},
  };
  for (const Row& row : rows) {
    const IpAddress address = address_of(row.address);
    const auto block = special_block(address);
    ASSERT_TRUE(block) << row.address;
    EXPECT_EQ(block->address.text(), row.inside) << row.address;
    EXPECT_EQ(block->network.text(), row.network) << row.address;
  }
  EXPECT_FALSE(special_block(*IpAddress::parse("2606:4700::5efe:8.8.8.8")));
  EXPECT_EQ(own_special_block(*IpAddress::parse("::ffff:0:8.8.8.8"))->network.text(), "::ffff:0:0:0/96");
}

TEST(SpecialAddresses, says_why) {
  auto text = [](std::string_view address) {
    const IpAddress asked = *IpAddress::parse(address);
    return special_block(asked)->text(asked);
  };
  EXPECT_EQ(
      text("10.0.0.1"),
      "10.0.0.1 is in 10.0.0.0/8, private network (RFC 1918): such addresses are of somebody's own network, not of "
      "the internet");
  EXPECT_EQ(text("64:ff9b::a00:1"),
            "64:ff9b::a00:1 holds 10.0.0.1, which is in 10.0.0.0/8, private network (RFC 1918): such addresses are of "
            "somebody's own network, not of the internet");
  EXPECT_EQ(
      text("169.254.169.254"),
      "169.254.169.254 is the metadata service of a cloud: it hands out credentials of the machine to whoever asks");
}

}  // namespace
}  // namespace sp::policy
