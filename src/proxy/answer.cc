#include "proxy/answer.h"

#include "proxy/exchange_variables.h"
#include "proxy/finish_fields.h"
#include "proxy/forward.h"
#include "proxy/image/answer.h"
#include "proxy/local_response.h"
#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/outbound/outbound.h"
#include "proxy/worker.h"

namespace sp::proxy {

using runtime::Task;

namespace {

std::uint64_t max_body(const Exchange& exchange) {
  const policy::Route* route = exchange.route();
  auto limit = route != nullptr && route->max_body ? route->max_body : exchange.client.entry->policy->max_body;
  return limit.value_or(std::numeric_limits<std::uint64_t>::max());
}

}  // namespace

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

namespace {

// The response of everything that is not forwarded.
Result<void> decided(Exchange& exchange) {
  const Admission& admission = exchange.admission;
  switch (admission.verdict) {
    case Verdict::forward:
    case Verdict::image:
    case Verdict::refuse: break;
    case Verdict::answer: exchange.response = options_response(exchange); return {};
    case Verdict::to_https:
    case Verdict::redirect:
      exchange.response = redirect_response(exchange, admission.status, admission.location);
      return {};
    case Verdict::respond: {
      const auto& target = std::get<policy::RespondTarget>(exchange.route()->target);
      std::string_view text =
          target.body.expand(ExchangeVariables(exchange), exchange.arena, policy::Template::Use::text);
      exchange.response = text_response(exchange, target.status, target.content_type, text);
      return {};
    }
  }
  exchange.fail_with(admission.error, admission.detail);
  return fail(admission.error);
}

Task<Result<void>> at_once(Result<void> decided) { co_return decided; }

}  // namespace

Task<Result<void>> answer(Exchange& exchange) {
  if (exchange.client.inspected != nullptr) return answer_inspected(exchange);
  if (exchange.client.entry->outbound != nullptr) return answer_outbound(exchange);
  AdmissionContext context{exchange.client.snapshot(), *exchange.client.entry, exchange.client.hop()};
  {
    ExchangeVariables variables(exchange);
    admit(context, exchange.request, variables, exchange.arena, exchange.admission);
  }
  if (exchange.admission.verdict == Verdict::forward) {
    auto governed = govern_content(exchange);
    return governed ? forward(exchange) : at_once(fail(governed.error()));
  }
  if (exchange.admission.verdict == Verdict::image) return answer_image(exchange);
  auto done = decided(exchange);
  if (done) finish_fields(exchange, exchange.response);
  return at_once(done);
}

}  // namespace sp::proxy
