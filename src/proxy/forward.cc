#include "proxy/forward.h"

#include <algorithm>
#include <utility>

#include "proxy/exchange_variables.h"
#include "proxy/finish_fields.h"
#include "proxy/h2_upstream.h"
#include "proxy/obtain.h"
#include "proxy/upstream_connection.h"
#include "proxy/worker.h"

namespace sp::proxy {
namespace {

using runtime::Task;

AdmissionContext context_of(const Exchange& exchange) {
  return {exchange.client.snapshot(), *exchange.client.entry, exchange.client.hop()};
}

// The servers that this request has met.
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

// A server that was picked may be on trial, and gets no other request until it is known what came of this one: also
// where that is nothing, since the request could not be sent or memory ended.
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

void lease(Exchange& exchange) {
  exchange.server_address = exchange.arena.copy(exchange.connection->address_text());
  exchange.times.connected = exchange.worker.loop().precise_now();
  if (exchange.reused_connection) exchange.times.connecting = exchange.times.connected;
  exchange.connection->lease(exchange.scope.token());
}

enum class Again : std::uint8_t { no, same_server, other_server };

// May the request be sent once more, and where? Never when something of a response was seen, or when its content is
// gone; if it must not be done twice, only when no server can have seen it.
Again again(Exchange& exchange, const Error& error, bool connected) {
  if (error.side == Side::client || exchange.scope.token().cancelled()) return Again::no;
  if (!connected) return error.retry == Retry::safe ? Again::other_server : Again::no;
  if (exchange.connection->answered || !exchange.upload.replayable()) return Again::no;
  constexpr std::uint32_t most_repeats = 3;
  bool broken =
      error.code == Code::upstream_closed || error.code == Code::upstream_reset || error.code == Code::io_error;
  if (error.retry == Retry::safe) {
    if (broken && !exchange.reused_connection) return Again::other_server;
    return ++exchange.repeats <= most_repeats ? Again::same_server : Again::no;
  }
  // What may have been the end of this connection is not to be the end of another one.
  if (exchange.connection->alone()) return Again::no;
  if (!broken) return Again::no;
  if (!http::idempotent(exchange.request.method) &&
      (!exchange.reused_connection || exchange.connection->request_may_have_arrived()))
    return Again::no;
  if (!exchange.reused_connection) return Again::other_server;
  return ++exchange.repeats <= most_repeats ? Again::same_server : Again::no;
}

// A server that speaks HTTP/2 need not know tunnels, nor HTTP/1.1, in which one is asked for where it may not know
// them.
bool is_want_of_tunnels(const Exchange& exchange, Code code) {
  return !exchange.request.upgrade.empty() &&
         (code == Code::no_extended_connect || code == Code::upstream_speaks_http2 || code == Code::upstream_tls_alert);
}

// How often a failure counts against the servers that a request meets.
enum class Blame : std::uint8_t { never, once, always };

// Whatever a server says is an answer, and a client may have made it say that (by what it asks for, or sends to be
// reflected): others would pay for it. It may also be the request that no server can stand: then it is not to take one
// after the other from everybody else.
Blame blame(Code code) {
  switch (code) {
    case Code::dns_error:
    case Code::dns_timeout:
    case Code::dns_no_address:
    case Code::connection_refused:
    case Code::connection_timeout:
    case Code::connection_unreachable:
    case Code::connection_failed:
    case Code::upstream_tls_alert:
    case Code::upstream_certificate_name:
    case Code::upstream_certificate_untrusted:
    case Code::upstream_certificate_expired:
    case Code::upstream_certificate_pin:
    case Code::response_head_timeout: return Blame::always;
    case Code::upstream_tls_failed:
    case Code::upstream_closed:
    case Code::upstream_reset:
    case Code::io_error: return Blame::once;
    default: return Blame::never;
  }
}

// A server may refuse the name that the handshake asks for.
bool client_chose_sni(const Exchange& exchange) {
  return exchange.upstream->tls.sni.empty() && exchange.route()->forward()->host == policy::HostMode::preserve;
}

// There are servers that close the connection when a head is too large for them.
bool is_large(const Exchange& exchange) { return H2Upstream::head_size(exchange) > H2Upstream::most_shared_head; }

// Only what the server did counts against it: nothing that a client can bring about.
bool counts_against_server(Exchange& exchange, const Error& error, Tried& tried) {
  if (error.side != Side::upstream || exchange.scope.token().cancelled()) return false;
  if (is_want_of_tunnels(exchange, error.code)) return false;
  if (error.code == Code::upstream_tls_alert && client_chose_sni(exchange)) return false;
  const UpstreamConnection* connection = exchange.connection.get();
  if (connection != nullptr) {
    if (connection->alone()) return false;
    if (exchange.reused_connection && !connection->answered) return false;  // it was only closed under us
  }
  const Blame how = blame(error.code);
  if (how != Blame::once) return how == Blame::always;
  if (connection != nullptr && (connection->answered || is_large(exchange))) return false;
  return tried.first_silence();
}

// Passive marking.
void note_failure(Exchange& exchange, const Error& error, Tried& tried) {
  policy::ServerHealth& health = exchange.occupancy.state()->servers[exchange.occupancy.server()].health;
  const policy::Upstream& upstream = *exchange.upstream;
  if (!counts_against_server(exchange, error, tried)) return health.abandoned();
  bool marked = health.failed(exchange.worker.loop().now(), {upstream.fail_after, upstream.fail_for});
  if (marked && upstream.servers.size() > 1) exchange.worker.observer().server_marked_down(exchange);
}

Result<std::size_t> pick_server(Exchange& exchange, UpstreamState& state, Tried& tried) {
  auto picked = policy::pick(exchange.upstream->balance, state.servers, exchange.worker.loop().now(),
                             exchange.worker.random().next(), tried.list());
  if (picked) {
    tried.add(*picked);
    return *picked;
  }
  if (!exchange.failure.failed()) exchange.fail_with({.code = Code::no_server_available, .side = Side::upstream});
  return fail(exchange.failure.error);
}

// The request as this server is to see it, and the server counted as busy with it.
Result<void> turn_to_server(Exchange& exchange, UpstreamState& state, std::size_t index,
                            const ExchangeVariables& variables) {
  if (exchange.server != nullptr) exchange.retried = {exchange.failure.error.code, exchange.server};
  exchange.server = &exchange.upstream->servers[index];
  SP_TRY_PLAIN(UpstreamRequest mapped,
               map_upstream_request(exchange.admission, *exchange.server, variables, exchange.request, exchange.arena));
  exchange.upstream_target = mapped.target;
  exchange.upstream_authority = mapped.authority;
  ++exchange.attempts;
  exchange.occupancy.enter(state, index);
  return {};
}

void succeeded(Exchange& exchange) {
  exchange.occupancy.state()->servers[exchange.occupancy.server()].health.succeeded();
  exchange.from_upstream = true;
  exchange.failure = {};
  if (exchange.request.version == http::Version::http2) {
    // The head is given back before the log hears of it. A status has two digits.
    if (const http::Field* status = exchange.response.head.fields.find("grpc-status"))
      exchange.grpc_status = exchange.arena.copy(status->value.substr(0, 16));
  }
  finish_fields(exchange, exchange.response);
}

}  // namespace

void LeavingUpstream::stop_upload() {
  if (exchange_.connection == nullptr || !exchange_.upload.active()) return;
  // The response is complete, or there will be none: what is left of the upload has no reader.
  exchange_.connection->cut(Code::cancelled);
  exchange_.upload_token.cancel();
  if (exchange_.body != nullptr) exchange_.body->interrupt();
}

void LeavingUpstream::give_back_connection() {
  if (exchange_.connection != nullptr) exchange_.connection->leave(exchange_);
  exchange_.occupancy.leave();
}

Task<Result<void>> forward(Exchange& exchange) {
  exchange.upstream = exchange.route()->forward()->upstream;
  UpstreamState& state = exchange.client.contexts->state_of(*exchange.upstream, exchange.worker.upstreams());
  ExchangeVariables variables(exchange);
  edit_request_fields(context_of(exchange), exchange.admission, variables, exchange.request, exchange.arena);
  Tried tried;
  Trial trial;
  std::size_t index = 0;
  for (Again next = Again::other_server;;) {
    if (next == Again::other_server) {
      SP_TRY(index, pick_server(exchange, state, tried));
    }
    trial.begin(state.servers[index].health);
    SP_CHECK(turn_to_server(exchange, state, index, variables));
    ServerPool& pool = *state.pools[index];
    const Reuse reuse = next == Again::other_server ? Reuse::any : Reuse::shared;
    Result<void> done;
    if (!take_kept(exchange, pool, reuse)) done = co_await connect(exchange, pool);
    const bool connected = done.has_value();
    if (connected) {
      lease(exchange);
      done = co_await exchange.connection->send_request(exchange);
    }
    if (done) {
      done = co_await exchange.connection->receive_response(exchange);
    }
    if (done) {
      trial.over();
      succeeded(exchange);
      co_return done;
    }
    const Error error = done.error();
    next = again(exchange, error, connected);
    if (connected) exchange.fail_with(error);
    trial.over();
    note_failure(exchange, error, tried);
    co_await leave_upstream(exchange);
    // Another try for want of a kept connection is none of those that `retries` counts.
    if (next == Again::other_server && exchange.attempts > exchange.upstream->retries) next = Again::no;
    if (next == Again::no) co_return fail(error);
  }
}

}  // namespace sp::proxy
