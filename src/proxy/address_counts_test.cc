#include "proxy/address_counts.h"

#include <gtest/gtest.h>

namespace sp::proxy {
namespace {

using namespace std::chrono_literals;

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

struct Counting {
  AddressCounts counts;
  runtime::TimePoint now{1h};
  AddressCounts::Allowed allowed;
  bool enter(std::string_view address, AddressCounts::Held& held, std::string_view entry = "mail") {
    return counts.enter(ip(address), entry, allowed, now, held);
  }
};

TEST(AddressCounts, an_address_has_no_more_than_it_may) {
  Counting c{.allowed = {.connections = 2}};
  AddressCounts::Held first, second, third, other, elsewhere;
  EXPECT_TRUE(c.enter("192.0.2.1", first));
  EXPECT_TRUE(c.enter("192.0.2.1", second));
  EXPECT_FALSE(c.enter("192.0.2.1", third));
  EXPECT_TRUE(c.enter("192.0.2.2", other));
  EXPECT_TRUE(c.enter("192.0.2.1", elsewhere, "web"));
  {
    const AddressCounts::Held ended = std::move(first);
  }
  EXPECT_TRUE(c.enter("192.0.2.1", third));
}

TEST(AddressCounts, nothing_is_kept_of_addresses_without_connections) {
  Counting c{.allowed = {.connections = 1}};
  {
    AddressCounts::Held a, b;
    EXPECT_TRUE(c.enter("192.0.2.1", a));
    EXPECT_TRUE(c.enter("2001:db8::1", b));
    c.counts.tidy(c.now);
    EXPECT_EQ(c.counts.size(), 2U);
  }
  c.counts.tidy(c.now);
  EXPECT_EQ(c.counts.size(), 0U);
}

TEST(AddressCounts, a_network_of_IPv6_counts_as_one) {
  Counting c{.allowed = {.connections = 1}};
  AddressCounts::Held first, second, third;
  EXPECT_TRUE(c.enter("2001:db8:0:1::1", first));
  EXPECT_FALSE(c.enter("2001:db8:0:1:ffff::2", second));
  EXPECT_TRUE(c.enter("2001:db8:0:2::1", third));
}

TEST(AddressCounts, new_connections_come_at_a_rate) {
  Counting c{.allowed = {.rate = {.count = 3, .per = 60s}}};
  const auto comes = [&] {
    AddressCounts::Held held;
    return c.enter("192.0.2.1", held);
  };
  EXPECT_TRUE(comes());
  EXPECT_TRUE(comes());
  EXPECT_TRUE(comes());
  EXPECT_FALSE(comes());
  c.now += 19s;
  EXPECT_FALSE(comes());
  c.now += 1s;
  EXPECT_TRUE(comes());
  EXPECT_FALSE(comes());
  c.now += 1h;
  EXPECT_TRUE(comes());
  EXPECT_TRUE(comes());
  EXPECT_TRUE(comes());
  EXPECT_FALSE(comes());
}

TEST(AddressCounts, who_is_too_fast_is_remembered_until_he_is_not) {
  Counting c{.allowed = {.rate = {.count = 1, .per = 1s}}};
  {
    AddressCounts::Held held;
    EXPECT_TRUE(c.enter("192.0.2.1", held));
  }
  c.counts.tidy(c.now + 999ms);
  EXPECT_EQ(c.counts.size(), 1U);
  c.counts.tidy(c.now + 1s);
  EXPECT_EQ(c.counts.size(), 0U);
}

TEST(AddressCounts, many_addresses_are_not_remembered_for_ever) {
  Counting c{.allowed = {.rate = {.count = 1, .per = 1h}}};
  for (std::uint32_t i = 0; i < 2 * AddressCounts::most_without; ++i) {
    IpAddress address;
    address.bytes = {10, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8),
                     static_cast<std::uint8_t>(i)};
    AddressCounts::Held held;
    EXPECT_TRUE(c.counts.enter(address, "mail", c.allowed, c.now, held));
    ASSERT_LE(c.counts.size(), AddressCounts::most_without + 2);
  }
}

}  // namespace
}  // namespace sp::proxy
