#include "testing/sim/simulation.h"

#include <cstdio>
#include <tuple>

#include "base/assert.h"
#include "runtime/wait.h"
#include "testing/gate/gate.h"

namespace sp::testing {
namespace {

constexpr std::string_view server_addresses[] = {"10.0.0.1:8000", "10.0.0.2:8000", "10.0.0.3:8000"};

std::string configuration(Dice& dice) {
  std::string text =
      "inbound:\n- listen: [ \"http://:80\" ]\n  sites: [ { hosts: [ a.test ], routes: [ { path: /, to: app } ] } "
      "]\nupstreams:\n  app:\n"
      "    servers: [ \"http://10.0.0.1:8000\", \"http://10.0.0.2:8000\", \"http://10.0.0.3:8000\" ]\n";
  text += dice.one_in(2) ? "    balance: round_robin\n" : "    balance: least_requests\n";
  return text + "    retries: " + std::to_string(dice.below(4)) +
         "\ntimeouts: { keep_alive: 30s, response_head: 20s }\n";
}

FakeNetworkOptions network_of(Dice& dice, std::uint64_t seed) {
  return {.seed = seed,
          .capacity = dice.one_in(2) ? 65'536u : 500u,
          .longest_delay = std::chrono::milliseconds(dice.below(500) + 1),
          .breaks_one_in = dice.one_in(2) ? 0u : 8u,
          .breaks_within = 8192};
}

class Run {
 public:
  explicit Run(std::uint64_t seed)
      : seed_(seed),
        dice_(seed),
        gate_(configuration(dice_),
              {.network = network_of(dice_, seed), .seed = seed, .most_idle = 1 + seed % 2 * 100}) {
    for (std::string_view at : server_addresses) {
      const bool hostile = dice_.one_in(2);
      listeners_.push_back(gate_.network.listen(endpoint(at), [this, hostile](runtime::Accepted accepted) {
        scope_.spawn(run_server(gate_.loop, std::move(accepted.stream), hostile, dice_.below(1'000'000), story_));
      }));
      if (dice_.one_in(6)) gate_.network.behave(endpoint(at), {.answer = Behaviour::Answer::refuse});
    }
  }

  Story run() {
    const std::size_t clients = 2 + dice_.below(5);
    for (std::uint32_t i = 0; i < clients; ++i) {
      scope_.spawn(come(runtime::Duration(dice_.below(5000)), 100 * (i + 1), dice_.one_in(3), dice_.below(1'000'000)));
    }
    if (dice_.one_in(3)) scope_.spawn(reload(runtime::Duration(dice_.below(6000))));
    if (dice_.one_in(4)) gate_.loop.run_until([] { return false; }, runtime::Duration(dice_.below(8000)));
    const bool early = gate_.worker().sessions() != 0;
    if (early) gate_.worker().drain();
    if (!gate_.loop.run_until([&] { return clients_ == 0 || early; })) stuck("a client is stuck");
    gate_.worker().drain();
    listeners_.clear();
    if (!gate_.loop.run_until([&] { return gate_.worker().sessions() == 0; }))
      stuck("a session is left after draining");
    if (!gate_.loop.run_until([&] { return scope_.running() == 0; })) stuck("a connection is left after draining");
    if (failed_assertions() != 0) story_.fault("an assertion failed");
    return std::move(story_);
  }

 private:
  // What is suspended cannot be given up: the program may end before anybody reads the story.
  void stuck(std::string what) {
    std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed_), what.c_str());
    story_.fault(std::move(what));
  }
  runtime::Task<void> come(runtime::Duration after, std::uint32_t first_number, bool hostile, std::uint64_t seed) {
    ++clients_;
    std::ignore = co_await runtime::sleep_for(after);
    auto stream = gate_.network.open(endpoint("192.0.2.80:80"));
    if (stream) co_await run_client(gate_.loop, std::move(stream), first_number, hostile, seed, story_);
    --clients_;
  }
  runtime::Task<void> reload(runtime::Duration after) {
    std::ignore = co_await runtime::sleep_for(after);
    if (!gate_.worker().draining()) gate_.reload(configuration(dice_));
  }

  std::uint64_t seed_;
  Dice dice_;
  Gate gate_;
  Story story_;
  runtime::Scope scope_;
  std::size_t clients_ = 0;
  std::vector<std::unique_ptr<runtime::Listener>> listeners_;
};

}  // namespace

Story run_simulation(std::uint64_t seed) { return Run(seed).run(); }

}  // namespace sp::testing
