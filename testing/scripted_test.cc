#include "testing/scripted.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "runtime/scope.h"
#include "runtime/wait.h"

namespace sp::testing {
namespace {

using namespace std::chrono_literals;
const Endpoint server_at = endpoint("192.0.2.1:80");

class Scripts : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  FakeLoop loop;
  FakeNetwork network{loop, {.seed = GetParam(), .capacity = 100}};
  ScriptedServer server{loop, network, server_at};
};
INSTANTIATE_TEST_SUITE_P(WholeAndCut, Scripts, ::testing::Range<std::uint64_t>(0, 20));

TEST_P(Scripts, octets_go_both_ways) {
  Scripted client(loop, network.open(server_at));
  Scripted accepted = server.accept();
  client.expect_nothing();
  client.send("hello, ");
  client.send("world");
  accepted.expect("hello");
  EXPECT_EQ(accepted.take_until(" "), ", ");
  EXPECT_EQ(accepted.take(2), "wo");
  EXPECT_EQ(accepted.take_all(), "rld");
  accepted.send("bye");
  accepted.finish();
  client.expect("bye");
  client.expect_end();
  client.send("still heard");
  accepted.expect("still heard");
  client.close();
  accepted.expect_end();
}

TEST_P(Scripts, a_reset_is_no_end) {
  Scripted client(loop, network.open(server_at));
  Scripted accepted = server.accept();
  client.send("unread");
  client.reset();
  accepted.expect_reset();
}

TEST_P(Scripts, a_reader_that_does_not_read_stops_the_writer) {
  Scripted client(loop, network.open(server_at));
  Scripted accepted = server.accept();
  EXPECT_EQ(client.send_some(std::string(150, 'x')), 100u);
  EXPECT_EQ(accepted.take_all().size(), 100u);
}

runtime::Task<void> echo(runtime::Stream& stream) {
  std::string buffer(10, '\0');
  for (;;) {
    const auto read = co_await stream.read(buffer);
    if (!read || *read == 0) break;
    for (std::size_t done = 0; done < *read;) {
      const iovec piece{buffer.data() + done, *read - done};
      const auto wrote = co_await stream.write({&piece, 1});
      if (!wrote) co_return;
      done += *wrote;
    }
  }
  const auto finished = co_await stream.finish();
  EXPECT_TRUE(finished);
}

TEST_P(Scripts, coroutines_run_at_the_other_end) {
  Scripted client(loop, network.open(server_at));
  ASSERT_EQ(server.waiting(), 1u);
  Scripted accepted = server.accept();
  runtime::Scope scope;
  scope.spawn(echo(accepted.stream()));
  client.send("one two three four five six");
  client.expect("one two three four five six");
  client.finish();
  client.expect_end();
  EXPECT_EQ(scope.running(), 0u);
}

TEST_P(Scripts, what_comes_is_not_lost_on_seeds) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::to_string(i) + "\r\n";
  Scripted client(loop, network.open(server_at));
  Scripted accepted = server.accept();
  runtime::Scope scope;
  scope.spawn(echo(accepted.stream()));
  for (std::size_t at = 0; at < text.size(); at += 50) {
    client.send(text.substr(at, 50));
    client.expect(text.substr(at, 50));
  }
  client.close();
  loop.settle();
  EXPECT_EQ(scope.running(), 0u);
}

TEST(ScriptedFailures, say_what_was_expected_and_what_came) {
  FakeLoop loop;
  FakeNetwork network(loop);
  ScriptedServer server(loop, network, server_at);
  static Scripted* client = nullptr;
  static Scripted* accepted = nullptr;
  Scripted a(loop, network.open(server_at)), b = server.accept();
  client = &a;
  accepted = &b;
  client->send("GET / HTTP/1.1\r\n\x01");
  EXPECT_NONFATAL_FAILURE(accepted->expect("GET /x"), "expected here: \"x\"");
  EXPECT_NONFATAL_FAILURE(accepted->expect_nothing(), "HTTP/1.1\\r\\n\n\\x01");
  EXPECT_NONFATAL_FAILURE(accepted->take(100), "got only 11");
  EXPECT_NONFATAL_FAILURE(accepted->take_until("z"), "expected \"z\"");
  EXPECT_NONFATAL_FAILURE(accepted->expect_end(), "has not ended");
  EXPECT_NONFATAL_FAILURE(accepted->expect_reset(), "still open");
  client->close();
  EXPECT_NONFATAL_FAILURE(accepted->expect("x"), "then the other side ended the connection");
  EXPECT_NONFATAL_FAILURE(accepted->expect_nothing(), "ended the connection");
  EXPECT_NONFATAL_FAILURE(accepted->expect_reset(), "ended cleanly");
  EXPECT_NONFATAL_FAILURE(client->send("x"), "there is no connection");
}

