// What one connection may do in one turn of the loop before the others have theirs. Who waits for a socket gives way by
// itself; a peer that always has more ready must be made to.
//   co_await share.spend(octets);  // goes on at once, or in the next turn
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include "runtime/loop.h"

namespace sp::runtime {

class FairShare {
 public:
  static constexpr std::size_t octets_per_turn = std::size_t{256} * 1024;
  // What a request costs beside its content, in octets: sixteen of them are a turn's share.
  static constexpr std::size_t request = octets_per_turn / 16;
  // What a piece of content costs beside its octets, which may be one: it is a read and a write.
  static constexpr std::size_t piece = octets_per_turn / 64;

  class Spending {
   public:
    explicit Spending(bool goes_on) : goes_on_(goes_on) {}
    bool await_ready() const { return goes_on_; }
    void await_suspend(std::coroutine_handle<> handle) const { Loop::current().post_to_next_turn(handle); }
    void await_resume() const {}

   private:
    bool goes_on_;
  };
  [[nodiscard]] Spending spend(std::size_t octets) {
    std::uint32_t turn = Loop::current().turn();
    if (turn != turn_) spent_ = 0;
    turn_ = turn;
    spent_ += octets;
    return Spending(spent_ < octets_per_turn);
  }

 private:
  std::size_t spent_ = 0;
  std::uint32_t turn_ = 0;
};

}  // namespace sp::runtime
