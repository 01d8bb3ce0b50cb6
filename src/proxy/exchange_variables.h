// The values of ${...} in a real exchange. The request's number is made only where it is asked for.
#pragma once

#include "proxy/exchange.h"
#include "proxy/proxy_header.h"
#include "proxy/variables.h"

namespace sp::proxy {

class ExchangeVariables final : public RequestVariables {
 public:
  explicit ExchangeVariables(Exchange& exchange)
      : RequestVariables(exchange.request, exchange.admission), exchange_(exchange) {
    client_port = exchange.client.peer.port;
    tls = exchange.client.tls();
    server = exchange.server;
    upstream = exchange.upstream;
    server_address = exchange.server_address;
  }
  std::string_view value(policy::Variable variable, std::string_view argument, Arena& arena) const override {
    if (variable == policy::Variable::request_id) return exchange_.request_id();
    if (variable == policy::Variable::proxy) return proxy_value(exchange_.client, argument, arena);
    if (variable == policy::Variable::client_address && exchange_.relay) return exchange_.client.peer_text;
    return RequestVariables::value(variable, argument, arena);
  }

 private:
  Exchange& exchange_;
};

}  // namespace sp::proxy
