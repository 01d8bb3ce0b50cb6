#include "proxy/finish_fields.h"

#include "policy/field_edits.h"
#include "policy/reverse_map.h"
#include "proxy/exchange_variables.h"

namespace sp::proxy {

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

}  // namespace sp::proxy
