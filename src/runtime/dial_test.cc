#include "runtime/dial.h"

#include <gtest/gtest.h>

#include <new>
#include <optional>

#include "runtime/scope.h"
#include "testing/fake_network.h"

namespace sp::runtime {
namespace {

using namespace std::chrono_literals;
using testing::Behaviour;
using testing::endpoint;
using testing::FakeLoop;
using testing::FakeNetwork;
using testing::FakeResolver;
using Answer = Behaviour::Answer;

const Endpoint one = endpoint("[2001:db8::1]:443"), two = endpoint("192.0.2.1:443"),
               three = endpoint("[2001:db8::2]:443"), local = endpoint("unix:/run/app.sock");

class Dialing : public ::testing::Test {
 protected:
  // Serves the endpoint; counts what was accepted, and keeps it.
  void serve(const Endpoint& at) {
    listeners.push_back(network.listen(at, [this](Accepted a) { accepted.push_back(std::move(a)); }));
  }
  Task<void> keep(std::vector<Endpoint> endpoints, DialOptions options) {
    result = co_await dial(network, endpoints, options, token, &report);
    ended = loop.now() - start;
  }
  Task<void> keep_name(std::string host, DialOptions options) {
    result = co_await dial(network, resolver, host, 443, options, token, &report);
    ended = loop.now() - start;
  }
  void begin(std::vector<Endpoint> endpoints, DialOptions options = {}) {
    scope.spawn(keep(std::move(endpoints), options));
    loop.settle();
  }
  void begin(std::string host, DialOptions options = {}) {
    scope.spawn(keep_name(std::move(host), options));
    loop.settle();
  }
  // "connected to ..." or the name of the error.
  std::string outcome() {
    if (!result) return "nothing yet";
    if (!*result) return std::string(name(result->error().code));
    return "connected to " + (*result)->endpoint.text();
  }
  // The streams on our side that are still open.
  std::size_t open_connections() {
    std::size_t open = 0;
    for (Accepted& each : accepted) open += each.stream->try_read({}).status == IoStatus::would_block;
    return open;
  }
  void TearDown() override { EXPECT_EQ(scope.running(), 0u); }

