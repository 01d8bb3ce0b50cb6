// The real loop and real sockets on loopback, for what only the kernel can tell: edges, short writes, splice. Time is
// real too, so that a test waits for events and never for time to pass.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/epoll_loop.h"
#include "runtime/epoll_stream.h"
#include "runtime/task.h"

namespace sp::testing {

// Is Loop::current() of this thread while it lives. SIGPIPE is ignored, as in the program.
class RealLoop {
 public:
  RealLoop();
  ~RealLoop();
  RealLoop(const RealLoop&) = delete;
  RealLoop& operator=(const RealLoop&) = delete;

  // Drives the task to its end. Once.
  void run(runtime::Task<void> task);
  runtime::EpollLoop loop;
};

// Both ends of a TCP connection.
struct TcpPair {
  std::unique_ptr<runtime::EpollStream> near, far;
};
TcpPair tcp_pair(runtime::EpollLoop& loop);

// Writes all of it; false when that fails, or at the deadline. `written` counts.
runtime::Task<bool> send_all(runtime::Stream& to, std::string_view text, std::size_t& written,
                             runtime::TimePoint deadline = runtime::never);
// Appends what comes until `most` octets are there, or the end; false when reading fails.
runtime::Task<bool> receive(runtime::Stream& from, std::string& into, std::size_t most = std::string::npos);

// So many octets that do not repeat soon.
std::string noise(std::size_t octets);

}  // namespace sp::testing
