// A client connection from accept to close: TLS if the listener has it, then the session of what is spoken.
#pragma once

#include "proxy/exchange.h"
#include "proxy/worker.h"

namespace sp::proxy {

// `client` is complete but for what TLS adds.
runtime::Task<void> serve_connection(Worker& worker, ClientConnection client, std::unique_ptr<runtime::Stream> stream,
                                     runtime::CancelToken& parent);

}  // namespace sp::proxy
