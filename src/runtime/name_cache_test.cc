#include "runtime/name_cache.h"

#include <gtest/gtest.h>

namespace sp::runtime {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint now{1h};

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }
NameEntry entry(std::string_view address) { return {{ip(address)}, {}, Code::ok}; }

std::string order(const NameEntry& entry, std::size_t turn) {
  std::string text;
  for (const IpAddress& address : order_addresses(entry, turn)) text += address.text() + " ";
  return text;
}

TEST(AddressOrder, families_interleave_with_v6_first) {
  const NameEntry many{{ip("192.0.2.1"), ip("192.0.2.2"), ip("192.0.2.3")}, {ip("2001:db8::1")}};
  EXPECT_EQ(order(many, 0), "2001:db8::1 192.0.2.1 192.0.2.2 192.0.2.3 ");
  EXPECT_EQ(order(many, 1), "2001:db8::1 192.0.2.2 192.0.2.3 192.0.2.1 ");
  EXPECT_EQ(order(many, 5), "2001:db8::1 192.0.2.3 192.0.2.1 192.0.2.2 ");
  EXPECT_EQ(order({{}, {ip("2001:db8::1"), ip("2001:db8::2")}}, 1), "2001:db8::2 2001:db8::1 ");
  EXPECT_EQ(order({}, 3), "");
}

TEST(NameCache, answers_are_fresh_for_their_time_and_then_stale) {
  NameCache cache;
  cache.store("a", entry("192.0.2.1"), 60s, now);
  EXPECT_TRUE(cache.find("a", now + 59s).fresh);
  const NameCache::Found stale = cache.find("a", now + 60s);
  EXPECT_NE(stale.entry, nullptr);
  EXPECT_FALSE(stale.fresh);
  EXPECT_NE(cache.find("a", now + 359s).entry, nullptr);
  EXPECT_EQ(cache.find("a", now + 360s).entry, nullptr);
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.find("b", now).entry, nullptr);
}

TEST(NameCache, times_are_bounded) {
  NameCache cache;
  cache.store("zero", entry("192.0.2.1"), 0s, now);
  EXPECT_TRUE(cache.find("zero", now + 999ms).fresh);
  EXPECT_FALSE(cache.find("zero", now + 1s).fresh);
  cache.store("long", entry("192.0.2.1"), std::chrono::seconds::max(), now);
  EXPECT_TRUE(cache.find("long", now + 3599s).fresh);
  EXPECT_FALSE(cache.find("long", now + 3600s).fresh);
}

TEST(NameCache, negative_answers_end_with_their_time) {
  NameCache cache;
  cache.store("no", {{}, {}, Code::dns_error}, std::chrono::seconds::max(), now);
  EXPECT_TRUE(cache.find("no", now + 299s).fresh);
  EXPECT_EQ(cache.find("no", now + 300s).entry, nullptr);
}

TEST(NameCache, stale_answers_can_be_extended_within_their_bound) {
  NameCache cache;
  cache.store("a", entry("192.0.2.1"), 60s, now);
  EXPECT_TRUE(cache.extend("a", 5s, now + 100s));
  EXPECT_TRUE(cache.find("a", now + 104s).fresh);
  EXPECT_FALSE(cache.find("a", now + 105s).fresh);
  EXPECT_TRUE(cache.extend("a", 5s, now + 358s));
  EXPECT_EQ(cache.find("a", now + 360s).entry, nullptr);
  EXPECT_FALSE(cache.extend("a", 5s, now + 361s));
  EXPECT_FALSE(cache.extend("unknown", 5s, now));
  cache.store("no", {{}, {}, Code::dns_error}, 10s, now);
  EXPECT_FALSE(cache.extend("no", 5s, now));
}

TEST(NameCache, the_one_that_was_used_longest_ago_makes_room) {
  NameCache cache({.entries = 2});
  cache.store("a", entry("192.0.2.1"), 60s, now);
  cache.store("b", entry("192.0.2.2"), 60s, now);
  cache.find("a", now);
  cache.store("c", entry("192.0.2.3"), 60s, now);
  EXPECT_NE(cache.find("a", now).entry, nullptr);
  EXPECT_EQ(cache.find("b", now).entry, nullptr);
  EXPECT_NE(cache.find("c", now).entry, nullptr);
  EXPECT_EQ(cache.size(), 2u);
}

TEST(NameCache, turns_go_on_over_renewal) {
  NameCache cache;
  cache.store("a", entry("192.0.2.1"), 60s, now);
  EXPECT_EQ(cache.find("a", now).turn, 0u);
  EXPECT_EQ(cache.find("a", now).turn, 1u);
  cache.store("a", entry("192.0.2.9"), 60s, now);
  const NameCache::Found found = cache.find("a", now);
  EXPECT_EQ(found.turn, 2u);
  EXPECT_EQ(*found.entry, entry("192.0.2.9"));
}

TEST(NameCache, clearing_forgets_everything) {
  NameCache cache;
  cache.store("a", entry("192.0.2.1"), 60s, now);
  cache.clear();
  EXPECT_EQ(cache.find("a", now).entry, nullptr);
  cache.store("a", entry("192.0.2.1"), 60s, now);
  EXPECT_NE(cache.find("a", now).entry, nullptr);
}

}  // namespace
}  // namespace sp::runtime
