#include "stages/access_log/record.h"

#include "codec/proxy_protocol/describe.h"
#include "codec/proxy_protocol/reader.h"
#include "http/url.h"
#include "policy/destination_host.h"
#include "proxy/exchange.h"
#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/outbound/use.h"
#include "tls/stream.h"

namespace sp::access_log {
namespace {

Phases::Span between(runtime::TimePoint from, runtime::TimePoint to) {
  constexpr runtime::TimePoint unset{};
  if (from == unset || to == unset || to < from) return Phases::none;
  return to - from;
}

// A time of an attempt that failed does not belong to the response that was made here instead, nor the other way round:
// between() leaves out what is in the wrong order.
Phases phases_of(const proxy::Exchange& exchange, runtime::TimePoint end) {
  const proxy::Timings& times = exchange.times;
  Phases phases;
  if (exchange.client.requests <= 1) phases.tls = between(exchange.client.accepted, exchange.client.secured);
  phases.head = between(times.started, times.head);
  phases.connect = between(times.connecting, times.connected);
  phases.first_byte = between(times.connected, times.first_byte);
  phases.last_byte = between(times.first_byte, times.last_byte);
  phases.total = between(times.started, end);
  return phases;
}

std::string_view value_of(const proxy::Exchange& exchange, http::FieldId id) {
  const http::Field* field = exchange.request.fields.find(id);
  return field == nullptr ? std::string_view() : field->value;
}

std::string_view kind_name(policy::MatchKind kind) {
  switch (kind) {
    case policy::MatchKind::exact: return "exact";
    case policy::MatchKind::prefix: return "path";
    case policy::MatchKind::regex: return "regex";
  }
  return {};
}

std::string header_of(const proxy::ClientConnection& client) {
  codec::proxy_protocol::Header header;
  if (client.proxy_header == nullptr) return {};
  if (!codec::proxy_protocol::HeaderReader().read(*client.proxy_header, header)) return {};
  return codec::proxy_protocol::describe(header);
}

// "sni mail.example.com", "to".
void add_target(Record& record, const policy::RelayTarget& target) {
  const std::string_view label = target.label;
  const auto space = label.find(' ');
  record.route_kind = label.substr(0, space);
  if (space != std::string_view::npos) record.route_pattern = label.substr(space + 1);
  record.place = target.place_text;
}

void add_client(Record& record, const proxy::Exchange& exchange) {
  const proxy::ClientConnection& client = exchange.client;
  record.peer = client.peer_text;
  record.client = exchange.admission.client.address_text;
  if (record.client.empty()) record.client = record.peer;
  if (client.listen != nullptr) record.listen = client.listen->text;
  record.proxy = header_of(client);
  record.tls_sni = exchange.server_name;
  if (client.tls() == nullptr) return;
  tls::TlsInfo info = client.tls()->info();
  record.tls_version = info.version;
  record.tls_cipher = info.cipher;
  record.tls_sni = info.sni;
  record.tls_resumed = info.resumed;
}

void add_request(Record& record, const proxy::Exchange& exchange) {
  const http::RequestHead& request = exchange.request;
  record.method = request.method_text;
  record.form = request.form;
  record.scheme = request.scheme;
  record.authority = request.authority;
  record.path = request.path;
  record.query = request.query;
  record.has_query = request.has_query;
  record.version = request.version;
  record.referer = value_of(exchange, http::FieldId::referer);
  record.user_agent = value_of(exchange, http::FieldId::user_agent);
}

std::string rule_name(const policy::OutboundDecision& decision) {
  return decision.rule ? "rule " + std::to_string(*decision.rule + 1) : "no rule";
}

std::string_view kind_of(const proxy::Exchange& exchange) {
  if (exchange.relay) return "socks";
  if (exchange.request.method_text == "CONNECT") return "connect";
  return exchange.outbound->request.kind == policy::OutboundRequest::Kind::inspected ? "inspected" : "request";
}

// What was refused before anything was asked of anybody, by the address that it leads to, or for what came back.
std::string_view verdict_of(const proxy::Exchange& exchange) {
  const Error& error = exchange.failure.error;
  const bool late = error.code == Code::destination_refused || error.code == Code::destination_address_refused ||
                    error.code == Code::scanner_refused;
  const bool decided = error.side == Side::client && !info(error.code).proxy_status.empty();
  if (exchange.failure.failed() && decided && (late || exchange.attempts == 0)) return "refused";
  return exchange.attempts != 0 ? "allowed" : std::string_view();
}

// Where an address was asked for there is no name that TLS could differ from.
bool is_another_name(std::string_view tls_name, std::string_view asked) {
  if (tls_name.empty()) return false;
  const auto host = policy::read_host(asked);
  return host && !host->address && !http::iequals(host->name, tls_name);
}

std::string_view name_of(proxy::ScanOutcome outcome) {
  switch (outcome) {
    case proxy::ScanOutcome::none: break;
    case proxy::ScanOutcome::clean: return "clean";
    case proxy::ScanOutcome::replaced: return "replaced";
    case proxy::ScanOutcome::unseen: return "unseen";
  }
  return {};
}

// For whom the tunnel was asked. What a request in it names is another matter.
std::string_view host_of_tunnel(const proxy::Exchange& exchange) {
  if (exchange.client.inspected != nullptr) return exchange.client.inspected->host;
  const auto asked = http::split_authority(exchange.request.authority);
  return asked ? asked->host : std::string_view();
}

void add_way_out(Record& record, const proxy::Exchange& exchange) {
  record.user = exchange.outbound->user;
  record.kind = kind_of(exchange);
  record.verdict = verdict_of(exchange);
  record.scan = name_of(exchange.outbound->scan);
  record.tls_name = exchange.outbound->tls_name;
  record.tls_name_differs = is_another_name(record.tls_name, host_of_tunnel(exchange));
}

void add_way(Record& record, const proxy::Exchange& exchange) {
  const policy::RouteMatch& match = exchange.admission.match;
  if (match.site != nullptr) record.site = match.site->name;
  if (match.route != nullptr) {
    record.route_kind = kind_name(match.route->kind);
    record.route_pattern = match.route->pattern;
    record.place = match.route->place_text;
  } else if (match.site != nullptr) {
    record.place = match.site->place_text;
  }
  if (exchange.outbound != nullptr) {
    add_way_out(record, exchange);
    if (const policy::OutboundRule* rule = exchange.outbound->rule()) record.place = rule->place;
    if (exchange.outbound->would_refuse) record.would_refuse = rule_name(exchange.outbound->decision);
  }
  record.relay = exchange.relay;
  if (exchange.relay_target != nullptr) add_target(record, *exchange.relay_target);
  if (exchange.upstream != nullptr) record.upstream = exchange.upstream->name;
  if (exchange.server != nullptr) record.server = exchange.server->name;
  record.server_address = exchange.server_address;
  record.attempts = exchange.attempts;
  record.reused = exchange.reused_connection;
  record.retried = exchange.retried.code;
  if (exchange.retried.server != nullptr) record.retried_server = exchange.retried.server->name;
}

// A response without content has it in its head, others in their trailers.
std::string_view grpc_status_of(const proxy::Exchange& exchange) {
  const http::Field* status = exchange.response_trailers.find("grpc-status");
  return status == nullptr ? exchange.grpc_status : status->value;
}

}  // namespace

std::string_view side_name(Side side) {
  switch (side) {
    case Side::client: return "client";
    case Side::upstream: return "upstream";
    case Side::local: return "local";
  }
  return {};
}

Record record_of(const proxy::Exchange& exchange, runtime::TimePoint now, WallTime wall_now) {
  Record record;
  runtime::TimePoint end = exchange.times.last_byte == runtime::TimePoint{} ? now : exchange.times.last_byte;
  runtime::TimePoint begin = exchange.times.started == runtime::TimePoint{} ? end : exchange.times.started;
  record.time = wall_now - std::chrono::duration_cast<WallTime::duration>(now - begin);
  add_client(record, exchange);
  add_request(record, exchange);
  add_way(record, exchange);
  record.status = exchange.status;
  record.grpc_status = grpc_status_of(exchange);
  record.octets_in = exchange.request_octets;
  record.octets_out = exchange.response_octets;
  record.error = exchange.failure.error;
  record.detail = exchange.failure.detail;
  record.remedy = exchange.failure.remedy;
  if (exchange.failure.failed() && record.remedy.empty()) record.remedy = info(record.error.code).remedy;
  record.id = exchange.id;
  record.phases = phases_of(exchange, end);
  return record;
}

}  // namespace sp::access_log
