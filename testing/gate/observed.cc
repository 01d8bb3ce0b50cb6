#include "testing/gate/observed.h"

#include <gtest/gtest.h>

namespace sp::testing {
namespace {

std::map<Code, std::set<std::string>>& seen() {
  static std::map<Code, std::set<std::string>> codes;
  return codes;
}

void note(Code code) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  if (test != nullptr) seen()[code].insert(std::string(test->test_suite_name()) + "." + test->name());
}

std::string value_of(const proxy::Exchange& exchange, http::FieldId id) {
  const http::Field* field = exchange.request.fields.find(id);
  return field == nullptr ? std::string() : std::string(field->value);
}

}  // namespace

const std::map<Code, std::set<std::string>>& Observed::codes_seen() { return seen(); }

namespace {

std::string route_of(const proxy::Exchange& exchange) {
  if (exchange.relay_target != nullptr) return exchange.relay_target->label;
  return exchange.route() == nullptr ? std::string() : exchange.route()->pattern;
}

}  // namespace

void Observed::exchange_ended(const proxy::Exchange& exchange) {
  const proxy::Failure& failure = exchange.failure;
  note(failure.error.code);
  exchanges.push_back({.code = failure.error.code,
                       .side = failure.error.side,
                       .status = exchange.status,
                       .detail = std::string(failure.detail),
                       .remedy = std::string(failure.remedy),
                       .client = std::string(exchange.admission.client.address_text),
                       .authority = std::string(exchange.request.authority),
                       .path = std::string(exchange.request.path),
                       .query = std::string(exchange.request.query),
                       .referer = value_of(exchange, http::FieldId::referer),
                       .user_agent = value_of(exchange, http::FieldId::user_agent),
                       .route = route_of(exchange),
                       .server = std::string(exchange.server_address),
                       .grpc_status = std::string(exchange.grpc_status),
                       .attempts = exchange.attempts,
                       .retried = exchange.retried.code,
                       .request_octets = exchange.request_octets,
                       .response_octets = exchange.response_octets,
                       .from_upstream = exchange.from_upstream,
                       .memory = exchange.arena.bytes_held()});
  if (also) also(exchange);
}

void Observed::connection_failed(const proxy::ClientConnection&, Code code, std::string_view detail) {
  note(code);
  connections.push_back({code, std::string(detail)});
}

void Observed::server_marked_down(const proxy::Exchange& exchange) {
  events.push_back("server_marked_down " + exchange.server->name + " " +
                   std::string(name(exchange.failure.error.code)));
}

void Observed::event(Severity, std::string_view what, std::string_view detail) {
  events.push_back(std::string(what) + " " + std::string(detail));
}

}  // namespace sp::testing
