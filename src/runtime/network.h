// The world outside, as constructors get it: connections out, connections in, names. EpollNetwork is the real one;
// tests and the simulation have their own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "runtime/cancel.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace sp::runtime {

struct Accepted {
  std::unique_ptr<Stream> stream;
  Endpoint peer;
  Endpoint local;
};

// A listening socket that is bound but not yet served: made by the control thread, moved to the worker that will serve
// it.
class BoundSocket {
 public:
  explicit BoundSocket(int descriptor = -1) : descriptor_(descriptor) {}
  BoundSocket(BoundSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  BoundSocket& operator=(BoundSocket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~BoundSocket();
  int descriptor() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

struct BindOptions {
  bool shared = true;  // SO_REUSEPORT: each worker has a queue of its own
  int backlog = 1024;
};
// Binds and listens. address_in_use, permission_denied, io_error.
Result<BoundSocket> bind_listener(const Endpoint& at, const BindOptions& options = {});
// Where it is bound (the port that was chosen for port 0).
Result<Endpoint> bound_to(const BoundSocket& socket);

class Listener {
 public:
  using OnAccept = std::function<void(Accepted)>;
  virtual ~Listener() = default;  // closes the listening socket
  // While paused, connections wait in the kernel's queue.
  virtual void pause() = 0;
  virtual void resume() = 0;
};

class Network {
 public:
  virtual ~Network() = default;
  // A new connection to exactly this endpoint. The caller closes it by destroying it.
  virtual Task<Result<std::unique_ptr<Stream>>> connect(const Endpoint& to, TimePoint deadline, CancelToken& token) = 0;
  // Serves a bound socket on this thread. When descriptors run out it waits and goes on; `on_accept` is not called
  // then.
  virtual std::unique_ptr<Listener> serve(BoundSocket socket, Listener::OnAccept on_accept) = 0;
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  // The addresses of a name, both families, in the order in which they should be tried (RFC 6724, families interleaved
  // as RFC 8305 section 4 says). Numeric addresses come back at once. Answers are kept for their time to live.
  // dns_error, dns_no_address, dns_timeout, or the token's code.
  virtual Task<Result<std::vector<IpAddress>>> resolve(std::string_view host, TimePoint deadline,
                                                       CancelToken& token) = 0;
};

}  // namespace sp::runtime
