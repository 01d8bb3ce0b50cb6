#include "testing/real_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <tuple>

#include "runtime/scope.h"
#include "runtime/wait.h"

namespace sp::testing {

using runtime::Task;

namespace {

// A test cannot go on without sockets.
int must(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::abort();
}

std::unique_ptr<runtime::EpollStream> stream_of(runtime::EpollLoop& loop, int descriptor) {
  must(fcntl(descriptor, F_SETFL, O_NONBLOCK), "fcntl");
  auto stream = std::make_unique<runtime::EpollStream>(loop, descriptor);
  must(stream->start() ? 0 : -1, "epoll_ctl");
  return stream;
}

Task<void> then_stop(runtime::EpollLoop& loop, Task<void> task) {
  // In a turn of the loop: its clock has stood still while the test was made ready, which may have taken long.
  std::ignore = co_await runtime::sleep_until(loop.now());
  co_await std::move(task);
  loop.stop();
}

}  // namespace

RealLoop::RealLoop() {
  std::signal(SIGPIPE, SIG_IGN);
  runtime::Loop::set_current(&loop);
}

RealLoop::~RealLoop() { runtime::Loop::set_current(nullptr); }

void RealLoop::run(Task<void> task) {
  runtime::Scope scope;
  scope.spawn(then_stop(loop, std::move(task)));
  loop.run();
}

TcpPair tcp_pair(runtime::EpollLoop& loop) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const int listener = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(bind(listener, any, length), "bind");
  must(listen(listener, 1), "listen");
  must(getsockname(listener, any, &length), "getsockname");
  const int near = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(connect(near, any, length), "connect");
  const int far = must(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept");
  close(listener);
  return {stream_of(loop, near), stream_of(loop, far)};
}

Task<bool> send_all(runtime::Stream& to, std::string_view text, std::size_t& written, runtime::TimePoint deadline) {
  while (!text.empty()) {
    std::array<iovec, 1> piece{iovec{const_cast<char*>(text.data()), text.size()}};
    auto took = co_await to.write(piece, deadline);
    if (!took) co_return false;
    written += *took;
    text.remove_prefix(*took);
  }
  co_return true;
}

Task<bool> receive(runtime::Stream& from, std::string& into, std::size_t most) {
  std::array<char, 16384> buffer;
  while (into.size() < most) {
    auto got = co_await from.read(std::span(buffer).first(std::min(buffer.size(), most - into.size())));
    if (!got) co_return false;
    if (*got == 0) co_return true;
    into.append(buffer.data(), *got);
  }
  co_return true;
}

std::string noise(std::size_t octets) {
  std::minstd_rand random(7);
  std::string text(octets, '\0');
  for (char& each : text) each = static_cast<char>(random() >> 8);
  return text;
}

}  // namespace sp::testing
