// From a server of the configuration to a connection that can be spoken on: resolve, connect, TLS.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/exchange.h"
#include "proxy/upstream_connection.h"

namespace sp::proxy {

struct ConnectFailure {
  std::string detail;  // "10.0.0.7:443 refused", or what TLS has to say, with both names
  std::string remedy;  // empty: that of the code
};

// `host` is what the request's Host says: the name that is sent as SNI unless the configuration has another. Errors
// have Retry::safe: the server has seen no request.
runtime::Task<Result<std::unique_ptr<UpstreamConnection>>> connect_server(
    Worker& worker, WorkerContexts& contexts, const policy::Upstream& upstream, const policy::Server& server,
    std::string_view host, const config::TimeoutsConfig& timeouts, const codec::h1::Limits& limits,
    runtime::CancelToken& token, ConnectFailure& failure);

// The name that connect_server() sends as SNI: empty for plain connections and for addresses.
std::string_view sni_for(const policy::Upstream& upstream, const policy::Server& server, std::string_view host);

}  // namespace sp::proxy
