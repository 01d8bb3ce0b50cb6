#include "proxy/answer.h"

#include "policy/field_edits.h"
#include "policy/reverse_map.h"
#include "proxy/exchange_variables.h"
#include "proxy/forward.h"
#include "proxy/local_response.h"
#include "proxy/worker.h"

namespace sp::proxy {

using runtime::Task;

namespace {

std::uint64_t max_body(const Exchange& exchange) {
  const policy::Route* route = exchange.route();
  auto limit = route != nullptr && route->max_body ? route->max_body : exchange.client.entry->policy->max_body;
  return limit.value_or(std::numeric_limits<std::uint64_t>::max());
}

// Before the request goes to a server: the bounds for its content.
Result<void> govern_content(Exchange& exchange) {
  std::uint64_t limit = max_body(exchange);
  if (exchange.request.body.kind == http::BodySize::Kind::known && exchange.request.body.bytes > limit) {
    return fail({.code = Code::body_too_large, .side = Side::client, .where = "max_body"});
  }
  if (exchange.body != nullptr) {
    const config::TimeoutsConfig& timeouts = exchange.timeouts();
    exchange.body->govern(limit, Pace(timeouts.body_idle, timeouts.min_rate.bytes_per_second));
  }
  return {};
}

// The response of everything that is not forwarded.
Result<Response> decided(Exchange& exchange) {
  const Admission& admission = exchange.admission;
  switch (admission.verdict) {
    case Verdict::forward:
    case Verdict::refuse: break;
    case Verdict::answer: return options_response(exchange);
    case Verdict::to_https:
    case Verdict::redirect: return redirect_response(exchange, admission.status, admission.location);
    case Verdict::respond: {
      const auto& target = std::get<policy::RespondTarget>(exchange.route()->target);
      std::string_view text =
          target.body.expand(ExchangeVariables(exchange), exchange.arena, policy::Template::Use::text);
      return text_response(exchange, target.status, target.content_type, text);
    }
  }
  exchange.fail_with(admission.error, admission.detail);
  return fail(admission.error);
}

// What the upstream says in its own name is told in ours, then the edits of the configuration.
void finish_fields(Exchange& exchange, Response& response) {
  const policy::Route* route = exchange.route();
  if (route == nullptr) return;
  if (exchange.from_upstream) {
    policy::ReverseContext context{.route = route,
                                   .server = exchange.server,
                                   .public_scheme = exchange.admission.client.scheme,
                                   .public_authority = exchange.admission.client.authority};
    policy::map_response_fields(response.head.fields, context, exchange.arena);
  }
  if (!route->response_edits.empty()) {
    ExchangeVariables variables(exchange);
    variables.response_status = response.head.status;
    policy::apply_edits(route->response_edits, response.head.fields, variables, exchange.arena);
  }
}

}  // namespace

Task<Result<Response>> answer(Exchange& exchange) {
  AdmissionContext context{*exchange.client.snapshot, *exchange.client.entry, exchange.client.hop};
  {
    ExchangeVariables variables(exchange);
    admit(context, exchange.request, variables, exchange.arena, exchange.admission);
  }
  if (exchange.admission.verdict == Verdict::forward) {
    SP_CHECK(govern_content(exchange));
    SP_TRY(Response response, co_await forward(exchange));
    finish_fields(exchange, response);
    co_return response;
  }
  auto response = decided(exchange);
  if (!response) co_return response;
  finish_fields(exchange, *response);
  co_return response;
}

}  // namespace sp::proxy
