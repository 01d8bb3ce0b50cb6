#include "runtime/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace sp::runtime {

Result<SocketAddress> to_socket_address(const Endpoint& endpoint) {
  SocketAddress out;
  if (endpoint.is_unix()) {
    auto& un = reinterpret_cast<sockaddr_un&>(out.storage);
    un.sun_family = AF_UNIX;
    if (endpoint.unix_path.size() >= sizeof un.sun_path)
      return fail(Code::not_found, "the path of the socket is too long");
    std::memcpy(un.sun_path, endpoint.unix_path.data(), endpoint.unix_path.size());
    out.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + endpoint.unix_path.size() + 1);
  } else if (endpoint.address.v4) {
    auto& in = reinterpret_cast<sockaddr_in&>(out.storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, endpoint.address.bytes.data(), 4);
    out.length = sizeof in;
  } else {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(out.storage);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(endpoint.port);
    std::memcpy(&in6.sin6_addr, endpoint.address.bytes.data(), 16);
    out.length = sizeof in6;
  }
  return out;
}

Endpoint from_socket_address(const SocketAddress& address) {
  Endpoint out;
  if (address.family() == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address.storage);
    std::memcpy(out.address.bytes.data(), &in.sin_addr, 4);
    out.port = ntohs(in.sin_port);
  } else if (address.family() == AF_INET6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
    out.port = ntohs(in6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
      std::memcpy(out.address.bytes.data(), reinterpret_cast<const char*>(&in6.sin6_addr) + 12, 4);
    } else {
      out.address.v4 = false;
      std::memcpy(out.address.bytes.data(), &in6.sin6_addr, 16);
    }
  } else if (address.family() == AF_UNIX) {
    const auto& un = reinterpret_cast<const sockaddr_un&>(address.storage);
    out.unix_path =
        address.length > offsetof(sockaddr_un, sun_path) && un.sun_path[0] != '\0' ? un.sun_path : "unnamed";
  }
  return out;
}

std::optional<Endpoint> own_end(int descriptor) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (getsockname(descriptor, address.get(), &address.length) != 0) return std::nullopt;
  return from_socket_address(address);
}

}  // namespace sp::runtime
