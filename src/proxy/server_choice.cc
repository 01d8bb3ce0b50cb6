#include "proxy/server_choice.h"

#include "proxy/h2/upstream.h"
#include "proxy/upstream_connection.h"
#include "proxy/worker.h"

namespace sp::proxy {
namespace {

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
  if (!exchange.upstream->tls.sni.empty()) return false;
  return exchange.route() == nullptr || exchange.route()->forward()->host == policy::HostMode::preserve;
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

}  // namespace

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

void turn_to(Exchange& exchange, UpstreamState& state, std::size_t index) {
  if (exchange.server != nullptr) exchange.retried = {exchange.failure.error.code, exchange.server};
  exchange.server = &exchange.upstream->servers[index];
  exchange.connection_key = {};
  ++exchange.attempts;
  exchange.occupancy.enter(state, index);
}

void note_success(Exchange& exchange) {
  exchange.occupancy.state()->servers[exchange.occupancy.server()].health.succeeded();
}

}  // namespace sp::proxy
