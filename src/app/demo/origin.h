// The demo's origin server: HTTP/1.1 on a port of 127.0.0.1, on a thread of its own, over the runtime and the codec of
// the gate itself.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "base/result.h"
#include "runtime/epoll_loop.h"
#include "runtime/network.h"
#include "runtime/scope.h"

namespace sp::app::demo {

class Origin {
 public:
  // Listens on a free port; nothing is served before serve(). Fails as bind_listener() does.
  static Result<std::unique_ptr<Origin>> bind();
  ~Origin();  // ends its connections, then its thread
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;

  // Begins to serve. The thread has the signal mask of the caller's.
  void serve();
  // "127.0.0.1:40213".
  const std::string& authority() const { return authority_; }

 private:
  Origin(runtime::BoundSocket socket, std::string authority);
  void run();
  void accepted(std::unique_ptr<runtime::Stream> stream);
  runtime::Task<void> end();

  runtime::BoundSocket socket_;
  std::string authority_;
  runtime::EpollLoop loop_;
  std::unique_ptr<runtime::Listener> listener_;
  runtime::Scope connections_, ending_;
  std::thread thread_;
};

}  // namespace sp::app::demo
