#include "policy/destination_set.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sp::policy {
namespace {

DestinationSet set_of(const std::vector<std::string>& texts) {
  std::vector<DestinationPattern> patterns;
  patterns.reserve(texts.size());
  for (const std::string& text : texts) patterns.push_back(parse_destination(text).value());
  return DestinationSet(std::move(patterns));
}

std::string first(const DestinationSet& set, std::string_view host, std::uint16_t port = 443) {
  const auto found = set.first(read_host(host).value(), port);
  return found ? set.patterns()[*found].text() : "-";
}
std::string most_specific(const DestinationSet& set, std::string_view host, std::uint16_t port = 443) {
  const auto found = set.most_specific(read_host(host).value(), port);
  return found ? set.patterns()[*found].text() : "-";
}

TEST(DestinationSet, finds_the_first_or_the_most_specific) {
  const DestinationSet set = set_of({"example.com:8080", ".example.com", "*:25", "a.example.com", "a.example.com:443",
                                     "10.0.0.0/8", "10.1.0.0/16:22", "10.1.2.3", "::/0", "org"});
  EXPECT_EQ(first(set, "example.com"), "-");
  EXPECT_EQ(first(set, "example.com", 8080), "example.com:8080");
  EXPECT_EQ(first(set, "example.com", 25), "*:25");
  EXPECT_EQ(first(set, "x.example.com"), ".example.com");
  EXPECT_EQ(first(set, "X.Example.Com", 25), ".example.com");
  EXPECT_EQ(first(set, "a.example.com", 8080), "example.com:8080");
  EXPECT_EQ(first(set, "a.example.com"), ".example.com");
  EXPECT_EQ(most_specific(set, "a.example.com"), "a.example.com:443");
  EXPECT_EQ(most_specific(set, "a.example.com", 80), "a.example.com");
  EXPECT_EQ(most_specific(set, "b.a.example.com"), "a.example.com:443");
  EXPECT_EQ(most_specific(set, "x.example.com", 25), ".example.com");
  EXPECT_EQ(most_specific(set, "example.net", 25), "*:25");
  EXPECT_EQ(first(set, "10.1.2.3"), "10.0.0.0/8");
  EXPECT_EQ(most_specific(set, "10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(most_specific(set, "10.1.2.4", 22), "10.1.0.0/16:22");
  EXPECT_EQ(most_specific(set, "10.1.2.4"), "10.0.0.0/8");
  EXPECT_EQ(first(set, "11.1.2.4"), "-");
  EXPECT_EQ(first(set, "2001:db8::1"), "::/0");
  EXPECT_EQ(most_specific(set, "2001:db8::1"), "::/0");
  EXPECT_EQ(first(set, "x.y.z.org"), "org");
}

TEST(DestinationSet, is_nothing_without_patterns) {
  const DestinationSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(first(set, "example.com"), "-");
  EXPECT_EQ(most_specific(set, "10.0.0.1"), "-");
}

// Counts what is looked at: of 100,000 patterns only those that hold the host.
TEST(DestinationSet, looks_at_no_pattern_that_does_not_hold_the_host) {
  std::vector<std::string> texts;
  texts.reserve(100'000);
  for (int i = 0; i < 50'000; ++i)
    texts.push_back("host" + std::to_string(i) + ".zone" + std::to_string(i % 100) + ".example");
  for (int i = 0; i < 10'000; ++i) texts.push_back(".below" + std::to_string(i) + ".example:8443");
  for (int i = 0; i < 39'997; ++i) {
    texts.push_back("10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".0/24");
  }
  texts.insert(texts.end(), {"zone7.example", "example", "10.0.0.0/8"});
  const DestinationSet set = set_of(texts);
  ASSERT_EQ(set.patterns().size(), 100'000u);
  std::size_t steps = 0;
  auto never = [&](std::uint32_t) { return ++steps, false; };
  set.first_by_name("www.host4907.zone7.example", never);
  EXPECT_EQ(steps, 3u);  // itself, zone7.example, example
  steps = 0;
  set.first_by_name("a.b.c.d.e.f.g.nowhere.test", never);
  EXPECT_EQ(steps, 0u);
  set.first_by_address(*IpAddress::parse("10.100.7.1"), never);
  EXPECT_EQ(steps, 2u);
  steps = 0;
  set.first_by_address(*IpAddress::parse("192.0.2.1"), never);
  EXPECT_EQ(steps, 0u);
  EXPECT_EQ(first(set, "host49999.zone99.example"), "host49999.zone99.example");
}

// Against the plain way: ask every pattern.
TEST(DestinationSet, agrees_with_a_list) {
  std::mt19937 random(11);
  auto one_of = [&](std::initializer_list<const char*> choices) {
    return std::string(choices.begin()[random() % choices.size()]);
  };
  auto name = [&] { return one_of({"", "a.", "b.", "a.b."}) + one_of({"x.test", "y.test", "test"}); };
  auto address = [&] { return "10." + std::to_string(random() % 2) + "." + std::to_string(random() % 2) + ".1"; };
  auto pattern = [&]() -> std::string {
    const std::string port = one_of({"", "", ":443"});
    switch (random() % 6) {
      case 0: return one_of({"*", "0.0.0.0/0"}) + port;
      case 1: return address() + port;
      case 2: return one_of({"10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "10.1.1.0/24", "10.0.0.0/7"}) + port;
      case 3: return "." + name() + port;
      default: return name() + port;
    }
  };
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> texts;
    for (unsigned n = random() % 8; n > 0; --n) texts.push_back(pattern());
    const DestinationSet set = set_of(texts);
    for (int i = 0; i < 10; ++i) {
      const std::string text = random() % 2 != 0 ? name() : address();
      const auto host = read_host(text).value();
      const std::uint16_t port = random() % 2 != 0 ? 443 : 80;
      std::string expected = "-";
      for (const DestinationPattern& each : set.patterns()) {
        if (!each.holds(host) || (each.port != 0 && each.port != port)) continue;
        expected = each.text();
        break;
      }
      ASSERT_EQ(first(set, text, port), expected) << text;
      ASSERT_EQ(most_specific(set, text, port) == "-", expected == "-") << text;
    }
  }
}

}  // namespace
}  // namespace sp::policy
