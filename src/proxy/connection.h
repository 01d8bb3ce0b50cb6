// A client connection from accept to close: TLS if the listener has it, then the session of what is spoken.
#pragma once

#include "proxy/buffer.h"
#include "proxy/exchange.h"
#include "proxy/worker.h"

namespace sp::proxy {

// One that was accepted: `client` is complete but for what TLS adds.
runtime::Task<void> serve_connection(Worker& worker, std::unique_ptr<ClientConnection> client,
                                     runtime::CancelToken& parent);
// One that is secured where its listener is, and was introduced: requests can come.
runtime::Task<void> serve_http(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent);
// The same, where octets of it were read already. In clear it begins with HTTP/2 if these do.
runtime::Task<void> serve_http(Worker& worker, std::unique_ptr<ClientConnection> client, Buffer received,
                               runtime::CancelToken& parent);
// One on which requests can come: until it is parked again, or over.
runtime::Task<void> serve_requests(Worker& worker, std::unique_ptr<ClientConnection> client,
                                   runtime::CancelToken& parent);

}  // namespace sp::proxy