TEST(FakeNetwork, nobody_listens_where_nobody_listens) {
  FakeLoop loop;
  FakeNetwork network(loop);
  EXPECT_EQ(network.open(server_at), nullptr);
  runtime::CancelSource token;
  const auto refused = loop.run(network.connect(server_at, runtime::never, token));
  EXPECT_EQ(refused.error().code, Code::connection_refused);
  auto server = std::make_unique<ScriptedServer>(loop, network, server_at);
  EXPECT_TRUE(loop.run(network.connect(server_at, runtime::never, token)));
  server->stop();
  EXPECT_FALSE(loop.run(network.connect(server_at, runtime::never, token)));
}

TEST(FakeNetwork, any_address_serves_every_address_of_its_port) {
  FakeLoop loop;
  FakeNetwork network(loop);
  ScriptedServer any(loop, network, endpoint("0.0.0.0:80"));
  ScriptedServer exact(loop, network, endpoint("192.0.2.2:80"));
  EXPECT_NE(network.open(endpoint("192.0.2.1:80")), nullptr);
  EXPECT_NE(network.open(endpoint("192.0.2.2:80")), nullptr);
  EXPECT_EQ(network.open(endpoint("192.0.2.1:81")), nullptr);
  EXPECT_EQ(network.open(endpoint("unix:/run/x.sock")), nullptr);
  EXPECT_EQ(any.waiting(), 1u);
  EXPECT_EQ(exact.waiting(), 1u);
}

TEST(FakeNetwork, a_paused_listener_lets_connections_wait) {
  FakeLoop loop;
  FakeNetwork network(loop);
  int accepted = 0;
  auto listener = network.listen(server_at, [&](runtime::Accepted) { ++accepted; });
  listener->pause();
  const auto one = network.open(server_at), two = network.open(server_at);
  loop.settle();
  EXPECT_EQ(accepted, 0);
  listener->resume();
  loop.settle();
  EXPECT_EQ(accepted, 2);
}

TEST(FakeNetwork, a_listener_that_ends_resets_who_waits) {
  FakeLoop loop;
  FakeNetwork network(loop);
  auto listener = network.listen(server_at, [](runtime::Accepted) {});
  Scripted client(loop, network.open(server_at));
  listener.reset();
  client.expect_reset();
}

TEST(FakeNetwork, with_a_seed_connections_take_their_time_and_some_break) {
  int broken = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    FakeLoop loop;
    FakeNetwork network(loop, {.seed = seed, .longest_delay = 100ms, .breaks_one_in = 4, .breaks_within = 1000});
    ScriptedServer server(loop, network, server_at);
    runtime::CancelSource token;
    auto connected = loop.run(network.connect(server_at, runtime::never, token));
    ASSERT_TRUE(connected);
    Scripted client(loop, *std::move(connected)), accepted = server.accept();
    const std::size_t sent = client.send_some(std::string(2000, 'x'));
    if (sent < 2000) ++broken;
    if (sent < 2000) accepted.expect_reset();
  }
  EXPECT_GT(broken, 5);
  EXPECT_LT(broken, 25);
}

TEST(FakeNetwork, delayed_octets_come_late_whole_and_in_their_order) {
  FakeLoop loop;
  FakeNetwork network(loop, {.seed = 3, .longest_delay = 100ms, .delays_one_in = 1});
  ScriptedServer server(loop, network, server_at);
  {
    Scripted client(loop, network.open(server_at));
    Scripted accepted = server.accept();
    client.send("one ");
    client.send("two");
    accepted.expect_nothing();
    loop.advance(100ms);
    accepted.expect("one two");
    client.send("three");
    client.finish();
    client.close();  // what is under way arrives without its sender
    accepted.expect_nothing();
    loop.advance(200ms);
    accepted.expect("three");
    accepted.expect_end();
    EXPECT_EQ(network.connections(), 1u);
  }
  EXPECT_EQ(network.connections(), 0u);
}

struct Noted {
  explicit Noted(std::string& into, char what) : notes(into), name(what) {}
  static void call(void* self) { static_cast<Noted*>(self)->notes += static_cast<Noted*>(self)->name; }
  std::string& notes;
  char name;
  Deferred deferred{&Noted::call, this};
};

TEST(FakeLoop, shuffles_a_turn_and_forgets_nothing) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    FakeLoop loop;
    loop.shuffle(seed);
    std::string notes;
    Noted a(notes, 'a'), b(notes, 'b'), c(notes, 'c');
    for (Noted* each : {&a, &b, &c}) loop.defer(each->deferred);
    loop.settle();
    orders.insert(notes);
    std::ranges::sort(notes);
    EXPECT_EQ(notes, "abc");
  }
  EXPECT_EQ(orders.size(), 6u);
}

}  // namespace
}  // namespace sp::testing
