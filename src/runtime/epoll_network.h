// The real Network: sockets of the kernel on an EpollLoop.
#pragma once

#include "runtime/epoll_loop.h"
#include "runtime/network.h"

namespace sp::runtime {

class EpollNetwork final : public Network {
 public:
  explicit EpollNetwork(EpollLoop& loop) : loop_(loop) {}
  Task<Result<std::unique_ptr<Stream>>> connect(const Endpoint& to, TimePoint deadline, CancelToken& token) override;
  std::unique_ptr<Listener> serve(BoundSocket socket, Listener::OnAccept on_accept) override;

 private:
  EpollLoop& loop_;
};

}  // namespace sp::runtime
