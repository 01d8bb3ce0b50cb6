// A whole gate inside the test: a configuration as text, a worker, and a network whose clients and servers the test
// plays.
//
//   Gate gate("inbound:\n- listen: [\"http://:80\"]\n  sites: ...");
//   Scripted client = gate.client();
//   client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
//   Scripted server = gate.server().accept();
//
// When it is destroyed every connection must come to its end: a session that stays is a failure of the test.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/files.h"
#include "proxy/worker.h"
#include "testing/fake_loop.h"
#include "testing/fake_network.h"
#include "testing/gate/observed.h"
#include "testing/scripted.h"
#include "tls/ticket_keys.h"

namespace sp::testing {

// What Gate::server() and one_site() speak of.
inline constexpr std::string_view default_server = "10.0.0.1:8000";

// A configuration: http on port 80, one site for a.test with these routes (YAML, each on a line of its own that begins
// with
// "- "), and `more` at the outer level.
std::string one_site(std::string_view routes, std::string_view more = {});
// With everything going to default_server; `entry` is added to the entry, as "trusted_proxies: [ 10.0.0.0/8 ]".
std::string one_server(std::string_view entry = {}, std::string_view more = {});

struct GateOptions {
  FakeNetworkOptions network;
  std::map<std::string, std::string> files;  // certificates and keys
  std::shared_ptr<proxy::Users> users;       // of ways out with `users`
  std::uint64_t seed = 1;
  std::size_t most_idle = 128;  // sessions that wait in place; others are parked
  std::size_t descriptors = 0;  // 0: nobody counts
};

class Gate {
 public:
  using Here = std::source_location;
  explicit Gate(std::string_view yaml = one_server(), GateOptions options = {}, Here here = Here::current());
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // A connection of a client: to the first address that the gate listens on, or to `to`.
  Scripted client(std::string_view from = "203.0.113.1:50000", std::string_view to = "192.0.2.80:80");
  // A server that accepts connections from the first time it is asked for.
  ScriptedServer& server(std::string_view at = default_server);
  // From now on nobody listens there.
  void remove_server(std::string_view at = default_server) { servers_.erase(std::string(at)); }

  // A new configuration. False, with a failure of the test, if it cannot be used.
  bool reload(std::string_view yaml, Here here = Here::current());
  std::size_t sessions();

  FakeLoop loop;
  FakeNetwork network;
  FakeResolver resolver;
  config::MemoryFileSystem files;
  Observed observed;
  proxy::Worker& worker() { return *worker_; }

 private:
  std::shared_ptr<proxy::Users> users_;
  std::shared_ptr<tls::TicketKeys> tickets_ = std::make_shared<tls::TicketKeys>();
  std::uint64_t generation_ = 0;
  std::vector<Endpoint> listening_;
  std::map<std::string, std::unique_ptr<ScriptedServer>> servers_;
  std::unique_ptr<proxy::Worker> worker_;
  std::uint64_t assertions_before_;
};

}  // namespace sp::testing
