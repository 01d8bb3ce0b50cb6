#include "proxy/outbound/inspected_tunnel.h"

#include <fmt/format.h>

#include "http/fields.h"
#include "proxy/outbound/steps.h"
#include "proxy/worker.h"

namespace sp::proxy {

using runtime::Task;
using Kind = policy::OutboundRequest::Kind;

std::string InspectedTunnel::authority() const {
  return fmt::format(fmt::runtime(name.contains(':') ? "[{}]:{}" : "{}:{}"), name, port);
}

bool InspectedTunnel::is_for(std::string_view asked_host, std::uint16_t asked_port) const {
  if (asked_port != 0 && asked_port != port) return false;
  const auto asked = policy::read_host(asked_host);
  if (!asked) return false;
  const auto same = [&](std::string_view ours) {
    const auto read = policy::read_host(ours);
    return read && (asked->address ? read->address == asked->address : http::iequals(read->name, asked->name));
  };
  return same(name) || same(host);
}

void plan_inspection(Exchange& exchange) {
  OutboundUse& use = *exchange.outbound;
  const Inspection* inspection = exchange.client.entry->inspection.get();
  const policy::OutboundRequest& request = use.request;
  if (inspection == nullptr || request.kind != Kind::tunnel || !inspection->may_open(request.host, request.port))
    return;
  use.request.kind = Kind::tunnel_to_inspect;
  InspectionContexts& contexts = *exchange.client.contexts->inspections[exchange.client.entry->number];
  auto tunnel = std::make_unique<InspectedTunnel>(*inspection, contexts);
  tunnel->host = request.host.address ? request.host.address->text() : std::string(request.host.name);
  tunnel->port = request.port;
  tunnel->user = use.user;
  tunnel->name = tunnel->host;
  tunnel->certain = inspection->opens(request.host, request.port);
  use.inspected = std::move(tunnel);
}

namespace {

// A person reads the reason in a page, and a program what it expects there. Where no TLS is to be expected nobody would
// see it: then the CONNECT is refused.
bool is_shown_inside(const Exchange& exchange, Code code) {
  const OutboundUse& use = *exchange.outbound;
  const bool about_destination = code == Code::destination_refused || code == Code::destination_address_refused;
  return about_destination && use.inspected != nullptr && use.inspected->certain && use.inspected->port == 443;
}

void show_inside(Exchange& exchange, const Error& error) {
  exchange.outbound->inspected->refused = {.error = error,
                                           .detail = std::string(exchange.failure.detail),
                                           .remedy = std::string(exchange.failure.remedy),
                                           .decision = exchange.outbound->decision};
  exchange.failure = {};
}

}  // namespace

Result<void> permit_or_show(Exchange& exchange) {
  auto permitted = permit(exchange);
  if (permitted || !is_shown_inside(exchange, permitted.error().code)) return permitted;
  show_inside(exchange, permitted.error());
  return {};
}

Task<Result<Reached>> reach_or_show(Exchange& exchange) {
  OutboundUse& use = *exchange.outbound;
  if (use.inspected != nullptr && use.inspected->refused) co_return Reached{};
  auto reached = co_await reach(exchange);
  if (!reached && is_shown_inside(exchange, reached.error().code)) {
    show_inside(exchange, reached.error());
    co_return Reached{};
  }
  // A parent is asked for an address as it is; where it leads with a name nobody knows here.
  if (reached && use.inspected != nullptr)
    use.inspected->address = use.way.proxy == nullptr ? address_of(reached->address) : use.request.host.address;
  co_return reached;
}

std::unique_ptr<ClientConnection> connection_inside(Exchange& exchange) {
  if (exchange.outbound == nullptr || exchange.outbound->inspected == nullptr) return nullptr;
  const ClientConnection& outside = exchange.client;
  auto inside = std::make_unique<ClientConnection>();
  inside->contexts = outside.contexts;
  inside->entry = outside.entry;
  inside->listen = outside.listen;
  inside->accepted = exchange.worker.loop().precise_now();
  inside->id = exchange.worker.next_id();
  inside->trusted = outside.trusted;
  inside->peer = outside.peer;
  inside->local = outside.local;
  inside->peer_text = outside.peer_text;
  inside->inspected = std::move(exchange.outbound->inspected);
  return inside;
}

namespace {

// Whether the other side has not ended it. What has come may be a session ticket, which is for TLS.
bool is_open(runtime::Stream& stream) {
  char octet = 0;
  return stream.try_read({&octet, 1}).status == runtime::IoStatus::would_block;
}

std::optional<ServerStream> take_first(InspectedTunnel& tunnel, Versions versions) {
  if (!tunnel.first || (tunnel.first->h2 && versions == Versions::only_http1)) return std::nullopt;
  std::optional<ServerStream> first = std::exchange(tunnel.first, std::nullopt);
  // With HTTP/2 the server speaks first.
  if (!first->h2 && !is_open(*first->stream)) return std::nullopt;
  return first;
}

}  // namespace

Task<Result<void>> secure_inspected(InspectedTunnel& tunnel, WorkerContexts& contexts, Versions versions,
                                    ServerStream& stream, runtime::TimePoint deadline, runtime::CancelToken& token,
                                    ConnectFailure& failure) {
  const policy::Upstream& upstream = tunnel.destination->upstream;
  auto secured = co_await secure_server(contexts, upstream, upstream.servers.front(),
                                        {.host = tunnel.name,
                                         .versions = versions,
                                         .proxy_header = {},
                                         .tls = tunnel.contexts.servers.get(),
                                         .certified = tunnel.name},
                                        stream, deadline, token, failure);
  co_return secured;
}

Task<Result<ServerStream>> connect_inspected(Exchange& exchange, Versions versions) {
  InspectedTunnel& tunnel = *exchange.client.inspected;
  if (auto first = take_first(tunnel, versions)) co_return *std::move(first);
  // What reach() notes is the parent's, where there is one; the exchange counts this attempt itself.
  const policy::Upstream* const upstream = exchange.upstream;
  const policy::Server* const server = exchange.server;
  const std::uint32_t attempts = exchange.attempts;
  auto reached = co_await reach(exchange);
  exchange.upstream = upstream;
  exchange.server = server;
  exchange.attempts = attempts;
  if (!reached) {
    Error error = reached.error();
    error.retry = Retry::safe;
    co_return fail(error);
  }
  ServerStream made{.stream = std::move(reached->stream), .address = std::move(reached->address)};
  if (tunnel.secure) {
    const runtime::TimePoint deadline = exchange.worker.loop().now() + exchange.timeouts().connect;
    ConnectFailure failure;
    auto secured = co_await secure_inspected(tunnel, *exchange.client.contexts, versions, made, deadline,
                                             exchange.scope.token(), failure);
    if (!secured) {
      exchange.fail_with(secured.error(), failure.detail, failure.remedy);
      co_return fail(secured.error());
    }
  }
  co_return made;
}

}  // namespace sp::proxy
