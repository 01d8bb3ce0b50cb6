#include "testing/sim/simulation.h"

#include <cstdio>
#include <set>
#include <tuple>

#include "base/assert.h"
#include "runtime/wait.h"
#include "testing/gate/gate.h"
#include "testing/sim/actors.h"

namespace sp::testing {
namespace {

// Each speaks HTTP/1 on port 8000 and HTTP/2 on 8001.
constexpr std::string_view server_addresses[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};

// Longer than anything in it may take: the clients' patience is the longest.
constexpr runtime::Duration longest_run = std::chrono::hours(1);

// In half of the runs half of the clients and servers speak HTTP/2: these take longer.
bool has_http2(std::uint64_t seed) { return seed / 2 % 2 == 0; }

std::string server_url(Dice& dice, std::string_view host, bool with_http2) {
  const bool http2 = dice.one_in(2) && with_http2;
  return "\"" + std::string(http2 ? "h2c://" : "http://") + std::string(host) + (http2 ? ":8001\"" : ":8000\"");
}

// A faithful client pauses for more than a second: it may find its connection closed.
std::string configuration(Dice& dice, bool calm, bool http2) {
  std::string text =
      "inbound:\n- listen: [ \"http://:80\", \"h2c://:81\" ]\n  sites: [ { hosts: [ a.test ], routes: [ { path: /, "
      "to: app } ] } ]\nupstreams:\n  app:\n    servers: [ " +
      server_url(dice, "one.test", http2);
  if (!dice.one_in(4)) text += ", " + server_url(dice, "10.0.0.2", http2);
  if (!dice.one_in(4)) text += ", " + server_url(dice, "10.0.0.3", http2);
  text += dice.one_in(2) ? " ]\n    balance: round_robin\n" : " ]\n    balance: least_requests\n";
  return text + "    retries: " + std::to_string(dice.below(4)) +
         "\ntimeouts: { keep_alive: " + (calm || dice.one_in(2) ? "30s" : "1s") +
         ", response_head: 20s, tunnel_idle: 2m }\n";
}

FakeNetworkOptions network_of(Dice& dice, std::uint64_t seed, bool calm) {
  return {.seed = seed,
          .capacity = dice.one_in(2) ? 65'536u : 500u,
          .longest_delay = std::chrono::milliseconds(dice.below(500) + 1),
          .breaks_one_in = calm || dice.one_in(2) ? 0u : 8u,
          .breaks_within = 8192,
          .delays_one_in = dice.one_in(3) ? 0u : 16u};
}

Behaviour behaviour_of(Dice& dice, bool calm) {
  using enum Behaviour::Answer;
  constexpr Behaviour::Answer answers[] = {refuse, silence, unreachable, no_descriptors};
  if (calm || !dice.one_in(5)) return {};
  return {.answer = answers[dice.below(std::size(answers))], .delay = runtime::Duration(dice.below(2000))};
}

class Run {
 public:
  explicit Run(std::uint64_t seed)
      : seed_(seed),
        dice_(seed),
        calm_(dice_.one_in(4)),
        gate_(configuration(dice_, calm_, has_http2(seed)),
              {.network = network_of(dice_, seed, calm_), .seed = seed, .most_idle = 1 + seed % 2 * 100}),
        assertions_before_(failed_assertions()) {
    story_.calm = calm_;
    gate_.loop.shuffle(dice_.seed());
    gate_.resolver.set("one.test", {"10.0.0.1"}, runtime::Duration(dice_.below(300)));
    for (std::string_view at : server_addresses) {
      listen(std::string(at) + ":8000", &run_server);
      listen(std::string(at) + ":8001", &run_h2_server);
    }
  }

  Story run() {
    const std::size_t clients = 2 + dice_.below(5);
    for (std::uint32_t i = 0; i < clients; ++i) {
      scope_.spawn(come(runtime::Duration(dice_.below(5000)), 100 * (i + 1), a_manner(3), dice_.seed()));
    }
    if (dice_.one_in(3)) scope_.spawn(reload());
    if (!calm_ && dice_.one_in(3)) {
      gate_.loop.run_until([] { return false; }, runtime::Duration(dice_.below(8000)));
    } else {
      until([&] { return clients_ == 0; }, "a client is stuck");
    }
    end();
    look_back();
    return std::move(story_);
  }

