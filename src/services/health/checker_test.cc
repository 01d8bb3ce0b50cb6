#include "services/health/checker.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "services/health/stand_for_tests.h"

namespace sp::health {
namespace {

using proxy::CheckedState;
using sp::testing::Behaviour;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A checker and the servers 10.0.0.1:1, 10.0.0.2:1 and so on, which are up as long as a test does not say otherwise.
class CheckerTest : public ::testing::Test, public Listener {
 protected:
  ~CheckerTest() override {
    checker.stop();
    net.loop.settle();
    EXPECT_EQ(scope.running(), 0u);
    EXPECT_EQ(net.network.connections(), 0u);
  }

  void begin(std::string_view text) {
    use(text);
    scope.spawn(checker.run());
    net.loop.settle();
  }
  void use(std::string_view text) {
    snapshot = snapshot_of(text);
    checker.adopt(snapshot);
    net.loop.settle();
  }
  std::unique_ptr<runtime::Listener> serve(std::string_view at) {
    return net.network.listen(endpoint(at), [this](runtime::Accepted) { ++accepted; });
  }
  void refuse(int server) { net.network.behave(endpoint(name(server)), {.answer = Behaviour::Answer::refuse}); }
  void accept(int server) { net.network.behave(endpoint(name(server)), {.answer = Behaviour::Answer::accept}); }
  static std::string name(int server) { return "10.0.0." + std::to_string(server) + ":1"; }
  // Who was connected to since the last call: "1 2 1".
  std::string connected() {
    std::string text;
    const auto& all = net.network.attempts();
    for (; seen < all.size(); ++seen) text += (text.empty() ? "" : " ") + all[seen].address.text().substr(7);
    return text;
  }
  std::size_t checks() {
    const std::size_t before = seen;
    seen = net.network.attempts().size();
    return seen - before;
  }
  std::vector<std::string> take(std::vector<std::string>& from) { return std::exchange(from, {}); }

  // ---- Listener
  void checked(std::uint64_t check_id, CheckedState state) override {
    for (const auto& upstream : snapshot->policy->upstreams) {
      for (const policy::Server& server : upstream->servers) {
        if (server.check_id != check_id) continue;
        verdicts.push_back(server.url.host.substr(7) + (state == CheckedState::up ? " up" : " down"));
      }
    }
  }
  void event(Severity, std::string_view what, std::string_view detail) override {
    events.push_back(std::string(what) + ": " + std::string(detail));
  }

