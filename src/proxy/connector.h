// From a server of the configuration to a connection that can be spoken on: resolve, connect, TLS.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/exchange.h"

namespace sp::proxy {

struct ConnectFailure {
  std::string detail;  // "10.0.0.7:443 refused", or what TLS has to say, with both names
  std::string remedy;  // empty: that of the code
};

struct ServerStream {
  std::unique_ptr<runtime::Stream> stream;
  std::string address;  // "10.0.0.7:443"
  bool h2 = false;      // HTTP/2 is what is spoken there
};

enum class Versions : std::uint8_t { any, only_http1 };

// `host` is what the request's Host says: the name that is sent as SNI unless the configuration has another. Errors
// have Retry::safe: the server has seen no request.
runtime::Task<Result<ServerStream>> connect_server(Worker& worker, WorkerContexts& contexts,
                                                   const policy::Upstream& upstream, const policy::Server& server,
                                                   std::string_view host, Versions versions,
                                                   const config::TimeoutsConfig& timeouts, runtime::CancelToken& token,
                                                   ConnectFailure& failure);

// The name that connect_server() sends as SNI: empty for plain connections and for addresses.
std::string_view sni_for(const policy::Upstream& upstream, const policy::Server& server, std::string_view host);

}  // namespace sp::proxy
