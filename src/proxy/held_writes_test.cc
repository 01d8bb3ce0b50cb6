#include "proxy/held_writes.h"

#include <gtest/gtest.h>

#include <array>

#include "testing/fake_loop.h"

namespace sp::proxy {
namespace {

using runtime::Direction;
using runtime::IoResult;
using runtime::IoStatus;

// As a stream of HTTP/2: what is offered is looked at later, where it was when it was offered.
struct Patient final : runtime::Stream {
  IoResult try_read(std::span<char>) override { return IoResult::would_block(); }
  IoResult try_write(std::span<const iovec> pieces) override {
    if (told != 0) return IoResult::done(std::exchange(told, 0));
    offered = pieces;
    return IoResult::would_block();
  }
  void arm(Direction, runtime::IoWait& wait) override { writer = &wait; }
  void disarm(Direction) override { writer = nullptr; }
  IoResult try_finish() override { return IoResult::done(0); }
  void abort(Code why) override { wake(why); }
  void reset_on_close() override {}
  void watch_hangup(const runtime::HangupWatch*) override {}

  void take(std::size_t octets) {
    taken.append(static_cast<const char*>(offered[0].iov_base), octets);
    told = octets;
    wake(Code::ok);
  }
  void wake(Code why) {
    runtime::IoWait* woken = std::exchange(writer, nullptr);
    ASSERT_NE(woken, nullptr);
    woken->wake(*woken, why);
  }
  std::span<const iovec> offered;
  runtime::IoWait* writer = nullptr;
  std::size_t told = 0;
  std::string taken;
};

struct Waiting final : runtime::IoWait {
  explicit Waiting(runtime::TimePoint until) : IoWait(&Waiting::woken, until) {}
  static void woken(runtime::IoWait& self, Code why) { static_cast<Waiting&>(self).why = why; }
  std::optional<Code> why;
};

class Held : public ::testing::Test {
 protected:
  IoResult write(std::string text) {
    const iovec piece{text.data(), text.size()};
    return stream.try_write({&piece, 1});
  }
  sp::testing::FakeLoop loop;
  Patient* below = new Patient;
  HeldWrites stream{std::unique_ptr<runtime::Stream>(below)};
};

TEST_F(Held, what_is_written_need_not_stay_where_it_is) {
  EXPECT_EQ(write("hello ").bytes, 6u);
  below->take(2);
  below->take(4);
  EXPECT_EQ(write("you").bytes, 3u);
  below->take(3);
  EXPECT_EQ(below->taken, "hello you");
  EXPECT_EQ(stream.try_finish().status, IoStatus::done);
}

TEST_F(Held, no_more_is_taken_until_it_has_gone) {
  EXPECT_EQ(write(std::string(100'000, 'x')).bytes, 32u * 1024);
  EXPECT_EQ(write("y").status, IoStatus::would_block);
  EXPECT_EQ(stream.try_finish().status, IoStatus::would_block);
  Waiting wait(runtime::never);
  stream.arm(Direction::write, wait);
  below->take(32 * 1024);
  EXPECT_EQ(wait.why, Code::ok);
  EXPECT_EQ(write("y").bytes, 1u);
}

TEST_F(Held, who_waits_has_a_deadline_and_what_is_held_has_none) {
  write("x");
  Waiting wait(loop.now() + std::chrono::seconds(1));
  stream.arm(Direction::write, wait);
  loop.advance(std::chrono::seconds(2));
  EXPECT_EQ(wait.why, Code::timeout);
  below->take(1);
  EXPECT_EQ(below->taken, "x");
}

TEST_F(Held, what_breaks_below_is_said) {
  write("x");
  Waiting wait(runtime::never);
  stream.arm(Direction::write, wait);
  below->abort(Code::client_closed);
  EXPECT_EQ(wait.why, Code::client_closed);
  EXPECT_EQ(write("y").code, Code::client_closed);
}

}  // namespace
}  // namespace sp::proxy
