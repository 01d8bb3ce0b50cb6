// The ends of bodies that no length and no last chunk tells.
#include "proxy/h1/body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "testing/fake_loop.h"

namespace sp::proxy {
namespace {

using codec::h1::Framing;
using runtime::IoResult;

// What only reads do not ask of a stream.
class ReadStream : public runtime::Stream {
 public:
  IoResult try_write(std::span<const iovec>) override { return IoResult::would_block(); }
  void arm(runtime::Direction, runtime::IoWait&) override {}
  void disarm(runtime::Direction) override {}
  IoResult try_finish() override { return IoResult::done(0); }
  void abort(Code) override {}
  void reset_on_close() override {}
  void watch_hangup(const runtime::HangupWatch*) override {}
};

// Gives its text, and ends: of the peer's will (TLS: a close_notify) or not.
class EndingStream final : public ReadStream {
 public:
  EndingStream(std::string_view text, bool clean) : text_(text), clean_(clean) {}
  IoResult try_read(std::span<char> into) override {
    if (text_.empty()) return IoResult::end();
    const std::size_t octets = text_.copy(into.data(), into.size());
    text_.remove_prefix(octets);
    return IoResult::done(octets);
  }
  bool clean_end() const override { return clean_; }

 private:
  std::string_view text_;
  bool clean_;
};

// Fills whatever room it is given, and notes how much that was.
class BulkStream final : public ReadStream {
 public:
  IoResult try_read(std::span<char> into) override {
    rooms.push_back(into.size());
    std::ranges::fill(into, 'x');
    return IoResult::done(into.size());
  }
  std::vector<std::size_t> rooms;
};

class Bodies : public ::testing::Test {
 protected:
  // The code with which reading to the end ends.
  Code read(std::string_view text, Framing framing, bool clean) {
    EndingStream stream(text, clean);
    H1Body body(head, {}, Side::upstream);
    body.start(stream, framing, {});
    content.clear();
    while (!body.complete()) {
      auto piece = loop.run(body.read());
      if (!piece) return piece.error().code;
      content += *piece;
    }
    return Code::ok;
  }
  sp::testing::FakeLoop loop;
  Buffer head;
  std::string content;
};

TEST_F(Bodies, end_with_the_connection) {
  EXPECT_EQ(read("abc", {Framing::Kind::until_close, 0}, true), Code::ok);
  EXPECT_EQ(content, "abc");
}

TEST_F(Bodies, are_incomplete_where_the_connection_was_cut) {
  EXPECT_EQ(read("abc", {Framing::Kind::until_close, 0}, false), Code::response_incomplete);
  EXPECT_EQ(content, "abc");
}

TEST_F(Bodies, that_say_their_end_do_not_care_how_the_connection_ends) {
  EXPECT_EQ(read("abc", {Framing::Kind::length, 3}, false), Code::ok);
  EXPECT_EQ(read("3\r\nabc\r\n0\r\n\r\n", {Framing::Kind::chunked, 0}, false), Code::ok);
  EXPECT_EQ(read("3\r\nabc\r\n", {Framing::Kind::chunked, 0}, true), Code::response_incomplete);
}

TEST_F(Bodies, that_come_in_bulk_get_a_huge_buffer_but_not_all_of_them) {
  constexpr std::size_t octets = std::size_t{4} << 20;
  struct Reading {
    BulkStream stream;
    Buffer head;
    H1Body body{head, {}, Side::upstream};
  };
  std::vector<std::unique_ptr<Reading>> readings(Buffer::most_huge + 1);
  for (auto& each : readings) {
    each = std::make_unique<Reading>();
    each->body.start(each->stream, {Framing::Kind::length, octets}, {});
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(loop.run(each->body.read()));
  }
  using ::testing::ElementsAre;
  EXPECT_THAT(readings.front()->stream.rooms, ElementsAre(Buffer::large, Buffer::huge, Buffer::huge));
  EXPECT_THAT(readings.back()->stream.rooms, ElementsAre(Buffer::large, Buffer::large, Buffer::large));
  readings.front()->body.finish();  // another one may have it now
  ASSERT_TRUE(loop.run(readings.back()->body.read()));
  EXPECT_EQ(readings.back()->stream.rooms.back(), Buffer::huge);
  std::uint64_t taken = readings.back()->body.taken();
  while (!readings.back()->body.complete()) {
    auto piece = loop.run(readings.back()->body.read());
    ASSERT_TRUE(piece);
    taken += piece->size();
  }
  EXPECT_EQ(taken, octets);
}

// Else each would be a write of its own, and six octets all that its sender needs for it.
TEST_F(Bodies, in_short_chunks_come_together) {
  const auto pieces = [&](std::string_view text) {
    EndingStream stream(text, true);
    H1Body body(head, {}, Side::upstream);
    body.start(stream, {Framing::Kind::chunked, 0}, {});
    std::vector<std::string> found;
    while (!body.complete()) {
      auto piece = loop.run(body.read());
      if (!piece) return std::vector{std::string(name(piece.error().code))};
      found.emplace_back(*piece);
    }
    return found;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(pieces("1\r\na\r\n2\r\nbc\r\n3;x=y\r\ndef\r\n0\r\n\r\n"), ElementsAre("abcdef"));
  EXPECT_THAT(pieces("1\r\na\r\n2\r\nbc\r\n0\r\nA: b\r\n\r\n"), ElementsAre("abc"));
  EXPECT_THAT(pieces("1\r\na\r\n2\r\nbcd\r\n"), ElementsAre("bad_response_chunk"));
  const std::string long_one(8000, 'x');
  const std::string framed = "1f40\r\n" + long_one + "\r\n";
  EXPECT_THAT(pieces(framed + framed + "1\r\na\r\n0\r\n\r\n"), ElementsAre(long_one, long_one + "a"));
}

TEST_F(Bodies, in_short_chunks_leave_the_head_before_them_and_what_follows_as_it_is) {
  head.append("HEAD1\r\na\r\n2\r\nbc\r\n0\r\n\r\nNEXT");
  const std::string_view before = head.view().substr(0, 4);
  head.consume(before.size());
  EndingStream stream({}, true);
  H1Body body(head, {}, Side::client);
  body.start(stream, {Framing::Kind::chunked, 0}, {});
  auto piece = body.buffered();
  ASSERT_TRUE(piece);
  EXPECT_EQ(*piece, "abc");
  EXPECT_TRUE(body.complete());
  EXPECT_EQ(before, "HEAD");
  body.finish();
  EXPECT_EQ(head.view(), "NEXT");
}

TEST_F(Bodies, that_were_interrupted_stay_so) {
  EndingStream stream("abc", true);
  H1Body body(head, {}, Side::upstream);
  body.start(stream, {Framing::Kind::length, 3}, {});
  body.interrupt();
  EXPECT_EQ(loop.run(body.read()).error().code, Code::cancelled);
}

}  // namespace
}  // namespace sp::proxy
