#include "runtime/scope.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/wait.h"
#include "testing/fake_loop.h"

namespace sp::runtime {
namespace {

using namespace std::chrono_literals;
using testing::FakeLoop;

Task<void> say(std::vector<std::string>& log, std::string name, Duration delay, CancelToken& token) {
  log.push_back(name + " begins");
  const auto slept = co_await sleep_for(delay, &token);
  log.push_back(name + (slept ? " ends" : " was told"));
}

Task<void> at_once(int& ran) {
  ++ran;
  co_return;
}

Task<void> children_run_beside(std::vector<std::string>& log) {
  Scope scope;
  scope.spawn(say(log, "a", 20ms, scope.token()));
  scope.spawn(say(log, "b", 10ms, scope.token()));
  EXPECT_EQ(scope.running(), 2u);
  log.push_back("spawned");
  co_await scope.join();
  EXPECT_EQ(scope.running(), 0u);
  log.push_back("joined");
}

TEST(Scope, children_run_until_they_wait_and_then_beside) {
  FakeLoop loop;
  std::vector<std::string> log;
  loop.run(children_run_beside(log));
  EXPECT_EQ(log, (std::vector<std::string>{"a begins", "b begins", "spawned", "b ends", "a ends", "joined"}));
}

Task<void> cancels(std::vector<std::string>& log) {
  Scope scope;
  scope.spawn(say(log, "a", 1h, scope.token()));
  scope.spawn(say(log, "b", 1h, scope.token()));
  scope.cancel();
  log.push_back("asked");
  co_await scope.join();
  log.push_back("joined");
}

TEST(Scope, cancelling_asks_and_join_waits) {
  FakeLoop loop;
  const TimePoint before = loop.now();
  std::vector<std::string> log;
  loop.run(cancels(log));
  EXPECT_EQ(log, (std::vector<std::string>{"a begins", "b begins", "asked", "a was told", "b was told", "joined"}));
  EXPECT_EQ(loop.now(), before);
}

Task<void> nested(std::vector<std::string>& log, CancelToken& outer) {
  Scope scope(outer);
  scope.spawn(say(log, "inner", 1h, scope.token()));
  co_await scope.join();
  log.push_back("inner joined");
}

TEST(Scope, cancellation_goes_down_into_nested_scopes) {
  FakeLoop loop;
  std::vector<std::string> log;
  Scope outer;
  outer.spawn(nested(log, outer.token()));
  loop.settle();
  outer.cancel(Code::shutting_down);
  EXPECT_EQ(outer.running(), 1u);  // asked, not ended
  loop.settle();
  EXPECT_EQ(outer.running(), 0u);
  EXPECT_EQ(log, (std::vector<std::string>{"inner begins", "inner was told", "inner joined"}));
}

Task<void> joins_nothing(int& ran) {
  Scope scope;
  co_await scope.join();
  scope.spawn(at_once(ran));
  scope.spawn(at_once(ran));
  EXPECT_EQ(scope.running(), 0u);
  co_await scope.join();
  scope.spawn(at_once(ran));
  co_await scope.join();
}

TEST(Scope, joining_passes_at_once_if_nobody_is_left_and_may_be_repeated) {
  FakeLoop loop;
  int ran = 0;
  loop.run(joins_nothing(ran));
  EXPECT_EQ(ran, 3);
}

// A child that starts another one just as it ends.
Task<void> spawns_more(Scope& scope, int left, int& ran) {
  const auto slept = co_await sleep_for(1ms);
  if (slept) ++ran;
  if (left > 0) scope.spawn(spawns_more(scope, left - 1, ran));
}
Task<void> waits_for_all(int& ran) {
  Scope scope;
  scope.spawn(spawns_more(scope, 9, ran));
  co_await scope.join();
  EXPECT_EQ(ran, 10);
}

TEST(Scope, children_may_spawn_children_while_it_is_joined) {
  FakeLoop loop;
  int ran = 0;
  loop.run(waits_for_all(ran));
}

// Whoever is spawned into a scope that is cancelled already hears it at its first wait.
TEST(Scope, a_cancelled_scope_tells_newcomers) {
  FakeLoop loop;
  std::vector<std::string> log;
  Scope scope;
  scope.cancel(Code::timeout);
  scope.spawn(say(log, "late", 1h, scope.token()));
  EXPECT_EQ(scope.running(), 0u);
  EXPECT_EQ(log, (std::vector<std::string>{"late begins", "late was told"}));
}

}  // namespace
}  // namespace sp::runtime
