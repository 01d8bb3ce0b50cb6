// From a server of the configuration to a connection that can be spoken on: resolve, connect, PROXY header, TLS.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/exchange.h"
#include "runtime/dial.h"

namespace sp::tls {
class ClientContext;
}

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

// What connection is wanted.
struct ServerRequest {
  std::string_view host;  // of the request: the name that is sent as SNI unless the configuration has another
  Versions versions = Versions::any;
  std::uint16_t port = 0;                  // of the server, where its URL has none
  std::string_view proxy_header;           // the first thing that is sent, before TLS; may be empty
  runtime::AddressJudge* judge = nullptr;  // of its addresses; null: all will do
  tls::ClientContext* tls = nullptr;       // null: that of the upstream
  std::string_view certified;              // what its certificate must be for; empty: the host of its URL
};

// TLS from the first octet where the server has it; with STARTTLS the stream is in clear: see secure_server(). Errors
// have Retry::safe: the server has seen no request.
runtime::Task<Result<ServerStream>> connect_server(Worker& worker, WorkerContexts& contexts,
                                                   const policy::Upstream& upstream, const policy::Server& server,
                                                   const ServerRequest& request, const config::TimeoutsConfig& timeouts,
                                                   runtime::CancelToken& token, ConnectFailure& failure);

// Puts TLS over a stream to the server, by the upstream's settings. Errors as above.
runtime::Task<Result<void>> secure_server(WorkerContexts& contexts, const policy::Upstream& upstream,
                                          const policy::Server& server, const ServerRequest& request,
                                          ServerStream& stream, runtime::TimePoint deadline,
                                          runtime::CancelToken& token, ConnectFailure& failure);

// The name that connect_server() sends as SNI: empty for plain connections and for addresses.
std::string_view sni_for(const policy::Upstream& upstream, const policy::Server& server, std::string_view host);

}  // namespace sp::proxy
