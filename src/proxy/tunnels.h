// The tunnels of a worker. Those where nothing passes are at rest: an object and two sockets each. A message is passed
// on at once; what is more than that, or is not taken at once, becomes work of the worker's scope until it is quiet
// again.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "proxy/tunnel.h"
#include "runtime/scope.h"

namespace sp::proxy {

class Worker;
struct Exchange;

// What is left of an exchange whose response has switched protocols: without the client's stream.
std::unique_ptr<Tunnel> tunnel_of(Exchange& exchange);
// Of one that has no response, and this connection to its server: with the client's stream.
std::unique_ptr<Tunnel> tunnel_to(Exchange& exchange, std::unique_ptr<runtime::Stream> upstream);

class Tunnels {
 public:
  // Both outlive it. Tunnels at rest count as running in `scope`.
  Tunnels(Worker& worker, runtime::Scope& scope) : worker_(worker), scope_(scope) {}
  ~Tunnels();
  Tunnels(const Tunnels&) = delete;
  Tunnels& operator=(const Tunnels&) = delete;

  // Joins the two streams, beginning with what was received behind the heads. The observer hears of it at the end.
  void begin(std::unique_ptr<Tunnel> tunnel, std::string from_client, std::string from_upstream);
  // Breaks those that are at rest. The others end with the scope.
  void cut();
  std::size_t resting() const { return resting_count_; }

 private:
  friend struct Tunnel;
  static void client_woken(runtime::IoWait& wait, Code why);
  static void upstream_woken(runtime::IoWait& wait, Code why);

  void woken(Tunnel& tunnel, bool by_client, Code why);
  bool rest(std::unique_ptr<Tunnel>& tunnel);
  std::unique_ptr<Tunnel> awake(Tunnel& tunnel);
  void pass_message(std::unique_ptr<Tunnel> tunnel, bool by_client);
  void spawn(std::unique_ptr<Tunnel> tunnel, std::string from_client, std::string from_upstream);
  runtime::Task<void> work(std::unique_ptr<Tunnel> tunnel, std::string from_client, std::string from_upstream);
  void end(std::unique_ptr<Tunnel> tunnel, TunnelPause how);

  Worker& worker_;
  runtime::Scope& scope_;
  IntrusiveList<Tunnel> resting_;
  std::size_t resting_count_ = 0;
};

}  // namespace sp::proxy
