// Threads and a loop: what a test waits for, it waits for as long as it takes.
#include "services/identity/verifier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "runtime/epoll_loop.h"
#include "runtime/scope.h"
#include "testing/fake_loop.h"

namespace sp::identity {
namespace {

using namespace std::chrono_literals;
using Answer = Verifier::Answer;
using runtime::Task;
using sp::testing::FakeLoop;

// A hash that is made when the test lets it be.
class Gate {
 public:
  bool check(const std::string& user, const std::string& password) {
    std::unique_lock lock(mutex_);
    ++begun_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return passes_ > 0; });
    --passes_;
    if (password == "no memory") throw std::bad_alloc();
    return user == "alice" && password == "secret";
  }
  void let_pass(int count = 1 << 20) {
    const std::lock_guard lock(mutex_);
    passes_ += count;
    changed_.notify_all();
  }
  void await_begun(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= count; });
  }
  int begun() {
    const std::lock_guard lock(mutex_);
    return begun_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int begun_ = 0, passes_ = 0;
};

class Verifying : public ::testing::Test {
 protected:
  static constexpr std::size_t most = 4;

  ~Verifying() override { gate.let_pass(); }
  Task<void> ask(std::string user, std::string password, runtime::CancelToken& token, std::vector<Answer>& into) {
    const Answer answer = co_await verifier.verify(digests.of(user, password), user, password, token);
    into.push_back(answer);
  }
  void ask(const std::string& password, std::vector<Answer>& into) {
    scope.spawn(ask("alice", password, scope.token(), into));
  }
  void await_all() {
    while (scope.running() != 0) {
      loop.settle();
      std::this_thread::sleep_for(1ms);
    }
  }

  FakeLoop loop;
  DigestKey key;
  KeyedDigest digests{key};
  Gate gate;
  Verifier verifier{[this](const std::string& user, const std::string& password) { return gate.check(user, password); },
                    most};
  runtime::Scope scope;
  std::vector<Answer> answers;
};

TEST_F(Verifying, right_and_wrong) {
  gate.let_pass();
  for (const char* password : {"secret", "guess", ""}) {
    ask(password, answers);
    await_all();
  }
  EXPECT_EQ(answers, (std::vector{Answer::right, Answer::wrong, Answer::wrong}));
  EXPECT_EQ(gate.begun(), 3);
}

TEST_F(Verifying, those_who_ask_the_same_get_one_answer) {
  for (int i = 0; i < 100; ++i) ask("secret", answers);
  gate.await_begun(1);
  for (int i = 0; i < 100; ++i) ask("secret", answers);
  EXPECT_TRUE(answers.empty());
  gate.let_pass();
  await_all();
  EXPECT_EQ(answers, std::vector(200, Answer::right));
  EXPECT_EQ(gate.begun(), 1);
}

TEST_F(Verifying, what_was_verified_is_answered_at_once) {
  gate.let_pass(2);
  for (const char* password : {"secret", "guess"}) {
    ask(password, answers);
    await_all();
    ask(password, answers);
    EXPECT_EQ(scope.running(), 0u);
  }
  EXPECT_EQ(answers, (std::vector{Answer::right, Answer::right, Answer::wrong, Answer::wrong}));
  EXPECT_EQ(gate.begun(), 2);
  loop.advance(10s);
  gate.let_pass();
  ask("guess", answers);
  await_all();
  EXPECT_EQ(gate.begun(), 3);
}

TEST_F(Verifying, busy_when_too_many_wait) {
  for (std::size_t i = 0; i < most; ++i) ask(std::to_string(i), answers);
  ask("secret", answers);
  EXPECT_EQ(answers, std::vector{Answer::busy});
  ask("0", answers);  // is asked already
  EXPECT_EQ(answers.size(), 1u);
  gate.let_pass();
  await_all();
  ask("secret", answers);
  await_all();
  EXPECT_EQ(answers.back(), Answer::right);
}

