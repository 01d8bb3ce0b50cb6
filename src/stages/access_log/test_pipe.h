// A pipe for tests of logs: what was written is read without waiting, or waited for with a bound.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace sp::access_log {

class TestPipe {
 public:
  TestPipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);  // the reading end only: what is tested writes to a blocking pipe
  }
  ~TestPipe() {
    close_out();
    close(ends_[1]);
  }
  TestPipe(const TestPipe&) = delete;
  TestPipe& operator=(const TestPipe&) = delete;

  int in() const { return ends_[1]; }
  // Nobody reads any more.
  void close_out() {
    if (ends_[0] >= 0) close(ends_[0]);
    ends_[0] = -1;
  }
  // What is there now.
  std::string read() {
    std::string text;
    std::array<char, 65536> piece;
    for (ssize_t got; (got = ::read(ends_[0], piece.data(), piece.size())) > 0;) text.append(piece.data(), got);
    return text;
  }
  // At least so many octets, or what came within ten seconds.
  std::string read_until(std::size_t octets) {
    std::string text = read();
    while (text.size() < octets) {
      pollfd entry{.fd = ends_[0], .events = POLLIN, .revents = 0};
      if (poll(&entry, 1, 10'000) != 1) break;
      text += read();
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

}  // namespace sp::access_log
