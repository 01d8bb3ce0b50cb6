// Everything that belongs to one thread: its loop, its way to the network, its listeners, sessions and pools.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "proxy/exchange.h"
#include "proxy/head_room.h"
#include "proxy/outbound/destinations.h"
#include "proxy/outbound/shares.h"
#include "proxy/parked_connections.h"
#include "proxy/scan/scanners.h"
#include "proxy/snapshot.h"
#include "proxy/tunnels.h"
#include "proxy/upstream_states.h"
#include "runtime/network.h"
#include "runtime/scope.h"

namespace sp::tls {
class ClientContext;
class ServerContext;
}  // namespace sp::tls

namespace sp::proxy {

// Who is told about requests and events: the access log, the operator's log. Called on the worker's thread; must not
// block.
class Observer {
 public:
  virtual ~Observer() = default;
  // After the response (or the end of the connection without one).
  virtual void exchange_ended(const Exchange& exchange) = 0;
  // False: of those that went well it does not want to hear.
  virtual bool wants_all() const { return true; }
  // A connection that came to nothing before its first request.
  virtual void connection_failed(const ClientConnection& client, Code code, std::string_view detail) = 0;
  // The exchange's server has failed too often and is passed over from now on; its failure is the exchange's.
  virtual void server_marked_down(const Exchange& exchange) = 0;
  // Something that is not about one exchange or client.
  virtual void event(Severity severity, std::string_view what, std::string_view detail) = 0;
};

// A random number of its own for each worker: for balancing and identifiers, not for secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed | 1) {}
  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545F4914F6CDD1DULL;
  }

 private:
  std::uint64_t state_;
};

// The world as the worker gets it; all of it outlives the worker.
struct WorkerDeps {
  runtime::Loop& loop;
  runtime::Network& network;
  runtime::Resolver& resolver;
  Observer& observer;
  std::uint64_t seed = 1;
  // How many descriptors are this worker's share; 0: nobody counts.
  std::size_t descriptors = 0;
  // So many sessions wait for their next request in place (going on is cheaper from there); others are parked.
  std::size_t most_idle = 128;
  // Shared by the workers; null: this one counts for itself.
  std::shared_ptr<AddressCounts> addresses;
  std::shared_ptr<Shares> shares;
};

class ImageStore;
class H1Session;
class H2Session;
class H2Upstream;
struct InspectionContexts;

// What one worker has made of one snapshot. Connections that use them keep them.
struct WorkerContexts {
  WorkerContexts();
  ~WorkerContexts();
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<std::unique_ptr<tls::ServerContext>> servers;      // by entry; null: plain
  std::vector<std::unique_ptr<tls::ClientContext>> clients;      // by Upstream::id; null: plain
  std::vector<std::unique_ptr<InspectionContexts>> inspections;  // by entry; null: no tunnel is opened
  std::unique_ptr<tls::ClientContext> web;                       // of Upstream::of_the_web; null: nobody asks there
  // Of an upstream that is not plain.
  tls::ClientContext& client_of(const policy::Upstream& upstream) const {
    return upstream.id == policy::Upstream::of_the_web ? *web : *clients[upstream.id];
  }
  // What `all` knows of this upstream, which is looked up once.
  UpstreamState& state_of(const policy::Upstream& upstream, UpstreamStates& all) {
    std::shared_ptr<UpstreamState>& known = states_[upstream.id];
    if (known == nullptr) known = all.of(upstream);
    return *known;
  }
  void expect_upstreams(std::size_t count) { states_.resize(count); }

 private:
  std::vector<std::shared_ptr<UpstreamState>> states_;  // by Upstream::id
};

// A bound socket for one address of the configuration.
struct BoundListen {
  std::uint32_t entry = 0;   // number of the entry
  std::uint32_t listen = 0;  // number in Entry::listens
  runtime::BoundSocket socket;
};

class Worker {
 public:
  explicit Worker(WorkerDeps deps);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Takes over a configuration: new sockets are served, listeners whose address is gone are closed, those that stay go
  // on under the new snapshot. Connections that are open keep theirs. On an error (a TLS context cannot be made)
  // everything stays as it was.
  Result<void> adopt(std::shared_ptr<const Snapshot> snapshot, std::vector<BoundListen> sockets);
  // No new connections; idle ones are closed, the others end with their response.
  void drain();
  // What is still open is cut off.
  void cut();
  std::size_t sessions() const { return scope_.running() + parked_.size() - h2_upstreams_; }
  // Of these, the connections that wait for a request without a session.
  std::size_t parked() const { return parked_.size(); }
  // Until no session is left.
  runtime::Scope::Join join() { return scope_.join(); }

