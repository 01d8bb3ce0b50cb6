// One request and its response, from the first octet of the head to the last of the content: what everybody who works
// on it shares.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/arena.h"
#include "http/message.h"
#include "policy/relay.h"
#include "proxy/admission.h"
#include "proxy/body.h"
#include "proxy/client_connection.h"
#include "proxy/snapshot.h"
#include "proxy/upload.h"
#include "runtime/scope.h"
#include "runtime/stream.h"

namespace sp::proxy {

class UpstreamConnection;
class Worker;
struct OutboundUse;
struct UpstreamState;

// When what happened; unset ones are zero. For the log.
struct Timings {
  runtime::TimePoint started{};     // the first octet of the head was there
  runtime::TimePoint head{};        // the head was complete
  runtime::TimePoint connecting{};  // the upstream was chosen
  runtime::TimePoint connected{};   // a connection to it was there (new or kept)
  runtime::TimePoint first_byte{};  // the response's head was complete
  runtime::TimePoint last_byte{};   // the response was handed to the kernel
};

// What went wrong, for the log, the error page and Proxy-Status. Empty texts where nothing did.
struct Failure {
  Error error{.code = Code::ok};
  std::string_view detail;  // in the arena: names, addresses, what exactly
  std::string_view remedy;  // in the arena or a literal; empty: that of the code
  bool failed() const { return error.code != Code::ok; }
};

// The last attempt that was followed by another one; ok: there was none.
struct Retried {
  Code code = Code::ok;
  const policy::Server* server = nullptr;
};

// Sends 1xx responses to the client; the session provides it.
class InterimSink {
 public:
  virtual ~InterimSink() = default;
  virtual runtime::Task<Result<void>> send_interim(const http::ResponseHead& head) = 0;
};

// What came of a request: a head, and where its content is pulled from (null: none). What it borrows lives in the
// exchange.
struct Response {
  explicit Response(Arena& arena) : head(arena) {}
  http::ResponseHead head;
  BodySource* body = nullptr;
  bool tunnel = false;    // what follows is no HTTP: exchange.connection is one end of it
  ByteView tunnel_begin;  // what the upstream sent behind its head
  bool local = false;     // made here, not by an upstream
};

// Room for the content of a response that is made here.
class LocalBody {
 public:
  BodySource* emplace(ByteView text) { return &body_.emplace(text); }
  // What the text belongs to, where that is neither the exchange nor the configuration.
  void keep(std::shared_ptr<const void> owner) { owner_ = std::move(owner); }

 private:
  std::optional<MemoryBody> body_;
  std::shared_ptr<const void> owner_;
};

// The server that works on the request, for balancing: counted as long as the exchange has it.
class Occupancy {
 public:
  Occupancy() = default;
  ~Occupancy() { leave(); }
  Occupancy(Occupancy&& other) noexcept : state_(std::exchange(other.state_, nullptr)), server_(other.server_) {}
  Occupancy(const Occupancy&) = delete;
  Occupancy& operator=(const Occupancy&) = delete;
  void enter(UpstreamState& state, std::size_t server);
  void leave();
  UpstreamState* state() const { return state_; }
  std::size_t server() const { return server_; }

 private:
  UpstreamState* state_ = nullptr;
  std::size_t server_ = 0;
};

struct Exchange {
  Exchange(Worker& the_worker, ClientConnection& connection, Arena& memory, runtime::CancelToken& parent);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Worker& worker;
  ClientConnection& client;
  Arena& arena;

  // ---- the request ----
  http::RequestHead request;
  BodySource* body = nullptr;  // null: none, or none is wanted any more
  InterimSink* interim = nullptr;
  std::string_view id;  // see request_id()
  Admission admission;  // who the client is, which route, what was decided

  LocalBody local_body;

  // ---- of a connection that is passed on: there is no request ----
  const policy::RelayTarget* relay_target = nullptr;
  std::string_view server_name;  // that a TLS client has asked for, where its TLS passes through

  // ---- of the way out ----
  std::unique_ptr<OutboundUse> outbound;  // null: an entry of `inbound`

  // ---- its way to the upstream ----
  const policy::Upstream* upstream = nullptr;
  const policy::Server* server = nullptr;
  std::string_view upstream_target;     // path and query as sent
  std::string_view upstream_authority;  // Host as sent
  std::string_view connection_key;      // see obtain.cc; made on first use, for each server anew
  std::unique_ptr<UpstreamConnection> connection;
  Occupancy occupancy;
  Upload upload;
  http::Fields request_trailers, response_trailers;
  std::string_view websocket_key;  // of the client, or made for the server: where only one of them has one
  std::uint32_t attempts = 0;
  std::uint32_t repeats = 0;  // of these, at a server that had been asked before
  bool reused_connection = false;
  std::string_view server_address;  // the address that was connected to
  std::string_view grpc_status;     // where it stands in the head of the response

  // ---- its answer ----
  Response response;  // once it is there; see answer()

  // ---- how it went ----
  Failure failure;
  Retried retried;
  Timings times;
  std::uint16_t status = 0;           // of the response that was sent; 0: none
  std::uint64_t request_octets = 0;   // of content
  std::uint64_t response_octets = 0;  // of content, sent
  std::uint64_t interim_octets = 0;   // of the fields of 1xx responses
  bool from_upstream = false;         // the response is the upstream's
  bool relay = false;                 // a connection that is passed on

  // Work beside the exchange (the upload); it ends before the exchange does. Cancelled with the connection, and when
  // the client is known to be gone.
  runtime::Scope scope;
  runtime::CancelSource upload_token;  // ends an upload that waits to be wanted

  const policy::Route* route() const { return admission.match.route; }
  const config::TimeoutsConfig& timeouts() const {
    if (relay_target != nullptr) return relay_target->timeouts;
    return admission.match.route != nullptr ? admission.match.route->timeouts : client.entry->policy->timeouts;
  }
  // Of a HangupWatch that is given the exchange: nobody waits for what it is doing any more.
  static void client_gone(void* exchange) { static_cast<Exchange*>(exchange)->scope.cancel(Code::client_closed); }
  // What identifies the request in the log and on error pages; made on first use.
  std::string_view request_id();
  // Notes what went wrong; the texts are copied into the arena. The first failure that matters stays.
  void fail_with(Error error, std::string_view detail = {}, std::string_view remedy = {});
};

}  // namespace sp::proxy
