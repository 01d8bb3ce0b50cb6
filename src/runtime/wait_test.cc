#include "runtime/wait.h"

#include <gtest/gtest.h>

#include <optional>

#include "runtime/scope.h"
#include "testing/fake_loop.h"

namespace sp::runtime {
namespace {

using namespace std::chrono_literals;
using testing::FakeLoop;

Task<void> sleep(TimePoint until, CancelToken* token, std::optional<Code>& ended) {
  const auto slept = co_await sleep_until(until, token);
  ended = slept ? Code::ok : slept.error().code;
}
Task<void> wait(Event& event, TimePoint deadline, CancelToken* token, std::optional<Code>& ended) {
  const auto waited = co_await event.wait(deadline, token);
  ended = waited ? Code::ok : waited.error().code;
}

class Wait : public ::testing::Test {
 protected:
  FakeLoop loop;
  Scope scope;
  Event event;
  std::optional<Code> ended;
};

TEST_F(Wait, sleeping_ends_at_its_time) {
  scope.spawn(sleep(loop.now() + 10ms, nullptr, ended));
  loop.advance(9ms);
  EXPECT_FALSE(ended);
  loop.advance(1ms);
  EXPECT_EQ(ended, Code::ok);
}

TEST_F(Wait, sleeping_until_a_time_that_is_past_ends_in_the_next_turn) {
  scope.spawn(sleep(loop.now() - 10ms, nullptr, ended));
  loop.advance(1ms);
  EXPECT_EQ(ended, Code::ok);
}

TEST_F(Wait, sleeping_ends_when_it_is_cancelled) {
  scope.spawn(sleep(loop.now() + 10ms, &scope.token(), ended));
  scope.cancel(Code::shutting_down);
  EXPECT_FALSE(ended);  // not inside of cancel()
  loop.settle();
  EXPECT_EQ(ended, Code::shutting_down);
  EXPECT_EQ(loop.timers().next() == never || loop.timers().next() > loop.now(), true);
  loop.advance(1s);
}

TEST_F(Wait, sleeping_under_a_cancelled_token_does_not_wait) {
  scope.cancel();
  scope.spawn(sleep(loop.now() + 10ms, &scope.token(), ended));
  EXPECT_EQ(ended, Code::cancelled);
}

TEST_F(Wait, an_event_wakes_its_waiter) {
  scope.spawn(wait(event, never, nullptr, ended));
  loop.advance(1h);
  EXPECT_FALSE(ended);
  event.set();
  event.set();
  EXPECT_FALSE(ended);  // not inside of set()
  loop.settle();
  EXPECT_EQ(ended, Code::ok);
}

TEST_F(Wait, an_event_that_is_set_lets_pass_until_it_is_cleared) {
  event.set();
  scope.spawn(wait(event, never, nullptr, ended));
  EXPECT_EQ(ended, Code::ok);
  event.clear();
  ended.reset();
  scope.spawn(wait(event, never, nullptr, ended));
  EXPECT_FALSE(ended);
  event.set();
  loop.settle();
  EXPECT_EQ(ended, Code::ok);
}

TEST_F(Wait, an_event_has_a_deadline) {
  scope.spawn(wait(event, loop.now() + 5ms, nullptr, ended));
  loop.advance(5ms);
  EXPECT_EQ(ended, Code::timeout);
  event.set();  // nobody waits: kept for the next one
  ended.reset();
  scope.spawn(wait(event, loop.now() + 5ms, nullptr, ended));
  EXPECT_EQ(ended, Code::ok);
}

TEST_F(Wait, an_event_hears_the_token) {
  scope.spawn(wait(event, loop.now() + 1h, &scope.token(), ended));
  scope.cancel(Code::shutting_down);
  loop.settle();
  EXPECT_EQ(ended, Code::shutting_down);
  event.set();
  loop.advance(2h);
}

// All at once: one wake, and being set counts for more than the others.
TEST_F(Wait, set_and_deadline_and_cancellation_in_one_turn_wake_once) {
  scope.spawn(wait(event, loop.now() + 5ms, &scope.token(), ended));
  scope.cancel();
  event.set();
  loop.advance(5ms);
  EXPECT_EQ(ended, Code::ok);
}

}  // namespace
}  // namespace sp::runtime
