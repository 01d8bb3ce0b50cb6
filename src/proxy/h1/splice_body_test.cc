// Content that goes through a pipe, between real sockets: only the kernel splices.
#include "proxy/h1/splice_body.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "proxy/h1/body.h"
#include "runtime/pipe.h"
#include "runtime/scope.h"
#include "testing/fake_loop.h"
#include "testing/pipe_stream.h"
#include "testing/real_sockets.h"

namespace sp::proxy {
namespace {

using namespace std::chrono_literals;
using codec::h1::Framing;
using runtime::Pipe;
using runtime::Task;
using sp::testing::noise;
using sp::testing::receive;
using sp::testing::send_all;

constexpr std::size_t mib = std::size_t{1024} * 1024;
// Long enough for a turn of the loop on a slow machine, short enough for a test to wait for it.
constexpr runtime::Duration soon{100};

// A server that sends to `server.near`, a client that gets what is written to `client.near`.
class Spliced : public ::testing::Test {
 protected:
  void SetUp() override {
    {
      Pipe one = Pipe::take();
    }  // so that one is kept
    kept_before = Pipe::kept();
  }
  void TearDown() override { EXPECT_EQ(Pipe::in_use(), 0u); }

  void begin(const Framing& framing, Pace server_pace = {}) {
    body.start(*server.near, framing, {.pace = server_pace});
  }
  Task<void> splice() {
    result = co_await splice_body(body, *client.near, client_pace, share, sent);
    client.near.reset();
    if (!*result && server.far != nullptr) server.far->abort(Code::cancelled);  // nobody reads what it sends
  }
  Task<void> serve(std::string_view text) {
    co_await send_all(*server.far, text, served);
    if (finishes) server.far.reset();
  }
  Task<void> take() { co_await receive(*client.far, received); }
  Task<void> all(std::string_view text) {
    runtime::Scope scope;
    scope.spawn(take());
    scope.spawn(splice());
    scope.spawn(serve(text));
    co_await scope.join();
  }
  // Each piece is sent when the one before has arrived.
  Task<void> drip(std::string_view rest) {
    runtime::Scope scope;
    scope.spawn(splice());
    for (std::size_t size = 1; !rest.empty(); size = size * 7 % 4096 + 1) {
      const std::string_view piece = rest.substr(0, size);
      rest.remove_prefix(piece.size());
      co_await send_all(*server.far, piece, served);
      co_await receive(*client.far, received, served);
    }
    co_await scope.join();
  }
  // As all(), but the client reads nothing.
  Task<void> ignored(std::string_view text) {
    runtime::Scope scope;
    scope.spawn(splice());
    scope.spawn(serve(text));
    co_await scope.join();
  }
  Task<void> interrupt() {
    runtime::Scope scope;
    scope.spawn(splice());
    body.interrupt();
    co_await scope.join();
  }
  Error error() const { return result && !*result ? result->error() : Error{.code = Code::ok}; }

