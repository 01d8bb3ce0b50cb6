// Forms of coroutines that a compiler must get right before it may build this program: each was miscompiled by one that
// we tried (docs/decisions/0001-clang.md). They are written as the house style would not, on purpose.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/task.h"
#include "runtime/wait.h"
#include "testing/fake_loop.h"

namespace sp::runtime {
namespace {

using namespace std::chrono_literals;
using testing::FakeLoop;

// Counts constructions and destructions: a double free shows as a negative number, a leak as a positive one.
struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  explicit Counted(std::string text_in) : text(std::move(text_in)) { ++alive; }
  Counted(const Counted& other) : text(other.text) { ++alive; }
  Counted(Counted&& other) noexcept : text(std::move(other.text)) { ++alive; }
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&&) noexcept = default;
  ~Counted() { --alive; }
  std::string text;
};

struct Aggregate {
  Counted first;
  Counted second;
  std::vector<Counted> more;
};

const std::string long_text(100, 'x');  // beyond the small string, so that it is on the heap

Task<std::string> take(Aggregate value) {
  const auto slept = co_await sleep_for(1ms);
  co_return slept ? value.first.text + value.second.text : std::string();
}
Task<std::string> borrow(const Aggregate& value) {
  const auto slept = co_await sleep_for(1ms);
  co_return slept ? value.first.text + value.second.text : std::string();
}
Task<Counted> make(std::string text) {
  const auto slept = co_await sleep_for(1ms);
  co_return Counted(slept ? text : "");
}

class Toolchain : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(Counted::alive, 0); }
  FakeLoop loop;
};

Task<std::string> aggregate_temporaries() {
  std::string all = co_await take(Aggregate{Counted(long_text), Counted("b"), {Counted("c")}});
  all += co_await borrow(Aggregate{Counted(long_text), Counted("d"), {}});
  all += co_await take({.first = Counted("e"), .second = Counted("f"), .more = {}});
  co_return all;
}
TEST_F(Toolchain, an_aggregate_temporary_in_an_awaited_expression_is_freed_once) {
  EXPECT_EQ(loop.run(aggregate_temporaries()), long_text + "b" + long_text + "d" + "ef");
}

// The lambda outlives the task here, as it must.
Task<std::string> capturing_lambda() {
  Counted captured(long_text);
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): what the test is about
  auto lambda = [captured](std::string tail) -> Task<std::string> {
    const auto slept = co_await sleep_for(1ms);
    co_return slept ? captured.text + tail : "";
  };
  std::string result = co_await lambda("tail");
  co_return result;
}
TEST_F(Toolchain, a_lambda_that_captures_values_keeps_them) {
  EXPECT_EQ(loop.run(capturing_lambda()), long_text + "tail");
}

Task<std::string> conditional(bool yes) {
  const Counted value = yes ? co_await make(long_text) : Counted("no");
  const Counted other = yes ? Counted("yes") : co_await make("else");
  co_return value.text + other.text;
}
TEST_F(Toolchain, both_sides_of_a_condition_live_and_die_right) {
  EXPECT_EQ(loop.run(conditional(true)), long_text + "yes");
  EXPECT_EQ(loop.run(conditional(false)), "noelse");
}

Task<std::string> in_arguments() {
  const std::string joined = (co_await make("a")).text + (co_await make(long_text)).text + std::string("c");
  co_return joined;
}
TEST_F(Toolchain, several_awaits_in_one_expression) { EXPECT_EQ(loop.run(in_arguments()), "a" + long_text + "c"); }

Task<Result<Counted>> may_fail(bool fails) {
  const auto slept = co_await sleep_for(1ms);
  if (!slept || fails) co_return fail(Code::not_found);
  co_return Counted(long_text);
}
Task<Result<std::string>> tries(bool fails) {
  SP_TRY(Counted first, co_await may_fail(false));
  SP_TRY(Counted second, co_await may_fail(fails));
  co_return first.text + second.text;
}
TEST_F(Toolchain, leaving_on_an_error_frees_what_there_is) {
  EXPECT_EQ(loop.run(tries(true)).error().code, Code::not_found);
  EXPECT_EQ(*loop.run(tries(false)), long_text + long_text);
}

Task<std::string> throwing(int where) {
  Counted local(long_text);
  if (where == 0) throw Counted("before");
  const auto slept = co_await sleep_for(1ms);
  if (where == 1 || !slept) throw Counted("after");
  co_return local.text;
}
Task<std::string> catching(int where) {
  std::string result;
  try {
    result = co_await throwing(where);
  } catch (const Counted& thrown) {
    result = thrown.text;
  }
  co_return result;
}
TEST_F(Toolchain, exceptions_pass_through_frames) {
  EXPECT_EQ(loop.run(catching(0)), "before");
  EXPECT_EQ(loop.run(catching(1)), "after");
  EXPECT_EQ(loop.run(catching(2)), long_text);
}

Task<std::string> in_a_loop() {
  std::string all;
  for (int i = 0; i < 3; ++i) {
    for (const Counted& each : {co_await make("a"), co_await make("b")}) all += each.text;
    if (i == 1) continue;
    const Counted tail = co_await make(std::to_string(i));
    all += tail.text;
  }
  co_return all;
}
TEST_F(Toolchain, loops_free_what_each_round_made) { EXPECT_EQ(loop.run(in_a_loop()), "ab0abab2"); }

Task<std::unique_ptr<Counted>> move_only(std::unique_ptr<Counted> value) {
  const auto slept = co_await sleep_for(1ms);
  if (!slept) co_return nullptr;
  co_return value;
}
Task<std::string> moves() {
  auto value = co_await move_only(std::make_unique<Counted>(long_text));
  co_return value->text;
}
TEST_F(Toolchain, parameters_and_results_that_only_move) { EXPECT_EQ(loop.run(moves()), long_text); }

}  // namespace
}  // namespace sp::runtime
