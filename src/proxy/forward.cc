#include "proxy/forward.h"

#include <algorithm>

#include "proxy/exchange_variables.h"
#include "proxy/finish_fields.h"
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

 private:
  std::array<std::size_t, 16> servers_{};
  std::size_t count_ = 0;
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
  if (error.retry == Retry::safe) return ++exchange.repeats <= most_repeats ? Again::same_server : Again::no;
  bool broken =
      error.code == Code::upstream_closed || error.code == Code::upstream_reset || error.code == Code::io_error;
  if (!broken) return Again::no;
  if (!http::idempotent(exchange.request.method) &&
      (!exchange.reused_connection || exchange.connection->request_may_have_arrived()))
    return Again::no;
  if (!exchange.reused_connection) return Again::other_server;
  return ++exchange.repeats <= most_repeats ? Again::same_server : Again::no;
}

// Passive marking: failures of the server count against it; what the client did says nothing about it.
void note_failure(Exchange& exchange, const Error& error) {
  policy::ServerHealth& health = exchange.occupancy.state()->servers[exchange.occupancy.server()].health;
  const policy::Upstream& upstream = *exchange.upstream;
  if (error.side != Side::upstream) return health.abandoned();
  if (exchange.reused_connection && !exchange.connection->answered)
    return health.abandoned();  // it was only closed under us
  bool marked = health.failed(exchange.worker.loop().now(), {upstream.fail_after, upstream.fail_for});
  if (marked && upstream.servers.size() > 1)
    exchange.worker.observer().event(Severity::warning, "server_marked_down", exchange.server->name);
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
    if (const http::Field* status = exchange.response.head.fields.find("grpc-status"))
      exchange.grpc_status = status->value;
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
  std::size_t index = 0;
  for (Again next = Again::other_server;;) {
    if (next == Again::other_server) {
      SP_TRY(index, pick_server(exchange, state, tried));
    }
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
      succeeded(exchange);
      co_return done;
    }
    const Error error = done.error();
    next = again(exchange, error, connected);
    if (connected) exchange.fail_with(error);
    note_failure(exchange, error);
    co_await leave_upstream(exchange);
    // Another try for want of a kept connection is none of those that `retries` counts.
    if (next == Again::other_server && exchange.attempts > exchange.upstream->retries) next = Again::no;
    if (next == Again::no) co_return fail(error);
  }
}

}  // namespace sp::proxy
