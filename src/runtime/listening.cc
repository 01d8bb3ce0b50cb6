// Binding: on the control thread, before a worker serves the socket.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/epoll_stream.h"
#include "runtime/network.h"
#include "runtime/socket_address.h"
#include "runtime/tcp_facts.h"

namespace sp::runtime {

BoundSocket::~BoundSocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

namespace {

// A socket file that nobody listens on any more is in the way of bind(): it is removed, but never one that is in use.
void remove_stale_socket_file(const SocketAddress& address, const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return;
  bool stale = connect(probe, address.get(), address.length) != 0 && errno == ECONNREFUSED;
  close(probe);
  if (stale) unlink(path.c_str());
}

}  // namespace

Result<BoundSocket> bind_listener(const Endpoint& at, const BindOptions& options) {
  SP_TRY_PLAIN(SocketAddress address, to_socket_address(at));
  BoundSocket socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.descriptor() < 0) return fail(code_of_errno(errno), "socket");
  int on = 1, off = 0;
  if (at.is_unix()) {
    remove_stale_socket_file(address, at.unix_path);
  } else {
    setsockopt(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (options.shared) setsockopt(socket.descriptor(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    // Accepted sockets inherit it.
    setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    keep_alive(socket.descriptor());
    // [::] serves IPv4 too.
    if (!at.address.v4) setsockopt(socket.descriptor(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (bind(socket.descriptor(), address.get(), address.length) != 0) return fail(code_of_errno(errno), "bind");
  if (listen(socket.descriptor(), options.backlog) != 0) return fail(code_of_errno(errno), "listen");
  return socket;
}

Result<Endpoint> bound_to(const BoundSocket& socket) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (getsockname(socket.descriptor(), address.get(), &address.length) != 0) return fail(Code::io_error, "getsockname");
  return from_socket_address(address);
}

}  // namespace sp::runtime