  FakeLoop loop;
  const TimePoint start = loop.now();
  FakeNetwork network{loop};
  FakeResolver resolver;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<Accepted> accepted;
  CancelSource token;
  Scope scope;
  DialReport report;
  std::optional<Result<Dialed>> result;
  std::optional<Clock::duration> ended;
};

TEST_F(Dialing, the_first_that_answers_wins) {
  serve(one);
  serve(two);
  begin({one, two});
  EXPECT_EQ(outcome(), "connected to [2001:db8::1]:443");
  EXPECT_EQ(network.attempts(), std::vector{one});
  EXPECT_EQ(report.text(), "[2001:db8::1]:443 connected");
  EXPECT_EQ(open_connections(), 1u);
}

TEST_F(Dialing, unix_sockets_are_endpoints_too) {
  serve(local);
  begin({local});
  EXPECT_EQ(outcome(), "connected to unix:/run/app.sock");
}

TEST_F(Dialing, of_unix_sockets_the_report_says_what_the_system_says) {
  network.behave(local, {Answer::not_found});
  begin({local});
  EXPECT_EQ(outcome(), "connection_refused");
  EXPECT_EQ(report.text(), "unix:/run/app.sock does not exist");
  EXPECT_EQ(report.remedy(), "start the server, and check that `to` names its socket");
  network.behave(local, {Answer::forbidden});
  begin({local});
  EXPECT_EQ(outcome(), "connection_failed");
  EXPECT_EQ(report.text(), "unix:/run/app.sock refuses this user: permission denied");
  EXPECT_EQ(report.remedy(), "the user that the gate runs as must be allowed to write to the socket");
  begin({one});
  EXPECT_EQ(report.remedy(), "");
}

TEST_F(Dialing, a_refusal_gives_the_next_its_chance_at_once) {
  serve(two);
  begin({one, two});
  EXPECT_EQ(outcome(), "connected to 192.0.2.1:443");
  EXPECT_EQ(ended, 0ms);
  EXPECT_EQ(report.text(), "[2001:db8::1]:443 refused; 192.0.2.1:443 connected");
}

TEST_F(Dialing, silence_gives_the_next_its_chance_after_a_while) {
  serve(two);
  network.behave(one, {Answer::silence});
  begin({one, two});
  loop.advance(249ms);
  EXPECT_EQ(network.attempts(), std::vector{one});
  loop.advance(1ms);
  EXPECT_EQ(outcome(), "connected to 192.0.2.1:443");
  EXPECT_EQ(report.text(), "[2001:db8::1]:443 given up; 192.0.2.1:443 connected");
}

TEST_F(Dialing, a_late_answer_still_wins_and_the_other_is_closed) {
  serve(one);
  serve(two);
  network.behave(one, {Answer::accept, 300ms});
  network.behave(two, {Answer::accept, 100ms});
  begin({one, two});
  loop.advance(1s);
  EXPECT_EQ(outcome(), "connected to [2001:db8::1]:443");
  EXPECT_EQ(ended, 300ms);
  EXPECT_EQ(open_connections(), 1u);
}

TEST_F(Dialing, of_two_that_connect_in_one_moment_one_is_closed) {
  serve(one);
  serve(two);
  network.behave(one, {Answer::accept, 300ms});
  network.behave(two, {Answer::accept, 50ms});
  begin({one, two});
  loop.advance(1s);
  EXPECT_TRUE(outcome().starts_with("connected"));
  EXPECT_EQ(open_connections(), 1u);
  EXPECT_EQ(accepted.size(), 2u);
}

TEST_F(Dialing, a_failure_of_an_earlier_attempt_starts_the_next_early) {
  network.behave(one, {Answer::refuse, 300ms});
  network.behave(two, {Answer::silence});
  serve(three);
  begin({one, two, three});
  loop.advance(300ms);
  EXPECT_EQ(outcome(), "connected to [2001:db8::2]:443");
  EXPECT_EQ(ended, 300ms);
}

TEST_F(Dialing, the_deadline_ends_it_with_every_address_named) {
  network.behave(one, {Answer::silence});
  network.behave(two, {Answer::refuse, 10ms});
  network.behave(three, {Answer::unreachable});
  begin({one, two, three}, {.deadline = start + 5s});
  loop.advance(5s);
  EXPECT_EQ(ended, 5s);
  EXPECT_EQ(outcome(), "connection_refused");
  EXPECT_EQ(report.text(), "[2001:db8::1]:443 timed out; 192.0.2.1:443 refused; [2001:db8::2]:443 unreachable");
  EXPECT_EQ(result->error().retry, Retry::safe);
  EXPECT_EQ(result->error().side, Side::upstream);
}

TEST_F(Dialing, a_deadline_before_the_next_turn_leaves_it_untried) {
  network.behave(one, {Answer::silence});
  serve(two);
  begin({one, two}, {.deadline = start + 100ms});
  loop.advance(100ms);
  EXPECT_EQ(outcome(), "connection_timeout");
  EXPECT_EQ(network.attempts(), std::vector{one});
}

TEST_F(Dialing, the_error_that_says_most_is_reported_whatever_the_order) {
  const std::vector<std::pair<Answer, std::string>> from_most_to_least = {
      {Answer::no_descriptors, "no_descriptors"},
      {Answer::refuse, "connection_refused"},
      {Answer::silence, "connection_timeout"},
      {Answer::unreachable, "connection_unreachable"}};
  for (std::size_t i = 0; i < from_most_to_least.size(); ++i) {
    for (std::size_t j = i; j < from_most_to_least.size(); ++j) {
      network.behave(one, {from_most_to_least[i].first});
      network.behave(two, {from_most_to_least[j].first});
      for (const auto& order : {std::vector{one, two}, std::vector{two, one}}) {
        result.reset();
        begin(order, {.deadline = loop.now() + 1s});
        loop.advance(1s);
        EXPECT_EQ(outcome(), from_most_to_least[i].second) << i << j;
      }
    }
  }
}

TEST_F(Dialing, no_descriptors_is_our_own_fault) {
  network.behave(one, {Answer::no_descriptors});
  begin({one});
  EXPECT_EQ(result->error().side, Side::local);
}

TEST_F(Dialing, nothing_to_dial_is_a_failure) {
  begin(std::vector<Endpoint>{});
  EXPECT_EQ(outcome(), "connection_failed");
}

TEST_F(Dialing, cancelling_ends_every_attempt) {
  network.behave(one, {Answer::silence});
  network.behave(two, {Answer::accept, 10s});
  serve(two);
  begin({one, two, three});
  loop.advance(300ms);
  token.cancel(Code::client_closed);
  EXPECT_EQ(outcome(), "nothing yet");
  loop.settle();
  EXPECT_EQ(outcome(), "client_closed");
  EXPECT_EQ(scope.running(), 0u);
  loop.advance(1min);
  EXPECT_TRUE(accepted.empty());
}

TEST_F(Dialing, a_token_that_is_cancelled_already_tries_nothing) {
  token.cancel();
  serve(one);
  begin({one});
  EXPECT_EQ(outcome(), "cancelled");
  EXPECT_TRUE(network.attempts().empty());
}

TEST_F(Dialing, names_are_looked_up) {
  resolver.set("app.test", {"2001:db8::1", "192.0.2.1"}, 20ms);
  serve(two);
  begin("app.test");
  loop.advance(20ms);
  EXPECT_EQ(outcome(), "connected to 192.0.2.1:443");
  EXPECT_EQ(report.text(), "[2001:db8::1]:443 refused; 192.0.2.1:443 connected");
}

TEST_F(Dialing, numeric_hosts_need_no_name_server) {
  serve(one);
  begin("2001:db8::1");
  EXPECT_EQ(outcome(), "connected to [2001:db8::1]:443");
  EXPECT_TRUE(resolver.asked().empty());
}

TEST_F(Dialing, names_without_addresses_say_why) {
  begin("nowhere.test");
  EXPECT_EQ(outcome(), "dns_error");
  EXPECT_EQ(report.text(), "the name of the server could not be resolved");
  EXPECT_EQ(result->error().retry, Retry::safe);
}

TEST_F(Dialing, the_deadline_is_for_names_and_connections_together) {
  resolver.set("app.test", {"2001:db8::1"}, 700ms);
  network.behave(one, {Answer::accept, 700ms});
  serve(one);
  begin("app.test", {.deadline = start + 1s});
  loop.advance(2s);
  EXPECT_EQ(outcome(), "connection_timeout");
  EXPECT_EQ(ended, 1s);
}

TEST_F(Dialing, cancelling_ends_the_lookup) {
  resolver.set("app.test", {"2001:db8::1"}, 10s);
  begin("app.test");
  token.cancel(Code::shutting_down);
  loop.settle();
  EXPECT_EQ(outcome(), "shutting_down");
}

// There is no memory to connect.
class NoMemory final : public Network {
 public:
  Task<Result<std::unique_ptr<Stream>>> connect(const Endpoint&, TimePoint, CancelToken&) override {
    throw std::bad_alloc();
  }
  std::unique_ptr<Listener> serve(BoundSocket, Listener::OnAccept) override { return nullptr; }
};

TEST_F(Dialing, fails_alone_when_memory_ends) {
  NoMemory without;
  const std::vector<Endpoint> both{one, two};
  auto dialed = loop.run(dial(without, both, {}, token, &report));
  EXPECT_EQ(dialed.error().code, Code::out_of_memory);
  EXPECT_EQ(report.attempts.size(), 2u);
}

}  // namespace
}  // namespace sp::runtime
