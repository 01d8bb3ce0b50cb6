#include "proxy/upstream_states.h"

#include <gtest/gtest.h>

namespace sp::proxy {
namespace {

using Upstreams = std::vector<std::unique_ptr<policy::Upstream>>;

// An upstream whose servers have these check_ids.
Upstreams upstreams(std::string key, std::initializer_list<std::uint64_t> ids) {
  auto upstream = std::make_unique<policy::Upstream>();
  upstream->key = std::move(key);
  for (const std::uint64_t id : ids) {
    policy::Server server;
    server.check_id = id;
    upstream->servers.push_back(std::move(server));
  }
  Upstreams all;
  all.push_back(std::move(upstream));
  return all;
}

std::string down(const UpstreamState& state) {
  std::string text;
  for (const policy::ServerState& server : state.servers) text += server.down_by_check ? "d" : "-";
  return text;
}

TEST(UpstreamStates, hear_of_checks_before_and_after_their_first_request) {
  UpstreamStates states;
  const Upstreams all = upstreams("a", {1, 2, 0});
  states.note_check(2, CheckedState::down);
  const auto state = states.of(*all.front());
  EXPECT_EQ(down(*state), "-d-");
  states.note_check(1, CheckedState::down);
  states.note_check(2, CheckedState::up);
  EXPECT_EQ(down(*state), "d--");
}

TEST(UpstreamStates, keep_what_checks_say_over_a_reload) {
  UpstreamStates states;
  const Upstreams before = upstreams("a", {1, 2});
  const auto state = states.of(*before.front());
  states.note_check(1, CheckedState::down);
  states.note_check(2, CheckedState::down);
  states.keep_only(upstreams("a", {1, 7}));  // the second is checked otherwise now
  EXPECT_EQ(down(*state), "d-");
  const Upstreams other = upstreams("b", {7, 1});
  states.keep_only(other);
  EXPECT_EQ(down(*states.of(*other.front())), "-d");
}

TEST(UpstreamStates, forget_checks_that_no_configuration_has) {
  UpstreamStates states;
  states.note_check(1, CheckedState::down);
  states.keep_only(upstreams("a", {2}));
  const Upstreams again = upstreams("a", {1});
  states.keep_only(again);
  EXPECT_EQ(down(*states.of(*again.front())), "-");
}

TEST(UpstreamStates, forgive_failures_when_checks_say_that_a_server_is_up) {
  UpstreamStates states;
  const Upstreams all = upstreams("a", {1});
  const auto state = states.of(*all.front());
  policy::ServerHealth& health = state->servers[0].health;
  const policy::TimePoint now{};
  health.failed(now, {.fail_after = 1});
  states.note_check(1, CheckedState::up);  // no news: it may be too busy for requests and not for checks
  EXPECT_FALSE(health.usable(now));
  states.note_check(1, CheckedState::down);
  states.note_check(1, CheckedState::up);
  EXPECT_TRUE(health.usable(now));
}

}  // namespace
}  // namespace sp::proxy
