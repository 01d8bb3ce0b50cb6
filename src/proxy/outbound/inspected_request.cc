// Requests that come out of a tunnel: judged by the rules again, now that they can be seen.
#include "http/url.h"
#include "policy/path.h"
#include "proxy/answer.h"
#include "proxy/forward.h"
#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/outbound/share_steps.h"
#include "proxy/outbound/steps.h"
#include "proxy/scan/scan.h"
#include "proxy/worker.h"

namespace sp::proxy {

using http::Method;
using runtime::Task;
using Kind = policy::OutboundRequest::Kind;

namespace {

// The server was verified, or refused, before the client said anything: what came of it is told here.
Result<void> pass_refusal_on(Exchange& exchange) {
  const InspectedTunnel& tunnel = *exchange.client.inspected;
  if (!tunnel.refused) return {};
  exchange.outbound->decision = tunnel.refused->decision;
  exchange.outbound->judged = true;
  exchange.fail_with(tunnel.refused->error, tunnel.refused->detail, tunnel.refused->remedy);
  return fail(exchange.failure.error);
}

// It is for whom the tunnel is, and can be passed on.
Result<void> fits_tunnel(Exchange& exchange) {
  const InspectedTunnel& tunnel = *exchange.client.inspected;
  http::RequestHead& request = exchange.request;
  if (request.method == Method::trace) return refuse(exchange, Code::trace_refused);
  if (request.method == Method::connect) return refuse(exchange, Code::not_for_a_proxy, "a CONNECT inside of another");
  const std::string_view scheme = tunnel.secure ? "https" : "http";
  if (!request.scheme.empty() && !http::iequals(request.scheme, scheme))
    return refuse(exchange, Code::misdirected, "the URL has another scheme than the tunnel");
  request.scheme = scheme;
  if (request.authority.empty()) {
    request.authority = exchange.arena.copy(tunnel.authority());
    return {};
  }
  const auto authority = http::split_authority(request.authority);
  if (!authority || !tunnel.is_for(authority->host, authority->port))
    return refuse(exchange, Code::misdirected, "the Host is not whom the tunnel is for");
  return {};
}

Result<void> see_request(Exchange& exchange, std::string_view host) {
  const http::RequestHead& request = exchange.request;
  auto headed = head_for(exchange, host, exchange.client.inspected->port, Kind::inspected);
  if (!headed) return headed;
  OutboundUse& use = *exchange.outbound;
  use.request.method = request.method_text;
  if (request.form == http::TargetForm::asterisk) return {};
  auto path = policy::normalize_path(request.path, exchange.arena);
  if (!path) return refuse(exchange, path.error().code, path.error().where);
  see_path(exchange, path->text);
  return {};
}

// By the name, and by the address that the tunnel leads to: a connection that is there is not judged by anybody else.
Result<void> judge(Exchange& exchange, std::string_view host) {
  auto seen = see_request(exchange, host);
  if (!seen) return seen;
  auto permitted = permit(exchange);
  if (!permitted) return permitted;
  const auto& address = exchange.client.inspected->address;
  if (address && !exchange.outbound->permits(*address)) return refuse_destination(exchange);
  return {};
}

// The name in TLS may be another than the one of the CONNECT: both have to be allowed.
Task<Result<void>> judge_all(Exchange& exchange) {
  const InspectedTunnel& tunnel = *exchange.client.inspected;
  if (tunnel.name != tunnel.host) {
    auto judged = judge(exchange, tunnel.host);
    if (judged) judged = co_await judge_for_parent(exchange);
    // An address stands for the name that it was looked up for: rules speak of either.
    if (!judged && !IpAddress::parse(tunnel.host)) co_return judged;
    exchange.failure = {};
  }
  auto judged = judge(exchange, tunnel.name);
  // Where another connection goes: a tunnel leads to one address.
  exchange.outbound->host =
      tunnel.address ? exchange.arena.copy(tunnel.address->text()) : std::string_view(tunnel.host);
  co_return judged;
}

}  // namespace

Task<Result<void>> answer_inspected(Exchange& exchange) {
  InspectedTunnel& tunnel = *exchange.client.inspected;
  SP_CHECK(enter_way_out(exchange));
  exchange.outbound->user = tunnel.user;
  // What is refused before it is seen was in the tunnel, too.
  exchange.outbound->request.kind = Kind::inspected;
  exchange.outbound->tls_name = tunnel.secure ? std::string_view(tunnel.name) : std::string_view();
  SP_CHECK(fits_tunnel(exchange));
  SP_CHECK(see_request(exchange, tunnel.name));
  SP_CHECK(pass_refusal_on(exchange));
  SP_CHECK(co_await judge_all(exchange));
  SP_CHECK(govern_content(exchange));
  SP_CHECK(take_share(exchange));
  SP_CHECK(co_await judge_for_parent(exchange));
  tell_servers(exchange);
  exchange.outbound->destination = tunnel.destination;
  auto done = co_await forward_scanned(exchange);
  if (!done && done.error().code == Code::destination_address_refused) co_return refuse_destination(exchange);
  if (done) count_response(exchange);
  co_return done;
}

}  // namespace sp::proxy
