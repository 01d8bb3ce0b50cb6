// Endpoints as the kernel wants them.
#pragma once

#include <sys/socket.h>

#include <optional>

#include "base/ip.h"
#include "base/result.h"

namespace sp::runtime {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

// Fails when a Unix path is longer than the kernel allows.
Result<SocketAddress> to_socket_address(const Endpoint& endpoint);
Endpoint from_socket_address(const SocketAddress& address);
// Where a connected socket is on this side; nothing for what is none (-1).
std::optional<Endpoint> own_end(int descriptor);

}  // namespace sp::runtime
