#include "proxy/outbound/outbound.h"

#include <fmt/format.h>

#include "codec/has_control.h"
#include "http/basic_credentials.h"
#include "proxy/answer.h"
#include "proxy/forward.h"
#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/outbound/raw_upstream.h"
#include "proxy/outbound/share_steps.h"
#include "proxy/outbound/steps.h"
#include "proxy/outbound/wanted_destination.h"
#include "proxy/scan/scan.h"
#include "proxy/worker.h"
#include "tls/certificate_names.h"
#include "tls/stream.h"

namespace sp::proxy {

using http::Method;
using runtime::Task;

namespace {

// Whom the client's certificate names, which was verified in the handshake. False: nobody, or by what is no name.
bool name_by_certificate(Exchange& exchange) {
  const tls::TlsStream* stream = exchange.client.tls();
  if (!exchange.outbound->entry.by_certificate || stream == nullptr) return false;
  const tls::X509Ptr certificate = stream->peer_leaf();
  if (certificate == nullptr) return false;
  const std::string name = tls::common_name(certificate.get());
  if (name.empty() || codec::has_control(name)) return false;
  exchange.outbound->user = exchange.arena.copy(name);
  return true;
}

Task<Result<void>> identify(Exchange& exchange) {
  const bool asks_for_password = exchange.client.entry->users != nullptr;
  if ((!asks_for_password || exchange.request.credentials.empty()) && name_by_certificate(exchange))
    co_return Result<void>{};
  if (!asks_for_password) co_return Result<void>{};
  const auto credentials = http::parse_basic_credentials(exchange.request.credentials);
  if (!credentials) co_return refuse(exchange, Code::proxy_authentication_required);
  auto verified = co_await verify_user(exchange, credentials->user, credentials->password);
  co_return verified;
}

// Where the request goes, and what of it can be seen.
Result<void> find_destination(Exchange& exchange) {
  const auto wanted = wanted_destination(exchange.request, exchange.arena);
  if (!wanted) return refuse(exchange, wanted.error().code, wanted.error().detail);
  auto headed = head_for(exchange, wanted->host, wanted->port, wanted->kind);
  if (!headed) return headed;
  exchange.outbound->request.method = wanted->method;
  see_path(exchange, wanted->path);
  return {};
}

Task<Result<void>> open_tunnel(Exchange& exchange) {
  auto reached = co_await reach_or_show(exchange);
  if (!reached) co_return fail(reached.error());
  exchange.connection =
      std::make_unique<RawUpstream>(exchange.client.contexts, std::move(reached->stream), std::move(reached->address));
  exchange.response.tunnel_begin = exchange.arena.copy(reached->begin);
  exchange.response.head.status = 200;
  exchange.response.tunnel = true;
  exchange.from_upstream = true;
  co_return Result<void>{};
}

// Connections were judged by the rules of a configuration, and for who asked. The user, who may have any letters,
// stands between what has no spaces.
std::string_view scope_of(const Exchange& exchange) {
  const fmt::format_int generation(exchange.client.snapshot().generation), entry(exchange.client.entry->number);
  return exchange.arena.concat({{generation.data(), generation.size()},
                                " ",
                                {entry.data(), entry.size()},
                                " ",
                                exchange.outbound->user,
                                " ",
                                exchange.client.peer_text});
}

// The server itself, or a parent that is asked for it.
void turn_to_destination(Exchange& exchange) {
  OutboundUse& use = *exchange.outbound;
  const std::string_view scope = scope_of(exchange);
  Destinations& all = exchange.worker.destinations();
  if (use.asks_parent()) {
    use.credentials = use.way.proxy->authorization;
    use.destination = all.parent(scope, *use.way.proxy);
  } else {
    use.destination = all.http(scope, use.host, use.request.port);
  }
}

// What a parent says of this gate's credentials is not the client's to hear.
bool refuses_credentials(const Exchange& exchange) {
  return exchange.outbound->asks_parent() && exchange.response.head.status == 407;
}

Task<Result<void>> ask(Exchange& exchange) {
  SP_CHECK(co_await judge_for_parent(exchange));
  tell_servers(exchange);
  turn_to_destination(exchange);
  auto done = co_await forward_scanned(exchange);
  if (!done && done.error().code == Code::destination_address_refused) co_return refuse_destination(exchange);
  if (done && refuses_credentials(exchange)) {
    exchange.from_upstream = false;
    done = refused_by_parent(exchange, *exchange.outbound->way.proxy, exchange.response.head);
    co_await leave_upstream(exchange);
  }
  if (done) count_response(exchange);
  co_return done;
}

}  // namespace

Task<Result<void>> answer_outbound(Exchange& exchange) {
  SP_CHECK(enter_way_out(exchange));
  SP_CHECK(co_await identify(exchange));
  SP_CHECK(find_destination(exchange));
  plan_inspection(exchange);
  SP_CHECK(permit_or_show(exchange));
  SP_CHECK(govern_content(exchange));
  SP_CHECK(take_share(exchange));
  Result<void> done;
  if (exchange.request.method == Method::connect) {
    done = co_await open_tunnel(exchange);
  } else {
    done = co_await ask(exchange);
  }
  co_return done;
}

}  // namespace sp::proxy