  sp::testing::RealLoop world;
  sp::testing::TcpPair server = sp::testing::tcp_pair(world.loop), client = sp::testing::tcp_pair(world.loop);
  Buffer head;
  H1Body body{head, {}, Side::upstream};
  Pace client_pace;
  runtime::FairShare share;
  std::uint64_t sent = 0;
  std::size_t served = 0;
  std::string received;
  std::optional<Result<void>> result;
  bool finishes = false;
  std::vector<Pipe> spare;
  std::size_t kept_before = 0;
};

TEST_F(Spliced, a_body_arrives_whole) {
  const std::string text = noise(5 * mib + 17);
  begin({Framing::Kind::length, text.size()});
  EXPECT_TRUE(worth_splicing(body, *client.near));
  world.run(all(text));
  ASSERT_TRUE(result && *result);
  EXPECT_TRUE(body.complete());
  EXPECT_EQ(sent, text.size());
  EXPECT_EQ(body.taken(), text.size());
  EXPECT_TRUE(received == text);
}

TEST_F(Spliced, what_follows_the_body_stays_in_the_socket) {
  const std::string text = noise(mib);
  begin({Framing::Kind::length, text.size()});
  world.run(all(text + "HTTP/1.1 200 OK"));
  ASSERT_TRUE(result && *result);
  EXPECT_TRUE(received == text);
  char next[32];
  EXPECT_EQ(server.near->try_read(next).bytes, 15u);
  EXPECT_EQ(std::string_view(next, 15), "HTTP/1.1 200 OK");
}

TEST_F(Spliced, a_body_without_length_ends_with_its_connection) {
  const std::string text = noise(2 * mib);
  begin({Framing::Kind::until_close, 0});
  EXPECT_FALSE(worth_splicing(body, *client.near)) << "it may be short";
  finishes = true;
  head.append(std::string_view(text).substr(0, std::size_t{64} * 1024));
  ASSERT_TRUE(body.buffered());
  EXPECT_TRUE(worth_splicing(body, *client.near));
  world.run(all(std::string_view(text).substr(std::size_t{64} * 1024)));
  ASSERT_TRUE(result && *result);
  EXPECT_TRUE(body.complete());
  EXPECT_TRUE(received == text.substr(std::size_t{64} * 1024));
}

// Whatever is said wrongly about readiness stops it for good.
TEST_F(Spliced, a_body_that_drips_arrives_whole) {
  const std::string text = noise(std::size_t{128} * 1024);
  begin({Framing::Kind::length, text.size()});
  world.run(drip(text));
  ASSERT_TRUE(result && *result);
  EXPECT_TRUE(received == text);
}

TEST_F(Spliced, a_body_that_the_server_cuts_is_incomplete) {
  const std::string text = noise(2 * mib);
  begin({Framing::Kind::length, 3 * mib});
  finishes = true;
  world.run(all(text));
  EXPECT_EQ(error().code, Code::response_incomplete);
  EXPECT_EQ(error().side, Side::upstream);
  EXPECT_EQ(sent, text.size()) << "everything before the cut";
  EXPECT_TRUE(received == text);
  EXPECT_FALSE(body.complete());
}

TEST_F(Spliced, a_body_that_the_server_resets_is_incomplete) {
  const std::string text = noise(2 * mib);
  begin({Framing::Kind::length, 3 * mib});
  finishes = true;
  server.far->reset_on_close();
  world.run(all(text));
  EXPECT_EQ(error().code, Code::response_incomplete);
  EXPECT_EQ(sent, received.size());
  EXPECT_TRUE(text.starts_with(received));
}

// A little is read, then nothing: the server comes to a stand once every buffer on the way is full. Then the client
// goes.
class SplicedSlowly : public Spliced {
 protected:
  Task<void> until_it_stands() {
    bool whole = co_await receive(*client.far, received, 100'000);
    EXPECT_TRUE(whole);
    for (std::size_t before = served + 1; before != served;) {  // no octet within a while
      before = served;
      co_await send_all(*server.far, std::string_view(text).substr(served), served, world.loop.now() + soon);
    }
    EXPECT_LT(served, text.size());
  }
  Task<void> story() {
    runtime::Scope scope;
    scope.spawn(splice());
    co_await send_all(*server.far, std::string_view(text).substr(0, 100'000), served);
    co_await until_it_stands();
    EXPECT_EQ(Pipe::in_use(), 1u);
    EXPECT_GT(body.taken(), sent) << "something is in the pipe";
    EXPECT_LE(body.taken() - sent, Pipe::wanted_capacity) << "and no more than that";
    goes_away();
    co_await scope.join();
  }
  virtual void goes_away() {
    client.far->reset_on_close();
    client.far.reset();
  }
  const std::string text = noise(64 * mib);
};

TEST_F(SplicedSlowly, then_the_client_goes_away) {
  begin({Framing::Kind::length, text.size()});
  world.run(story());
  EXPECT_EQ(error().side, Side::local) << "the receiver's error";
  EXPECT_EQ(error().code, Code::upstream_reset);
  EXPECT_EQ(Pipe::kept(), kept_before - 1) << "the pipe with its content is thrown away";
}

class SplicedUntilCancelled : public SplicedSlowly {
  void goes_away() override { client.near->abort(Code::client_closed); }
};

TEST_F(SplicedUntilCancelled, ends_and_throws_the_pipe_away) {
  begin({Framing::Kind::length, text.size()});
  world.run(story());
  EXPECT_EQ(error().code, Code::client_closed);
  EXPECT_EQ(Pipe::kept(), kept_before - 1);
}

TEST_F(Spliced, a_client_that_takes_nothing_is_given_up) {
  const std::string text = noise(64 * mib);
  begin({Framing::Kind::length, text.size()});
  client_pace = Pace(soon, 0);
  world.run(ignored(text));
  EXPECT_EQ(error().code, Code::timeout);
  EXPECT_EQ(error().side, Side::local);
  EXPECT_EQ(Pipe::kept(), kept_before - 1);
}

TEST_F(Spliced, a_server_that_sends_nothing_is_given_up) {
  begin({Framing::Kind::length, mib}, Pace(soon, 0));
  world.run(splice());
  EXPECT_EQ(error().code, Code::response_body_timeout);
  EXPECT_EQ(error().side, Side::upstream);
  EXPECT_EQ(Pipe::kept(), kept_before) << "nothing was in it";
}

TEST_F(Spliced, a_body_that_is_interrupted_ends) {
  begin({Framing::Kind::length, mib});
  world.run(interrupt());
  EXPECT_EQ(error().code, Code::cancelled);
}

TEST_F(Spliced, without_a_pipe_everything_is_left_to_be_read) {
  begin({Framing::Kind::length, mib});
  while (Pipe::in_use() < Pipe::most_in_use) spare.push_back(Pipe::take());
  world.run(splice());
  ASSERT_TRUE(result && *result);
  EXPECT_FALSE(body.complete());
  EXPECT_EQ(sent, 0u);
  spare.clear();
}

TEST_F(Spliced, more_than_the_limit_is_refused) {
  const std::string text = noise(mib);
  begin({Framing::Kind::length, text.size()});
  body.govern(300'000, {});
  world.run(all(text));
  EXPECT_EQ(error().code, Code::body_too_large);
}

TEST_F(Spliced, short_or_chunked_or_buffered_content_is_not) {
  begin({Framing::Kind::length, 10'000});
  EXPECT_FALSE(worth_splicing(body, *client.near));
  begin({Framing::Kind::chunked, 0});
  EXPECT_FALSE(worth_splicing(body, *client.near));
  begin({Framing::Kind::length, mib});
  head.append("begin");
  EXPECT_FALSE(worth_splicing(body, *client.near));
  ASSERT_TRUE(body.buffered());
  EXPECT_TRUE(worth_splicing(body, *client.near));
}

TEST(SplicedStreams, of_tests_and_of_tls_are_not) {
  sp::testing::FakeLoop loop;
  auto pipe = sp::testing::make_pipe(loop);
  Buffer head;
  H1Body body(head, {}, Side::upstream);
  body.start(*pipe.a, {Framing::Kind::length, mib}, {});
  EXPECT_FALSE(worth_splicing(body, *pipe.b));
}

}  // namespace
}  // namespace sp::proxy
