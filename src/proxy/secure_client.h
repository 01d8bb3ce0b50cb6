// TLS with a client: from its first octets to a stream that is secured, or to what is said of the failure.
#pragma once

#include <string_view>

#include "proxy/worker.h"
#include "runtime/task.h"

namespace sp::proxy {

// Until the client has said something. False: it did not in time, or is gone.
runtime::Task<bool> says_something(runtime::Stream& stream, runtime::TimePoint deadline, runtime::CancelToken& parent);

// The handshake, by the certificates of the connection's entry. `received`: what was read from the client already.
// False: there will be no TLS, and the observer was told why.
runtime::Task<bool> secure_client(Worker& worker, ClientConnection& client, std::string_view received);

}  // namespace sp::proxy
