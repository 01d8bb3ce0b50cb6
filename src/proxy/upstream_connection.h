// One HTTP/1 connection to a server, and the pool in which it waits for its next request.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "codec/h1/response_reader.h"
#include "policy/balance.h"
#include "policy/site_table.h"
#include "proxy/h1_body.h"
#include "runtime/scope.h"
#include "runtime/stream.h"
#include "runtime/wait.h"

namespace sp::proxy {

class ServerPool;

class UpstreamConnection final : public ListHook {
 public:
  UpstreamConnection(std::unique_ptr<runtime::Stream> connected, std::string address, std::string name,
                     const codec::h1::Limits& limits)
      : stream(std::move(connected)),
        address_text(std::move(address)),
        sni(std::move(name)),
        reader(limits),
        body(in, limits, Side::upstream) {}

  std::shared_ptr<void> context;  // what the stream needs to live: its TLS context
  std::unique_ptr<runtime::Stream> stream;
  std::string address_text;  // that was connected to: "10.0.0.7:443"
  std::string sni;           // the name in the TLS handshake; empty: plain. Only requests for it may use the connection
  Buffer in;
  codec::h1::ResponseReader reader;
  H1Body body;
  runtime::Event may_send;  // a 100 came: the content is wanted
  bool keep_alive = false;  // as the last response said
  bool answered = false;    // the response of this exchange has begun: nothing can be tried again
  std::uint32_t requests = 0;
  std::uint64_t sent_before = 0;  // when the lease began

  // While an exchange has it: ends every operation when the exchange is cancelled.
  void lease(runtime::CancelToken& token) {
    ++requests;
    sent_before = stream->sent();
    answered = false;
    may_send.clear();
    token.subscribe(on_cancel_);
  }
  // Whether the server can have read anything of the request of this lease.
  bool request_may_have_arrived() const { return stream->may_have_arrived(sent_before); }
  bool silent();
  void end_lease() { on_cancel_.unlink(); }

 private:
  friend class ServerPool;
  struct IdleWait : runtime::IoWait {
    explicit IdleWait(UpstreamConnection& c) : IoWait(&idle_ended, runtime::never), connection(c) {}
    UpstreamConnection& connection;
  };
  static void idle_ended(runtime::IoWait& wait, Code why);
  static void cancelled(void* self, Code why) { static_cast<UpstreamConnection*>(self)->stream->abort(why); }

  IdleWait idle_wait_{*this};
  ServerPool* pool_ = nullptr;
  runtime::CancelCallback on_cancel_{&UpstreamConnection::cancelled, this};
};

// The kept connections of one server, on one worker. One that says anything, or ends, while it is kept is dropped.
class ServerPool {
 public:
  ServerPool() = default;
  ~ServerPool() { clear(); }
  ServerPool(const ServerPool&) = delete;
  ServerPool& operator=(const ServerPool&) = delete;

  // The most recently used one for that name, or null.
  std::unique_ptr<UpstreamConnection> take(std::string_view sni);
  void keep(std::unique_ptr<UpstreamConnection> connection, runtime::TimePoint until);
  // Closes the one that was kept for longest: another is about to take its place.
  void drop_oldest();
  void clear();
  std::size_t size() const { return size_; }

 private:
  friend class UpstreamConnection;
  static constexpr std::size_t most = 512;  // beyond it the oldest one is closed
  std::unique_ptr<UpstreamConnection> remove(UpstreamConnection& connection);
  IntrusiveList<UpstreamConnection> idle_;
  std::size_t size_ = 0;
};

// What a worker knows of one upstream: how its servers do, and the connections to them. It outlives snapshots, as long
// as the upstream stays the same (policy::Upstream::key).
struct UpstreamState {
  explicit UpstreamState(const policy::Upstream& upstream);
  std::vector<policy::ServerState> servers;
  std::vector<std::unique_ptr<ServerPool>> pools;
  std::uint32_t in_flight = 0;
  bool retired = false;  // no configuration has it any more: its connections are not kept
};

class UpstreamStates {
 public:
  std::shared_ptr<UpstreamState> of(const policy::Upstream& upstream);
  void close_idle();
  // Forgets the others and closes their idle connections. Requests that are under way go on with theirs.
  void keep_only(std::span<const std::unique_ptr<policy::Upstream>> upstreams);

 private:
  std::map<std::string, std::shared_ptr<UpstreamState>, std::less<>> by_key_;
};

}  // namespace sp::proxy
