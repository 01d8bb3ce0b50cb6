// A client that speaks SOCKS5 to a way out: told apart from HTTP by its first octet, or by where it listens.
#pragma once

#include <memory>

#include "proxy/buffer.h"
#include "proxy/client_connection.h"
#include "runtime/cancel.h"
#include "runtime/task.h"

namespace sp::proxy {

class Worker;

// `received`: octets of the connection that were read already.
runtime::Task<void> serve_socks(Worker& worker, std::unique_ptr<ClientConnection> client, Buffer received,
                                runtime::CancelToken& parent);

}  // namespace sp::proxy
