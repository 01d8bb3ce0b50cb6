// The ways to a destination that was permitted: directly, or by the parent proxy.
#include <vector>

#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/outbound/steps.h"
#include "proxy/upstream_response.h"
#include "proxy/worker.h"

namespace sp::proxy {

using runtime::Task;

namespace {

Result<void> judge_name_alone(Exchange& exchange) {
  if (exchange.outbound->permits_name_alone()) return {};
  return refuse(exchange, Code::destination_refused, OutboundUse::addresses_unknown);
}

Result<void> judge_addresses(Exchange& exchange, const std::vector<IpAddress>& addresses) {
  if (exchange.outbound->permits_all(addresses)) return {};
  return refuse_destination(exchange);
}

}  // namespace

Task<Result<void>> judge_for_parent(Exchange& exchange) {
  const OutboundUse& use = *exchange.outbound;
  if (use.way.proxy == nullptr || use.request.host.address) co_return Result<void>{};
  if (!use.entry.parent->looks_names_up()) co_return judge_name_alone(exchange);
  runtime::CancelToken& token = exchange.scope.token();
  const runtime::TimePoint deadline = exchange.worker.loop().now() + OutboundUse::lookup_time;
  auto addresses = co_await exchange.worker.resolver().resolve(use.host, deadline, token);
  if (token.cancelled()) {
    exchange.fail_with({.code = token.why(), .side = side_of_failure(token.why()), .where = "parent"});
    co_return fail(exchange.failure.error);
  }
  if (addresses && use.inspected != nullptr) use.inspected->known = *addresses;
  co_return addresses ? judge_addresses(exchange, *addresses) : judge_name_alone(exchange);
}

Task<Result<Reached>> reach(Exchange& exchange) {
  const policy::ParentProxy* proxy = exchange.outbound->way.proxy;
  if (proxy == nullptr) {
    auto dialed = co_await dial_destination(exchange);
    if (!dialed) co_return fail(dialed.error());
    co_return Reached{std::move(dialed->stream), dialed->endpoint.text(), {}};
  }
  exchange.times.connecting = exchange.worker.loop().precise_now();
  SP_CHECK(co_await judge_for_parent(exchange));
  ++exchange.attempts;
  exchange.upstream = proxy->upstream;
  exchange.server = &proxy->upstream->servers.front();
  auto reached = co_await tunnel_by_parent(exchange, *proxy);
  if (!reached) co_return fail(reached.error());
  exchange.times.connected = exchange.worker.loop().precise_now();
  exchange.server_address = exchange.arena.copy(reached->address);
  co_return reached;
}

}  // namespace sp::proxy
