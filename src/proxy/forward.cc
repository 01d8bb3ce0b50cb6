#include "proxy/forward.h"

#include <algorithm>
#include <utility>

#include "proxy/exchange_variables.h"
#include "proxy/finish_fields.h"
#include "proxy/h2/upstream.h"
#include "proxy/obtain.h"
#include "proxy/outbound/use.h"
#include "proxy/server_choice.h"
#include "proxy/upstream_connection.h"
#include "proxy/worker.h"

namespace sp::proxy {
namespace {

using runtime::Task;

AdmissionContext context_of(const Exchange& exchange) {
  return {exchange.client.snapshot(), *exchange.client.entry, exchange.client.hop()};
}

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

// The upstream that the route names, or the destination that the client does.
UpstreamState& begin_way(Exchange& exchange) {
  if (exchange.outbound != nullptr) {
    Destination& destination = *exchange.outbound->destination;
    exchange.upstream = &destination.upstream;
    return destination.state;
  }
  exchange.upstream = exchange.route()->forward()->upstream;
  return exchange.client.contexts->state_of(*exchange.upstream, exchange.worker.upstreams());
}

// In absolute form for a parent proxy (RFC 9112 section 3.2.2), which an asterisk has none of.
std::string_view target_on_way_out(const Exchange& exchange) {
  const http::RequestHead& request = exchange.request;
  const std::string_view query = request.has_query ? exchange.arena.concat({"?", request.query}) : std::string_view();
  if (!exchange.outbound->asks_parent())
    return query.empty() ? request.path : exchange.arena.concat({request.path, query});
  const std::string_view path = request.form == http::TargetForm::asterisk ? std::string_view() : request.path;
  return exchange.arena.concat({"http://", request.authority, path, query});
}

// The request as this server is to see it, and the server counted as busy with it.
Result<void> turn_to_server(Exchange& exchange, UpstreamState& state, std::size_t index,
                            const ExchangeVariables& variables) {
  turn_to(exchange, state, index);
  if (exchange.outbound != nullptr) {
    exchange.upstream_target = target_on_way_out(exchange);
    exchange.upstream_authority = exchange.request.authority;
    return {};
  }
  SP_TRY_PLAIN(UpstreamRequest mapped,
               map_upstream_request(exchange.admission, *exchange.server, variables, exchange.request, exchange.arena));
  exchange.upstream_target = mapped.target;
  exchange.upstream_authority = mapped.authority;
  return {};
}

void succeeded(Exchange& exchange) {
  note_success(exchange);
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
  UpstreamState& state = begin_way(exchange);
  ExchangeVariables variables(exchange);
  if (exchange.outbound == nullptr)
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
