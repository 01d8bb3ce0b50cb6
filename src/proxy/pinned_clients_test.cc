#include "proxy/pinned_clients.h"

#include <gtest/gtest.h>

namespace sp::proxy {
namespace {

constexpr runtime::TimePoint start{};

TEST(PinnedClients, are_known_for_a_while) {
  PinnedClients clients;
  EXPECT_FALSE(clients.knows("a", start));
  EXPECT_TRUE(clients.note("a", start));
  EXPECT_TRUE(clients.knows("a", start));
  EXPECT_FALSE(clients.knows("b", start));
  EXPECT_TRUE(clients.knows("a", start + PinnedClients::remembered - std::chrono::seconds(1)));
  EXPECT_FALSE(clients.knows("a", start + PinnedClients::remembered));
}

TEST(PinnedClients, are_news_once) {
  PinnedClients clients;
  EXPECT_TRUE(clients.note("a", start));
  EXPECT_FALSE(clients.note("a", start));
  EXPECT_TRUE(clients.note("a", start + PinnedClients::remembered));
}

TEST(PinnedClients, are_no_more_than_so_many) {
  PinnedClients clients;
  for (std::size_t i = 0; i <= PinnedClients::most; ++i) clients.note(std::to_string(i), start);
  EXPECT_FALSE(clients.knows("0", start));
  EXPECT_TRUE(clients.knows("1", start));
}

}  // namespace
}  // namespace sp::proxy
