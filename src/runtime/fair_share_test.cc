#include "runtime/fair_share.h"

#include <gtest/gtest.h>

#include <string>

#include "testing/fake_loop.h"

namespace sp::runtime {
namespace {

Task<void> greedy(std::string& order, char name, int pieces, std::size_t octets) {
  FairShare share;
  for (int i = 0; i < pieces; ++i) {
    order += name;
    co_await share.spend(octets);
  }
}

class Sharing : public ::testing::Test {
 protected:
  std::string order_of_two(std::size_t octets) {
    std::string order;
    Scope scope;
    scope.spawn(greedy(order, 'a', 4, octets));
    scope.spawn(greedy(order, 'b', 4, octets));
    loop.settle();
    EXPECT_EQ(scope.running(), 0u);
    return order;
  }
  testing::FakeLoop loop;
};

TEST_F(Sharing, lets_one_go_on_within_its_share) { EXPECT_EQ(order_of_two(1000), "aaaabbbb"); }

TEST_F(Sharing, gives_the_others_their_turn_when_it_is_used_up) {
  EXPECT_EQ(order_of_two(FairShare::octets_per_turn), "abababab");
  EXPECT_EQ(order_of_two(FairShare::octets_per_turn / 2), "aabbaabb");
}

// A peer whose pieces are one octet each does not get a turn as long as its octets would last.
TEST_F(Sharing, counts_pieces) { EXPECT_EQ(order_of_two(FairShare::piece * 32 + 1), "aabbaabb"); }

}  // namespace
}  // namespace sp::runtime
