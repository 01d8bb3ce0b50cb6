// Connections that wait for their next request without a session: a socket and a ClientConnection, nothing else. Most
// connections of a gate are of this kind, most of the time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "proxy/client_connection.h"

namespace sp::proxy {

class ParkedConnections {
 public:
  // Called with a connection whose client has said something.
  using Resume = std::function<void(std::unique_ptr<ClientConnection> client)>;
  explicit ParkedConnections(Resume resume) : resume_(std::move(resume)) {}
  ~ParkedConnections() { close_all(); }
  ParkedConnections(const ParkedConnections&) = delete;
  ParkedConnections& operator=(const ParkedConnections&) = delete;

  // Keeps it until its client says something (resume), goes away, or `wait.deadline` comes. False, and nothing is
  // taken, if there is something to read now.
  bool park(std::unique_ptr<ClientConnection>& client);
  void close_all();
  std::size_t size() const { return size_; }

 private:
  friend struct ClientConnection::Wait;
  static void woken(runtime::IoWait& wait, Code why);
  std::unique_ptr<ClientConnection> remove(ClientConnection& client);

  Resume resume_;
  IntrusiveList<ClientConnection> parked_;
  std::size_t size_ = 0;
};

}  // namespace sp::proxy
