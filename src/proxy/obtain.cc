#include "proxy/obtain.h"

#include "proxy/connector.h"
#include "proxy/h1_upstream.h"
#include "proxy/h2_upstream.h"
#include "proxy/h2_upstream_stream.h"
#include "proxy/worker.h"

namespace sp::proxy {

using runtime::Task;

namespace {

std::string_view sni_of(const Exchange& exchange) {
  return sni_for(*exchange.upstream, *exchange.server, exchange.upstream_authority);
}

// A kept connection may turn out to have been closed as the request came, and then everything is sent once more. What
// is too much for that gets a connection of its own, and what is waited for as well.
bool can_be_kept_for_another_try(const Exchange& exchange) {
  if (exchange.body == nullptr || exchange.body->complete()) return true;
  if (exchange.request.expects_continue) return false;
  const http::BodySize& size = exchange.request.body;
  return size.kind != http::BodySize::Kind::known || size.bytes <= Upload::most_kept;
}

bool asks_for_tunnel(const Exchange& exchange) { return !exchange.request.upgrade.empty(); }

// Another connection to a server behind h2c:// would know no more of tunnels; one of TLS can be of HTTP/1.1.
bool may_take_tunnels(const Exchange& exchange, const H2Upstream& shared) {
  return shared.knows_tunnels() || exchange.server->http2;
}

// A stream of a connection that others have, too.
bool take_shared(Exchange& exchange, ServerPool& pool) {
  if (!pool.has_shared()) return false;
  H2Upstream* shared = pool.shared(sni_of(exchange));
  if (shared == nullptr || (asks_for_tunnel(exchange) && !may_take_tunnels(exchange, *shared))) return false;
  if (H2Upstream::head_size(exchange) > shared->most_head()) return false;
  exchange.connection = std::make_unique<H2UpstreamConnection>(shared->shared_from_this(), exchange);
  exchange.reused_connection = exchange.connection->used_before();
  return true;
}

void use(Exchange& exchange, ServerPool& pool, ServerStream made, std::unique_ptr<ServerPool::Making> making) {
  const config::TimeoutsConfig& timeouts = exchange.timeouts();
  const codec::Limits& limits = exchange.client.entry->limits;
  std::string sni(sni_of(exchange));
  if (!made.h2) {
    exchange.connection = std::make_unique<H1Upstream>(exchange.client.contexts, std::move(made.stream),
                                                       std::move(made.address), std::move(sni), limits);
    return;
  }
  pool.speaks_h2 = true;
  auto shared = std::make_shared<H2Upstream>(exchange.worker, std::move(made.stream),
                                             H2Upstream::Settings{.context = exchange.client.contexts,
                                                                  .address = std::move(made.address),
                                                                  .sni = std::move(sni),
                                                                  .awaited = std::move(making),
                                                                  .limits = limits,
                                                                  .keep_alive = timeouts.keep_alive,
                                                                  .body_idle = timeouts.body_idle});
  pool.add(*shared);
  exchange.connection = std::make_unique<H2UpstreamConnection>(shared, exchange);
  if (exchange.occupancy.state()->retired) shared->drain();  // nobody comes after this one
  exchange.worker.serve_upstream(std::move(shared));
}

}  // namespace

bool take_kept(Exchange& exchange, ServerPool& pool, Reuse reuse) {
  exchange.reused_connection = false;
  if (take_shared(exchange, pool)) return true;
  if (reuse == Reuse::shared) return false;
  if (!can_be_kept_for_another_try(exchange)) {
    pool.drop_oldest();
    return false;
  }
  exchange.connection = pool.take(sni_of(exchange));
  exchange.reused_connection = exchange.connection != nullptr;
  return exchange.reused_connection;
}

Task<Result<void>> connect(Exchange& exchange, ServerPool& pool) {
  exchange.times.connecting = exchange.worker.loop().precise_now();
  const bool tunnel = asks_for_tunnel(exchange);
  const bool may_share = !tunnel && (exchange.server->http2 || pool.speaks_h2) &&
                         H2Upstream::head_size(exchange) <= H2Upstream::most_shared_head;
  if (may_share) {
    ServerPool::Waiter waiter;
    if (pool.wait_for_one(sni_of(exchange), waiter)) {
      const runtime::TimePoint deadline = exchange.worker.loop().now() + exchange.timeouts().connect;
      (void)co_await waiter.done.wait(deadline, &exchange.scope.token());
      if (take_shared(exchange, pool)) co_return Result<void>{};
    }
  }
  auto making = std::make_unique<ServerPool::Making>(sni_of(exchange));
  if (may_share) pool.begin_making(*making);
  ConnectFailure failure;
  auto made = co_await connect_server(exchange.worker, *exchange.client.contexts, *exchange.upstream, *exchange.server,
                                      exchange.upstream_authority, tunnel ? Versions::only_http1 : Versions::any,
                                      exchange.timeouts(), exchange.scope.token(), failure);
  if (!made) {
    exchange.fail_with(made.error(), failure.detail, failure.remedy);
    co_return fail(made.error());
  }
  use(exchange, pool, *std::move(made), std::move(making));
  co_return Result<void>{};
}

}  // namespace sp::proxy