 private:
  void listen(const std::string& at, decltype(&run_server) serve) {
    const Manner manner = a_manner(2);
    listeners_.push_back(gate_.network.listen(endpoint(at), [this, at, manner, serve](runtime::Accepted accepted) {
      scope_.spawn(present(at, serve(std::move(accepted.stream), manner, dice_.seed(), story_)));
    }));
    gate_.network.behave(endpoint(at), behaviour_of(dice_, calm_));
  }
  runtime::Task<void> present(std::string who, runtime::Task<void> task) {
    const auto place = present_.insert(std::move(who));
    co_await std::move(task);
    present_.erase(place);
  }
  Manner a_manner(std::size_t hostile_one_in) {
    return dice_.one_in(hostile_one_in) && !calm_ ? Manner::hostile : Manner::faithful;
  }
  // What is suspended cannot be given up: the program may end before anybody reads the story.
  void until(const std::function<bool()>& done, const char* otherwise, runtime::Duration limit = longest_run) {
    if (gate_.loop.run_until(done, limit)) return;
    std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed_), otherwise);
    std::fprintf(stderr, "%zu connections\n", gate_.network.connections());
    for (const std::string& who : present_) std::fprintf(stderr, "still there: %s\n", who.c_str());
    story_.fault(otherwise);
  }
  void end() {
    if (gate_.worker().sessions() != 0) story_.count("drain with connections");
    gate_.worker().drain();
    if (dice_.one_in(4)) {  // the time for draining is over
      gate_.loop.advance(runtime::Duration(dice_.below(3000)));
      if (gate_.worker().sessions() != 0) story_.count("cut");
      story_.calm = false;
      gate_.worker().cut();
      until([&] { return gate_.worker().sessions() == 0; }, "a session is left after it was cut",
            std::chrono::seconds(30));
    }
    listeners_.clear();
    until([&] { return gate_.worker().sessions() == 0; }, "a session is left after draining");
    story_.over = true;
    // The others see at once that the gate is gone, when they look: it keeps no connection that nobody uses.
    until([&] { return scope_.running() == 0 && gate_.network.connections() == 0; },
          "a connection is left after draining", std::chrono::seconds(15));
  }
  void look_back() {
    if (failed_assertions() != assertions_before_) story_.fault("an assertion failed");
    std::map<std::string, unsigned, std::less<>> told;
    for (const Ended& each : gate_.observed.exchanges) {
      ++told[each.path];
      if (each.code != Code::ok)
        story_.note("the log has " + each.path + ": " + std::string(name(each.code)) + " (" + each.detail + ")");
    }
    for (std::uint32_t number : story_.answers) {
      if (const auto times = told["/" + std::to_string(number)]; times != 1)
        story_.fault("the log has it " + std::to_string(times) + " times:", number);
    }
    for (std::uint32_t number : story_.refused) {
      if (story_.seen.contains(number)) story_.fault("a server has seen what was refused:", number);
    }
    for (const auto& [number, times] : story_.seen) {
      if (times > 8) story_.fault("there is no end to sending", number);  // 3 retries, each on a kept connection first
    }
  }

  runtime::Task<void> come(runtime::Duration after, std::uint32_t first_number, Manner manner, std::uint64_t seed) {
    ++clients_;
    std::ignore = co_await runtime::sleep_for(after);
    const bool http2 = seed % 2 == 0 && has_http2(seed_);
    const bool old_port = !http2 && seed % 4 != 1;  // who speaks HTTP/1 may do so on both
    auto stream = gate_.network.open(endpoint(old_port ? "192.0.2.80:80" : "192.0.2.80:81"));
    const auto run = http2 ? &run_h2_client : &run_client;
    if (stream)
      co_await present(http2 ? "h2 client" : "h1 client", run(std::move(stream), first_number, manner, seed, story_));
    --clients_;
  }
  runtime::Task<void> reload() {
    for (std::size_t times = 1 + dice_.below(3); times > 0; --times) {
      std::ignore = co_await runtime::sleep_for(runtime::Duration(dice_.below(5000)));
      if (gate_.worker().draining()) co_return;
      gate_.reload(configuration(dice_, calm_, has_http2(seed_)));
      if (gate_.worker().sessions() != 0) story_.count("reload with connections");
    }
  }

  std::uint64_t seed_;
  Dice dice_;
  bool calm_;
  Gate gate_;
  std::uint64_t assertions_before_;
  Story story_;
  runtime::Scope scope_;
  std::size_t clients_ = 0;
  std::multiset<std::string> present_;  // connections, by where they go
  std::vector<std::unique_ptr<runtime::Listener>> listeners_;
};

}  // namespace

Story run_simulation(std::uint64_t seed) { return Run(seed).run(); }

}  // namespace sp::testing
