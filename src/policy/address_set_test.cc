#include "policy/address_set.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <random>

namespace sp::policy {
namespace {

AddressSet set_of(std::initializer_list<std::string_view> texts) {
  std::vector<config::Network> networks;
  for (std::string_view text : texts) networks.push_back(config::parse_network(text).value());
  return AddressSet(networks);
}

std::optional<std::uint32_t> find(const AddressSet& set, std::string_view address) {
  return set.find(*IpAddress::parse(address));
}

TEST(AddressSet, finds_the_most_specific_network) {
  AddressSet set = set_of({"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "192.0.2.0/24", "10.1.0.0/16"});
  EXPECT_EQ(find(set, "10.0.0.0"), 0u);
  EXPECT_EQ(find(set, "10.0.255.255"), 0u);
  EXPECT_EQ(find(set, "10.1.0.0"), 1u);
  EXPECT_EQ(find(set, "10.1.2.2"), 1u);
  EXPECT_EQ(find(set, "10.1.2.3"), 2u);
  EXPECT_EQ(find(set, "10.1.2.4"), 1u);
  EXPECT_EQ(find(set, "10.2.0.0"), 0u);
  EXPECT_EQ(find(set, "10.255.255.255"), 0u);
  EXPECT_EQ(find(set, "11.0.0.0"), std::nullopt);
  EXPECT_EQ(find(set, "9.255.255.255"), std::nullopt);
  EXPECT_EQ(find(set, "192.0.2.200"), 3u);
  EXPECT_EQ(find(set, "::1"), std::nullopt);
}

TEST(AddressSet, holds_both_families_to_their_ends) {
  AddressSet set =
      set_of({"0.0.0.0/0", "255.255.255.255", "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32"});
  EXPECT_EQ(find(set, "0.0.0.0"), 0u);
  EXPECT_EQ(find(set, "255.255.255.254"), 0u);
  EXPECT_EQ(find(set, "255.255.255.255"), 1u);
  EXPECT_EQ(find(set, "::"), 2u);
  EXPECT_EQ(find(set, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 3u);
  EXPECT_EQ(find(set, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), 4u);
  EXPECT_EQ(find(set, "2001:db9::"), 2u);
  EXPECT_EQ(find(set, "::ffff:1.2.3.4"), 0u);  // IPv4 in disguise
}

TEST(AddressSet, is_empty_without_networks) {
  AddressSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_FALSE(set.contains(IpAddress::loopback4()));
}

// Against the plain way: ask every network.
TEST(AddressSet, agrees_with_a_list) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<config::Network> networks;
    for (int i = 0; i < 30; ++i) {
      int bits = static_cast<int>(random() % 33);
      std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
      std::uint32_t value = random() % 4096 * 1048576 & mask;
      config::Network network{.address = {}, .bits = bits};
      for (std::size_t b = 0; b < 4; ++b) network.address.bytes[b] = static_cast<std::uint8_t>(value >> (24 - 8 * b));
      networks.push_back(network);
    }
    AddressSet set(networks);
    for (int i = 0; i < 200; ++i) {
      IpAddress address;
      for (std::size_t b = 0; b < 4; ++b) address.bytes[b] = static_cast<std::uint8_t>(random());
      int best = -1;
      for (const auto& network : networks) {
        if (network.contains(address)) best = std::max(best, network.bits);
      }
      auto found = set.find(address);
      ASSERT_EQ(found.has_value(), best >= 0);
      if (found) ASSERT_EQ(networks[*found].bits, best);
    }
  }
}

}  // namespace
}  // namespace sp::policy
