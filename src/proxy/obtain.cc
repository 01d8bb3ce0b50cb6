#include "proxy/obtain.h"

#include "proxy/connector.h"
#include "proxy/h1/upstream.h"
#include "proxy/h2/upstream.h"
#include "proxy/h2/upstream_stream.h"
#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/outbound/parent.h"
#include "proxy/outbound/steps.h"
#include "proxy/outbound/use.h"
#include "proxy/proxy_header.h"
#include "proxy/worker.h"

namespace sp::proxy {

using runtime::Task;

namespace {

// Which requests may go over one connection: those that would have asked for the same name, and, where the server is
// told of the client, those that would have told it the same.
std::string_view key_of(Exchange& exchange) {
  const std::string_view sni = sni_for(*exchange.upstream, *exchange.server, exchange.upstream_authority);
  const policy::SendProxy& what = exchange.upstream->send_proxy;
  if (!what.on()) return sni;
  if (exchange.connection_key.empty())
    exchange.connection_key = exchange.arena.concat({sni, "|", header_for(exchange, what, HeaderUse::key)});
  return exchange.connection_key;
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
  H2Upstream* shared = pool.shared(key_of(exchange));
  if (shared == nullptr || (asks_for_tunnel(exchange) && !may_take_tunnels(exchange, *shared))) return false;
  if (H2Upstream::head_size(exchange) > shared->most_head()) return false;
  exchange.connection = std::make_unique<H2UpstreamConnection>(shared->shared_from_this(), exchange);
  exchange.reused_connection = exchange.connection->used_before();
  return true;
}

void use(Exchange& exchange, ServerPool& pool, ServerStream made, std::unique_ptr<ServerPool::Making> making) {
  const config::TimeoutsConfig& timeouts = exchange.timeouts();
  const codec::Limits& limits = exchange.client.entry->limits;
  std::string key(key_of(exchange));
  if (!made.h2) {
    exchange.connection = std::make_unique<H1Upstream>(exchange.client.contexts, std::move(made.stream),
                                                       std::move(made.address), std::move(key), limits);
    return;
  }
  pool.speaks_h2 = true;
  auto shared = std::make_shared<H2Upstream>(exchange.worker, std::move(made.stream),
                                             H2Upstream::Settings{.context = exchange.client.contexts,
                                                                  .address = std::move(made.address),
                                                                  .sni = std::move(key),
                                                                  .awaited = std::move(making),
                                                                  .limits = limits,
                                                                  .keep_alive = timeouts.keep_alive,
                                                                  .body_idle = timeouts.body_idle});
  pool.add(*shared);
  exchange.connection = std::make_unique<H2UpstreamConnection>(shared, exchange);
  if (exchange.occupancy.state()->retired) shared->drain();  // nobody comes after this one
  exchange.worker.serve_upstream(std::move(shared));
}

Task<Result<ServerStream>> make_stream(Exchange& exchange, Versions versions) {
  ConnectFailure failure;
  auto made = co_await connect_server(exchange.worker, *exchange.client.contexts, *exchange.upstream, *exchange.server,
                                      {.host = exchange.upstream_authority,
                                       .versions = versions,
                                       .port = 0,
                                       .proxy_header = header_for(exchange, exchange.upstream->send_proxy),
                                       .judge = exchange.outbound.get()},
                                      exchange.timeouts(), exchange.scope.token(), failure);
  if (made) co_return made;
  exchange.fail_with(made.error(), failure.detail, failure.remedy);
  co_return fail(made.error());
}

// With the server behind the parent, where that is one of TLS.
Task<Result<void>> secure_tunnel(Exchange& exchange, ServerStream& made) {
  if (exchange.server->tls != policy::ServerTls::at_once) co_return Result<void>{};
  ConnectFailure failure;
  const runtime::TimePoint deadline = exchange.worker.loop().now() + exchange.timeouts().connect;
  auto secured =
      co_await secure_server(*exchange.client.contexts, *exchange.upstream, *exchange.server,
                             {.host = exchange.upstream_authority}, made, deadline, exchange.scope.token(), failure);
  if (!secured) exchange.fail_with(secured.error(), failure.detail, failure.remedy);
  co_return secured;
}

// By a tunnel of the parent: nobody speaks in it before it was asked.
Task<Result<ServerStream>> make_tunnel(Exchange& exchange) {
  const policy::ParentProxy& proxy = *exchange.outbound->way.proxy;
  auto reached = co_await tunnel_by_parent(exchange, proxy);
  if (!reached) co_return fail(reached.error());
  ServerStream made{.stream = std::move(reached->stream), .address = reached->address};
  if (reached->begin.empty()) {
    SP_CHECK(co_await secure_tunnel(exchange, made));
    co_return made;
  }
  exchange.fail_with({.code = Code::parent_malformed, .side = Side::upstream, .where = "parent"},
                     proxy.name + ": octets behind its answer, before anything was asked");
  co_return fail(exchange.failure.error);
}

bool goes_by_parent(const Exchange& exchange) {
  return exchange.outbound != nullptr && exchange.outbound->way.proxy != nullptr;
}

Task<Result<ServerStream>> go_by_parent(Exchange& exchange) {
  if (exchange.outbound->asks_parent()) return connect_parent(exchange, *exchange.outbound->way.proxy);
  return make_tunnel(exchange);
}

// A way out has judged the address of a kept connection for the request that made it. Rules with networks may say
// otherwise of this one: by its method and path, or by the time that has passed.
bool is_permitted(Exchange& exchange) {
  const bool judged_here = exchange.outbound != nullptr && exchange.client.inspected == nullptr;
  if (!judged_here || goes_by_parent(exchange)) return true;
  const auto address = address_of(exchange.connection->address_text());
  return address && exchange.outbound->permits(*address);
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
  exchange.connection = pool.take(key_of(exchange));
  // Another one is made, to an address that may be reached, or whoever makes it says why there is none.
  if (exchange.connection != nullptr && !is_permitted(exchange)) exchange.connection.reset();
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
    if (pool.wait_for_one(key_of(exchange), waiter)) {
      const runtime::TimePoint deadline = exchange.worker.loop().now() + exchange.timeouts().connect;
      (void)co_await waiter.done.wait(deadline, &exchange.scope.token());
      if (take_shared(exchange, pool)) co_return Result<void>{};
    }
  }
  auto making = std::make_unique<ServerPool::Making>(key_of(exchange));
  if (may_share) pool.begin_making(*making);
  Result<ServerStream> made = fail(Code::internal);
  if (exchange.client.inspected != nullptr) {
    made = co_await connect_inspected(exchange, tunnel ? Versions::only_http1 : Versions::any);
  } else if (goes_by_parent(exchange)) {
    made = co_await go_by_parent(exchange);
  } else {
    made = co_await make_stream(exchange, tunnel ? Versions::only_http1 : Versions::any);
  }
  if (!made) co_return fail(made.error());
  use(exchange, pool, *std::move(made), std::move(making));
  co_return Result<void>{};
}

}  // namespace sp::proxy
