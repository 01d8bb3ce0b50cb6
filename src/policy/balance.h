// Which server takes the next request, and which are passed over because they failed. Pure: time and random numbers
// come in as arguments, and the state is the caller's (one per worker, so that picking shares nothing).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "config/model.h"

namespace sp::policy {

using TimePoint = std::chrono::steady_clock::time_point;

struct FailureRule {
  std::uint32_t fail_after = 3;  // consecutive failures that mark a server
  config::Duration fail_for = std::chrono::seconds(10);
};

// Passive marking: up until `fail_after` failures in a row, then down for `fail_for`, then one request as a trial: its
// success makes the server up, its failure down again for as long. A trial that says nothing for as long is followed by
// another one: how long it takes may be its client's choice.
class ServerHealth {
 public:
  enum class State : std::uint8_t { up, down, due, on_trial };  // due: the time is over, the next request is the trial
  State state(TimePoint now) const;
  bool usable(TimePoint now) const {
    State s = state(now);
    return s == State::up || s == State::due;
  }

  void picked(TimePoint now);  // a request goes to this server
  void succeeded();
  // Says whether this failure marked the server (a line in the log).
  bool failed(TimePoint now, const FailureRule& rule);
  // The request ended without saying anything about the server (the client went away).
  void abandoned();

 private:
  std::uint32_t failures_ = 0;
  bool down_ = false;
  config::Duration fail_for_{};
  TimePoint until_{};        // down
  TimePoint trial_until_{};  // behind it
};

// What picking knows of one server.
struct ServerState {
  std::uint32_t weight = 1;     // 0: gets no new requests
  bool backup = false;          // only when no other is usable
  std::uint32_t in_flight = 0;  // requests that it has now; the caller counts
  std::int64_t credit = 0;      // of the round robin
  bool down_by_check = false;   // what the checks of its health say; ServerHealth is what requests have met
  ServerHealth health;
};

// Whether there are servers, and all of them are down by their checks.
bool all_down_by_check(std::span<const ServerState> servers);

// The number of the server to use, or nothing when none is usable. `tried` are those that this request has met already
// (they are not picked again). `random` is a fresh random number. Marks the pick (ServerHealth::picked, credit), but
// does not count in_flight. The only server of an upstream is never passed over: a refusal of ours would be no better
// than its own. Where the checks of health say of all servers that they are down, they count for nothing: it may be the
// check that is wrong, or what lies between, and a server that is tried may answer.
//  round_robin     smooth and weighted: a server of weight 2 among two of 1 gives a b a c, not a a b c
//  least_requests  the smallest (in_flight + 1) / weight among all; among more than 16 servers the better of two at
//  random random          weighted
std::optional<std::size_t> pick(config::Balance balance, std::span<ServerState> servers, TimePoint now,
                                std::uint64_t random, std::span<const std::size_t> tried = {});

}  // namespace sp::policy