TEST_F(Verifying, who_gives_up_is_not_waited_for) {
  ask("secret", answers);
  gate.await_begun(1);
  runtime::CancelSource gone;
  std::vector<Answer> given_up;
  scope.spawn(ask("alice", "secret", gone, given_up));
  scope.spawn(ask("alice", "guess", gone, given_up));
  gone.cancel();
  loop.settle();
  EXPECT_EQ(given_up, std::vector(2, Answer::busy));
  gate.let_pass();
  await_all();
  EXPECT_EQ(answers, std::vector{Answer::right});
  ask("another", answers);
  await_all();
  EXPECT_EQ(gate.begun(), 2);  // what nobody waited for was not begun
}

TEST_F(Verifying, what_is_under_way_is_remembered_though_nobody_waits) {
  runtime::CancelSource gone;
  scope.spawn(ask("alice", "secret", gone, answers));
  gate.await_begun(1);
  gone.cancel();
  await_all();
  ask("secret", answers);
  gate.let_pass();
  await_all();
  EXPECT_EQ(answers, (std::vector{Answer::busy, Answer::right}));
  EXPECT_EQ(gate.begun(), 1);
}

TEST_F(Verifying, who_was_cancelled_before) {
  scope.cancel();
  ask("secret", answers);
  EXPECT_EQ(answers, std::vector{Answer::busy});
}

TEST_F(Verifying, no_memory_for_a_hash_is_busy_and_not_remembered) {
  gate.let_pass();
  for (int i = 0; i < 2; ++i) {
    ask("no memory", answers);
    await_all();
  }
  EXPECT_EQ(answers, std::vector(2, Answer::busy));
  EXPECT_EQ(gate.begun(), 2);
}

// A loop that ends while its question is being answered: at the end of the gate, and of a test of threads.
TEST(VerifierAndLoops, a_loop_may_end_before_its_answer) {
  Gate gate;
  const DigestKey key;
  KeyedDigest digests(key);
  Verifier verifier([&](const std::string& user, const std::string& password) { return gate.check(user, password); },
                    4);
  const auto ask = [](Verifier& whom, Digest digest, runtime::CancelToken& token) -> Task<void> {
    (void)co_await whom.verify(digest, "alice", "secret", token);
  };
  const auto end = [](runtime::EpollLoop& loop, runtime::Scope& scope) -> Task<void> {
    co_await scope.join();
    loop.stop();
  };
  {
    runtime::EpollLoop loop;
    runtime::Scope asking, ending;
    loop.send([&] {
      asking.spawn(ask(verifier, digests.of("alice", "secret"), asking.token()));
      ending.spawn(end(loop, asking));
      gate.await_begun(1);
      asking.cancel();
    });
    loop.run();
  }
  runtime::Loop::set_current(nullptr);
  gate.let_pass();
}

TEST(VerifierAndLoops, many_at_a_time) {
  const DigestKey key;
  std::atomic<int> hashes{0};
  Verifier verifier(
      [&](const std::string&, const std::string& password) {
        ++hashes;
        return password.ends_with('7');
      },
      1000);
  struct World {
    Verifier& verifier;
    KeyedDigest digests;
    runtime::EpollLoop loop;
    runtime::Scope asking, ending;
    int wrong_answers = 0;

    Task<void> ask(int number) {
      const std::string password = std::to_string(number);
      const Answer answer = co_await verifier.verify(digests.of("alice", password), "alice", password, asking.token());
      if (answer != (number % 10 == 7 ? Answer::right : Answer::wrong)) ++wrong_answers;
    }
    Task<void> end() {
      co_await asking.join();
      loop.stop();
    }
    void run() {
      loop.send([this] {
        for (int i = 0; i < 400; ++i) asking.spawn(ask(i % 100));
        ending.spawn(end());
      });
      loop.run();
      EXPECT_EQ(wrong_answers, 0);
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] { World{.verifier = verifier, .digests = KeyedDigest(key)}.run(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(hashes, 100);
}

}  // namespace
}  // namespace sp::identity