  Network net;
  std::size_t accepted = 0, seen = 0;
  std::unique_ptr<runtime::Listener> first = serve("10.0.0.1:1"), second = serve("10.0.0.2:1");
  std::shared_ptr<const proxy::Snapshot> snapshot;
  std::vector<std::string> verdicts, events;
  Checker checker{{.world = net.world, .listener = *this, .seed = 1}};
  runtime::Scope scope;
};

constexpr std::string_view two = "servers: [ \"http://10.0.0.1:1\", \"http://10.0.0.2:1\" ], ";
std::string two_servers(std::string_view health) { return web(std::string(two) + "health: " + std::string(health)); }

TEST_F(CheckerTest, checks_every_server_at_its_pace) {
  begin(two_servers("{ every: 5s }"));
  EXPECT_EQ(checks(), 0u) << "they do not all begin at once";
  net.loop.advance(5s);
  EXPECT_EQ(checks(), 2u);
  EXPECT_THAT(take(verdicts), ::testing::UnorderedElementsAre("1 up", "2 up"));
  net.loop.advance(50s);
  EXPECT_EQ(checks(), 20u);
  EXPECT_THAT(verdicts, IsEmpty());
  EXPECT_THAT(events, IsEmpty());
}

TEST_F(CheckerTest, spreads_the_first_checks_over_the_interval) {
  std::string servers = "servers: [ ";
  for (int i = 1; i <= 100; ++i) servers += "\"http://10.0.1." + std::to_string(i) + ":1\", ";
  begin(web(servers + "], health: { every: 10s }"));
  for (int second = 0; second < 10; ++second) {
    net.loop.advance(1s);
    EXPECT_GT(checks(), 2u);
  }
  EXPECT_EQ(net.network.attempts().size(), 100u);
}

TEST_F(CheckerTest, says_once_that_a_server_is_down_and_up_again) {
  begin(two_servers("{ every: 1s, fall: 3, rise: 2 }"));
  net.loop.advance(1s);
  take(verdicts);
  refuse(2);
  net.loop.advance(2s);
  EXPECT_THAT(verdicts, IsEmpty());
  net.loop.advance(1s);
  EXPECT_THAT(take(verdicts), ElementsAre("2 down"));
  EXPECT_THAT(take(events),
              ElementsAre("server_down: server http://10.0.0.2:1 of app is down: 3 checks failed: 10.0.0.2:1 refused"));
  net.loop.advance(10s);
  EXPECT_THAT(verdicts, IsEmpty());
  accept(2);
  net.loop.advance(1s);
  EXPECT_THAT(verdicts, IsEmpty());
  net.loop.advance(1s);
  EXPECT_THAT(take(verdicts), ElementsAre("2 up"));
  EXPECT_THAT(take(events), ElementsAre("server_up: server http://10.0.0.2:1 of app is up again"));
}

TEST_F(CheckerTest, says_when_all_are_down) {
  refuse(1);
  refuse(2);
  begin(two_servers("{ every: 1s, fall: 1 }"));
  net.loop.advance(1s);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events.back(),
            "all_servers_down: all servers of app are down by their checks: they are tried all the same");
}

TEST_F(CheckerTest, does_not_hold_against_servers_what_is_wrong_here) {
  net.network.behave(endpoint("10.0.0.1:1"), {.answer = Behaviour::Answer::no_descriptors});
  begin(two_servers("{ every: 1s, fall: 1 }"));
  net.loop.advance(10s);
  EXPECT_THAT(events, IsEmpty());
}

TEST_F(CheckerTest, does_not_check_a_server_twice_at_a_time) {
  net.network.behave(endpoint("10.0.0.1:1"), {.answer = Behaviour::Answer::silence});
  begin(web("servers: \"http://10.0.0.1:1\", health: { every: 1s, timeout: 10s }"));
  net.loop.advance(10s);
  EXPECT_EQ(checks(), 1u);
  net.loop.advance(2s);
  EXPECT_EQ(checks(), 1u);
}

TEST_F(CheckerTest, checks_a_server_of_two_upstreams_once) {
  begin(
      "inbound: [ { listen: \"http://:80\", sites: [ { routes: [ { path: /a, to: a }, { path: /b, to: b } ] } ] } ]\n"
      "upstreams:\n"
      "  a: { servers: \"http://10.0.0.1:1\", health: { every: 1s } }\n"
      "  b: { servers: [ \"http://10.0.0.1:1\", \"http://10.0.0.2:1\" ], health: { every: 1s } }\n");
  net.loop.advance(1s);
  EXPECT_EQ(checks(), 2u);
}

TEST_F(CheckerTest, does_nothing_without_checks) {
  begin(web("servers: \"http://10.0.0.1:1\""));
  EXPECT_FALSE(has_checks(*snapshot));
  net.loop.advance(100s);
  EXPECT_EQ(checks(), 0u);
}

TEST_F(CheckerTest, has_so_many_checks_at_a_time_and_no_more) {
  std::string servers = "servers: [ ";
  for (int i = 0; i < 300; ++i) {
    const std::string at = "10.1." + std::to_string(i / 200) + "." + std::to_string(i % 200 + 1) + ":1";
    servers += "\"http://" + at + "\", ";
    net.network.behave(endpoint(at), {.answer = Behaviour::Answer::silence});
  }
  begin(web(servers + "], health: { every: 1s, timeout: 10s }"));
  net.loop.advance(1s);
  EXPECT_EQ(checks(), Checker::most_at_a_time);
  net.loop.advance(10s);
  EXPECT_GE(checks(), 300 - Checker::most_at_a_time);
}

// ---- reload and end

TEST_F(CheckerTest, keeps_what_it_knows_over_a_reload) {
  refuse(2);
  begin(two_servers("{ every: 10s, fall: 3 }"));
  net.loop.advance(20s);
  EXPECT_EQ(checks(), 4u);
  use(two_servers("{ every: 10s, fall: 3 }, balance: random"));
  EXPECT_EQ(checks(), 0u) << "a reload is no reason to check";
  net.loop.advance(10s);
  EXPECT_EQ(checks(), 2u);
  EXPECT_EQ(events.size(), 1u);
  use(two_servers("{ every: 10s, fall: 3 }, balance: round_robin"));
  net.loop.advance(100s);
  EXPECT_EQ(events.size(), 1u);
}

TEST_F(CheckerTest, checks_what_the_new_configuration_has) {
  begin(two_servers("{ every: 1s }"));
  net.loop.advance(1s);
  connected();
  use(web("servers: \"http://10.0.0.2:1\", health: { every: 1s }"));
  net.loop.advance(3s);
  EXPECT_EQ(connected(), "2 2 2");
  use(web("servers: \"http://10.0.0.2:1\""));
  net.loop.advance(3s);
  EXPECT_EQ(connected(), "");
}

TEST_F(CheckerTest, begins_anew_where_the_check_is_another) {
  refuse(2);
  begin(two_servers("{ every: 1s, fall: 1 }"));
  net.loop.advance(1s);
  take(events);
  accept(2);
  use(two_servers("{ every: 1s, fall: 2 }"));
  take(verdicts);
  net.loop.advance(1s);
  EXPECT_THAT(verdicts, ::testing::UnorderedElementsAre("1 up", "2 up"));
  EXPECT_THAT(events, IsEmpty());
}

TEST_F(CheckerTest, gives_up_what_is_under_way_when_it_reloads_and_makes_up_for_it) {
  net.network.behave(endpoint("10.0.0.1:1"), {.answer = Behaviour::Answer::silence});
  begin(web("servers: \"http://10.0.0.1:1\", health: { every: 10s, fall: 1, timeout: 1s }"));
  net.loop.run_until([&] { return net.network.attempts().size() == 1; });
  use(web("servers: \"http://10.0.0.1:1\", balance: random, health: { every: 10s, fall: 1, timeout: 1s }"));
  EXPECT_THAT(events, IsEmpty());
  net.loop.advance(10ms);
  EXPECT_EQ(checks(), 2u);
  net.loop.advance(1s);
  EXPECT_FALSE(events.empty());
}

TEST_F(CheckerTest, tells_again_what_could_not_be_told) {
  class Forgetful final : public Listener {
   public:
    void checked(std::uint64_t, CheckedState) override {
      if (++asked == 1) throw std::bad_alloc();
    }
    void event(Severity, std::string_view, std::string_view) override {}
    int asked = 0;
  } listener;
  Checker other{{.world = net.world, .listener = listener}};
  other.adopt(snapshot_of(web("servers: \"http://10.0.0.1:1\", health: { every: 1s }")));
  runtime::Scope work;
  work.spawn(other.run());
  net.loop.advance(5s);
  EXPECT_EQ(listener.asked, 2);
  other.stop();
  net.loop.settle();
}

}  // namespace
}  // namespace sp::health
