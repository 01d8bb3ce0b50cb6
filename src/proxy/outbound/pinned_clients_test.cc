#include "proxy/outbound/pinned_clients.h"

#include <gtest/gtest.h>

namespace sp::proxy {
namespace {

using Verdict = PinnedClients::Verdict;

constexpr runtime::TimePoint start{};

TEST(PinnedClients, are_known_for_a_while) {
  PinnedClients clients;
  EXPECT_FALSE(clients.knows("a", start));
  EXPECT_EQ(clients.refused("a", start), Verdict::refuses_as_news);
  EXPECT_TRUE(clients.knows("a", start));
  EXPECT_FALSE(clients.knows("b", start));
  EXPECT_TRUE(clients.knows("a", start + PinnedClients::remembered - std::chrono::seconds(1)));
  EXPECT_FALSE(clients.knows("a", start + PinnedClients::remembered));
}

TEST(PinnedClients, are_news_once) {
  PinnedClients clients;
  EXPECT_EQ(clients.refused("a", start), Verdict::refuses_as_news);
  EXPECT_EQ(clients.refused("a", start), Verdict::refuses);
  EXPECT_EQ(clients.left("a", start), Verdict::refuses);
  EXPECT_EQ(clients.refused("a", start + PinnedClients::remembered), Verdict::refuses_as_news);
}

TEST(PinnedClients, have_left_twice_without_a_word) {
  PinnedClients clients;
  EXPECT_EQ(clients.left("a", start), Verdict::none);
  EXPECT_FALSE(clients.knows("a", start));
  EXPECT_EQ(clients.left("b", start), Verdict::none);
  EXPECT_EQ(clients.left("a", start), Verdict::refuses_as_news);
  EXPECT_TRUE(clients.knows("a", start));
  EXPECT_EQ(clients.left("b", start + PinnedClients::remembered), Verdict::none) << "the first time is long ago";
}

TEST(PinnedClients, are_not_those_that_use_the_certificate) {
  PinnedClients clients;
  EXPECT_EQ(clients.left("a", start), Verdict::none);
  clients.used("a", start);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(clients.left("a", start), Verdict::none);
  const auto later = start + PinnedClients::remembered;
  EXPECT_EQ(clients.left("a", later), Verdict::none);
  EXPECT_EQ(clients.left("a", later), Verdict::refuses_as_news);
  clients.used("b", start);
  EXPECT_EQ(clients.refused("b", start), Verdict::refuses_as_news);
  EXPECT_EQ(clients.refused("b", start), Verdict::refuses);
  EXPECT_FALSE(clients.knows("b", start));
  EXPECT_EQ(clients.refused("b", later), Verdict::refuses_as_news);
  EXPECT_TRUE(clients.knows("b", later)) << "it has not used one for an hour";
}

TEST(PinnedClients, are_no_more_than_so_many) {
  PinnedClients clients;
  for (std::size_t i = 0; i <= PinnedClients::most; ++i) clients.refused(std::to_string(i), start);
  EXPECT_FALSE(clients.knows("0", start));
  EXPECT_TRUE(clients.knows("1", start));
}

}  // namespace
}  // namespace sp::proxy