  // ---- for sessions and what they call ----
  runtime::Loop& loop() { return deps_.loop; }
  runtime::Network& network() { return deps_.network; }
  runtime::Resolver& resolver() { return deps_.resolver; }
  Observer& observer() { return deps_.observer; }
  Random& random() { return random_; }
  UpstreamStates& upstreams() { return upstreams_; }
  Destinations& destinations() { return destinations_; }
  ImageStore& images() { return *images_; }
  Shares& shares() { return *deps_.shares; }
  Scanners& scanners() { return scanners_; }
  // Cancelled when draining begins: for connections that have not asked for anything yet.
  runtime::CancelToken& before_requests() { return before_requests_; }
  bool draining() const { return draining_; }
  bool current(const Snapshot& snapshot) const { return snapshot_.get() == &snapshot; }
  // "Sun, 06 Nov 1994 08:49:37 GMT", of this second.
  std::string_view http_date();
  std::uint64_t next_id() { return ++last_id_; }
  // A session waits for its next request, or goes on. Those that wait for longest are parked when there are many.
  void idle(H1Session& session);
  void busy(H1Session& session);
  // Is told when there is a new configuration, and when the gate ends.
  void h2_begins(H2Session& session);
  // A request was given up for want of memory.
  void gave_up() { ++given_up_; }
  // A connection to a server that is shared lives beside the sessions, until upstream_ended().
  void serve_upstream(std::shared_ptr<H2Upstream> connection);
  void upstream_ended() { --h2_upstreams_; }
  // Cancelled by cut().
  runtime::CancelToken& cut_token() { return scope_.token(); }
  HeadRoom& head_room() { return head_room_; }
  // Whether the client's address may have this connection, which counts as one of it as long as it lives. False: the
  // observer was told.
  bool admit(ClientConnection& client);
  Tunnels& tunnels() { return tunnels_; }
  // Whether one more request of HTTP/2 may be under way beside another one on its connection. Each connection has a
  // descriptor, and each of them or of these requests may need another one, to a server: half of the share is for that.
  bool has_room_for_request() const {
    return deps_.descriptors == 0 || sessions() + h2_requests_ < deps_.descriptors / 2;
  }
  void h2_request_begins() { ++h2_requests_; }
  void h2_requests_over(std::size_t count) { h2_requests_ -= count; }
  // Runs a task (that `make` makes) beside the others until it ends, or until memory does.
  template <class Make>
  void spawn(Make make) {
    tidy_soon();
    unless_memory_ends([&] { scope_.spawn(unless_memory_ends(make())); });
  }
  // A connection for which there is no memory is given up; the others go on. It is told when memory is tidied.
  template <class Work>
  void unless_memory_ends(Work work) {
    try {
      work();
    } catch (const std::bad_alloc&) {
      ++given_up_;
    }
  }
  // Keeps a connection that waits for its next request. False, and nothing is taken, if that has come.
  bool park(std::unique_ptr<ClientConnection>& client) { return !draining_ && parked_.park(client); }

 private:
  // How often memory that nobody needs is given back, while there is traffic.
  static constexpr runtime::Duration tidy_interval{500};
  struct Serving;
  static void tidy(void* worker);
  void tidy_soon();
  bool park_idle();
  std::size_t idle_h2_sessions();
  void drain_h2();
  void tell_of_given_up();
  std::vector<std::unique_ptr<Serving>> listen_on(const Snapshot& snapshot, std::vector<BoundListen> sockets);
  void accepted(Serving& serving, runtime::Accepted connection);
  void serve(Serving& serving, runtime::Accepted connection);
  runtime::Task<void> unless_memory_ends(runtime::Task<void> serving);

  WorkerDeps deps_;
  Random random_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::shared_ptr<WorkerContexts> contexts_;
  std::vector<std::unique_ptr<Serving>> serving_;
  UpstreamStates upstreams_;
  Destinations destinations_;
  Scanners scanners_;
  std::unique_ptr<ImageStore> images_;
  runtime::Scope scope_;
  runtime::CancelSource before_requests_{scope_.token()};
  IntrusiveList<H1Session> idle_;
  IntrusiveList<H2Session> h2_sessions_;
  std::size_t idle_count_ = 0;
  ParkedConnections parked_;
  Tunnels tunnels_{*this, scope_};
  runtime::Timer tidying_{&Worker::tidy, this};
  unsigned quiet_intervals_ = 0;  // with nothing to tidy, one after the other
  std::size_t h2_upstreams_ = 0;
  std::size_t h2_requests_ = 0;  // from their first octet to the end of the work on them
  HeadRoom head_room_{std::uint64_t{128} << 20, nullptr};
  bool draining_ = false;
  std::size_t given_up_ = 0;  // connections, for want of memory, since that was last told
  std::uint64_t last_id_ = 0;
  std::int64_t date_second_ = -1;
  std::array<char, 32> date_{};
};

}  // namespace sp::proxy
