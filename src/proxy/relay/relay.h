// A connection whose octets are passed on as they come (`tcp://`, `tls://`, `smtp://`...): a server is chosen,
// connected to, told who connects, and joined with the client for good.
#pragma once

#include <memory>

#include "proxy/worker.h"
#include "runtime/task.h"

namespace sp::proxy {

// One that was accepted, on an entry with a policy::Relay: until it is a tunnel (see tunnels.h), or over. The observer
// hears of each at its end. On a listener for HTTP it goes on as one, unless its protocol has a target.
runtime::Task<void> serve_relay(Worker& worker, std::unique_ptr<ClientConnection> client, runtime::CancelToken& parent);

}  // namespace sp::proxy
