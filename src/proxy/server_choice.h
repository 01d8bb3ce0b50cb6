// Which server an exchange goes to, and what is held against one that fails: the same for requests and for connections
// that are passed on.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "policy/balance.h"
#include "proxy/exchange.h"

namespace sp::proxy {

// The servers that this exchange has met.
class Tried {
 public:
  std::span<const std::size_t> list() const { return {servers_.data(), count_}; }
  void add(std::size_t server) {
    if (count_ < servers_.size()) servers_[count_++] = server;
  }
  // Whether none of them has ended the connection without an answer before.
  bool first_silence() { return !std::exchange(silence_, true); }

 private:
  std::array<std::size_t, 16> servers_{};
  std::size_t count_ = 0;
  bool silence_ = false;
};

// A server that was picked may be on trial, and gets nothing else until it is known what came of this one: also where
// that is nothing, since nothing could be sent or memory ended.
class Trial {
 public:
  Trial() = default;
  ~Trial() {
    if (health_ != nullptr) health_->abandoned();
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  void begin(policy::ServerHealth& health) { health_ = &health; }
  void over() { health_ = nullptr; }

 private:
  policy::ServerHealth* health_ = nullptr;
};

// The number of the next server. Errors: no_server_available, or why the last one failed.
Result<std::size_t> pick_server(Exchange& exchange, UpstreamState& state, Tried& tried);

// Counts the server as busy with the exchange, which is told of it.
void turn_to(Exchange& exchange, UpstreamState& state, std::size_t index);

// Passive marking: `error` is what came of the server that the exchange has turned to.
void note_failure(Exchange& exchange, const Error& error, Tried& tried);
void note_success(Exchange& exchange);

}  // namespace sp::proxy
