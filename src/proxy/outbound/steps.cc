#include "proxy/outbound/steps.h"

#include <chrono>

#include "policy/path.h"
#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/outbound/users.h"
#include "proxy/scan/scanned.h"
#include "proxy/upstream_response.h"
#include "proxy/worker.h"

namespace sp::proxy {

using policy::OutboundDecision;
using runtime::Task;

OutboundUse::OutboundUse(const policy::Outbound& of) : entry(of) {}
OutboundUse::~OutboundUse() = default;

const policy::OutboundRule* OutboundUse::rule() const {
  return decision.rule ? &entry.rules.rule(*decision.rule) : nullptr;
}

bool OutboundUse::permits_name() {
  if (entry.parent != nullptr) way = entry.parent->way_to(request);
  decision = entry.rules.decide(request, now);
  judged = true;
  would_refuse = decision.watched;
  if (decision.verdict == OutboundDecision::Verdict::needs_addresses) return true;
  if (!decision.allowed()) return false;
  // That is about the name: no address of it has been judged.
  if (!request.host.address) {
    decision.verdict = OutboundDecision::Verdict::needs_addresses;
    decision.watched = false;
  }
  return true;
}

Code OutboundUse::refusal() const {
  return decision.verdict == OutboundDecision::Verdict::special_address ? Code::destination_address_refused
                                                                        : Code::destination_refused;
}

bool OutboundUse::permits(const IpAddress& address) {
  const OutboundDecision of_address = entry.rules.judge_address(request, address, now);
  const bool allowed = of_address.allowed();
  // Of several addresses one that is allowed says more than those that are not.
  if (allowed || !decision.allowed()) decision = of_address;
  if (allowed) would_refuse = of_address.watched;
  return allowed;
}

bool OutboundUse::permits_all(const std::vector<IpAddress>& addresses) {
  for (const IpAddress& address : addresses) {
    decision = {};
    if (!permits(address)) return false;
  }
  return true;
}

bool OutboundUse::permits_name_alone() {
  decision = entry.rules.decide(request, now);
  if (decision.verdict != OutboundDecision::Verdict::needs_addresses) return true;
  would_refuse = entry.observe;
  return would_refuse;
}

std::unexpected<Error> refuse(Exchange& exchange, Code code, std::string_view detail) {
  exchange.fail_with({.code = code, .side = Side::client, .where = "outbound"}, detail);
  return fail(exchange.failure.error);
}

Result<void> enter_way_out(Exchange& exchange) {
  const ClientConnection& client = exchange.client;
  exchange.outbound = std::make_unique<OutboundUse>(*client.entry->outbound);
  exchange.admission.client.address = client.peer.address;
  exchange.admission.client.address_text = client.peer_text;
  const policy::Decision access = policy::decide(exchange.outbound->entry.clients, client.peer.address);
  if (access.allowed) return {};
  return refuse(exchange, Code::denied, exchange.arena.copy(access.reason(client.peer.address)));
}

Task<Result<void>> verify_user(Exchange& exchange, std::string_view user, std::string_view password) {
  // Also of who is not let in: the operator looks for the name.
  exchange.outbound->user = exchange.arena.copy(user);
  const Users::Answer answer = co_await exchange.client.entry->users->verify(user, password, exchange.scope.token());
  switch (answer) {
    case Users::Answer::right: co_return Result<void>{};
    case Users::Answer::busy: co_return refuse(exchange, Code::users_busy);
    case Users::Answer::wrong: break;
  }
  co_return refuse(exchange, Code::proxy_authentication_required, "the user or the password is wrong");
}

Result<void> head_for(Exchange& exchange, std::string_view host, std::uint16_t port,
                      policy::OutboundRequest::Kind kind) {
  OutboundUse& use = *exchange.outbound;
  const auto read = policy::read_host(host);
  if (!read) return refuse(exchange, Code::destination_malformed, policy::text(read.error()));
  use.host = host;
  use.request = {.kind = kind,
                 .host = *read,
                 .port = port,
                 .user = use.user,
                 .client = exchange.client.peer.address,
                 .method = {},
                 .path = {}};
  return {};
}

void see_path(Exchange& exchange, std::string_view normal) {
  exchange.outbound->request.path = normal;
  if (policy::has_dot_segments(exchange.request.path)) exchange.request.path = normal;
}

std::optional<IpAddress> address_of(std::string_view endpoint) {
  std::string_view host = endpoint.substr(0, endpoint.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return IpAddress::parse(host);
}

std::unexpected<Error> refuse_destination(Exchange& exchange) {
  const OutboundUse& use = *exchange.outbound;
  exchange.failure = {};
  return refuse(exchange, use.refusal(),
                exchange.arena.copy(use.entry.rules.reason(use.decision, use.request, use.now)));
}

Result<void> permit(Exchange& exchange) {
  OutboundUse& use = *exchange.outbound;
  use.now = std::chrono::floor<std::chrono::seconds>(exchange.worker.loop().wall_clock());
  if (!use.permits_name()) return refuse_destination(exchange);
  return {};
}

Task<Result<runtime::Dialed>> dial_destination(Exchange& exchange) {
  OutboundUse& use = *exchange.outbound;
  const runtime::DialOptions options{.deadline = exchange.worker.loop().now() + exchange.timeouts().connect,
                                     .judge = &use};
  exchange.times.connecting = exchange.worker.loop().precise_now();
  ++exchange.attempts;
  runtime::DialReport report;
  auto dialed = co_await runtime::dial(exchange.worker.network(), exchange.worker.resolver(), use.host,
                                       use.request.port, options, exchange.scope.token(), &report);
  if (!dialed) {
    Error error = dialed.error();
    if (error.code == Code::destination_address_refused) co_return refuse_destination(exchange);
    error.side = side_of_failure(error.code);
    exchange.fail_with(error, report.text());
    co_return fail(error);
  }
  exchange.times.connected = exchange.worker.loop().precise_now();
  exchange.server_address = exchange.arena.copy(dialed->endpoint.text());
  co_return dialed;
}

void tell_servers(Exchange& exchange) {
  const policy::Outbound& entry = exchange.outbound->entry;
  http::Fields& fields = exchange.request.fields;
  if (entry.via) {
    fields.add(http::FieldId::via,
               exchange.arena.concat({http::text(exchange.request.version), " ", exchange.client.snapshot().via}));
  }
  if (entry.forwarded) fields.add("X-Forwarded-For", exchange.client.peer_text);
}

}  // namespace sp::proxy
