#include "stages/access_log/record.h"

#include "proxy/exchange.h"
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

void add_client(Record& record, const proxy::Exchange& exchange) {
  const proxy::ClientConnection& client = exchange.client;
  record.peer = client.peer_text;
  record.client = exchange.admission.client.address_text;
  if (record.client.empty()) record.client = record.peer;
  if (client.listen != nullptr) record.listen = client.listen->text;
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
