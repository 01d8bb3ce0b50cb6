#include "runtime/pipe.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/assert.h"
#include "runtime/epoll_stream.h"

namespace sp::runtime {
namespace {

void close_ends(const Pipe::Ends& ends) {
  close(ends.out);
  close(ends.in);
}

struct Pool {
  std::vector<Pipe::Ends> idle;
  std::size_t in_use = 0;
  ~Pool() {
    for (const Pipe::Ends& each : idle) close_ends(each);
  }
};
thread_local Pool pool;

Pipe::Ends make_ends() {
  int both[2];
  if (pipe2(both, O_NONBLOCK | O_CLOEXEC) != 0) return {};
  Pipe::Ends ends{.out = both[0], .in = both[1]};
  // Refused beyond what a user may have: then it stays as it was made.
  fcntl(ends.in, F_SETPIPE_SZ, static_cast<int>(Pipe::wanted_capacity));
  const int capacity = fcntl(ends.in, F_GETPIPE_SZ);
  ends.capacity = static_cast<std::size_t>(std::max(capacity, 0));
  if (ends.capacity >= Pipe::least_capacity) return ends;
  close_ends(ends);
  return {};
}

// As splice(2) says it; a return of 0 is left to the caller.
IoResult splice_some(int from, int to, std::size_t most) {
  for (;;) {
    const ssize_t n = splice(from, nullptr, to, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n >= 0) return IoResult::done(static_cast<std::size_t>(n));
    if (errno == EINTR) continue;
    return errno == EAGAIN ? IoResult::would_block() : IoResult::failed(code_of_errno(errno));
  }
}

// One octet from one socket to another.
bool passes_an_octet(const int (&from)[2], const int (&to)[2], const Pipe::Ends& ends) {
  char octet = 'x';
  return send(from[0], &octet, 1, MSG_NOSIGNAL) == 1 && splice_some(from[1], ends.in, 1).bytes == 1 &&
         splice_some(ends.out, to[0], 1).bytes == 1 && recv(to[1], &octet, 1, MSG_DONTWAIT) == 1 && octet == 'x';
}

}  // namespace

bool Pipe::system_can_splice() {
  int from[2], to[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, from) != 0) return false;
  bool can = false;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to) == 0) {
    const Ends ends = make_ends();
    can = ends.in >= 0 && passes_an_octet(from, to, ends);
    if (ends.in >= 0) close_ends(ends);
    close(to[0]);
    close(to[1]);
  }
  close(from[0]);
  close(from[1]);
  return can;
}

Pipe Pipe::take() {
  static const bool can_splice = system_can_splice();
  if (!can_splice || pool.in_use == most_in_use) return {};
  Ends ends;
  if (pool.idle.empty()) {
    ends = make_ends();
    if (ends.in < 0) return {};
  } else {
    ends = pool.idle.back();
    pool.idle.pop_back();
  }
  ++pool.in_use;
  return Pipe(ends);
}

Pipe::~Pipe() {
  if (!has_value()) return;
  --pool.in_use;
  if (held_ == 0 && pool.idle.size() < most_kept) {
    pool.idle.push_back(ends_);
  } else {
    close_ends(ends_);
  }
}

IoResult Pipe::fill(int socket, std::size_t most) {
  SP_ASSERT(held_ == 0);
  IoResult filled = splice_some(socket, ends_.in, std::min(most, ends_.capacity));
  if (filled.status == IoStatus::done && filled.bytes == 0) return IoResult::end();
  held_ += filled.bytes;
  return filled;
}

IoResult Pipe::drain(int socket) {
  IoResult drained = splice_some(ends_.out, socket, held_);
  if (drained.status == IoStatus::done && drained.bytes == 0) return IoResult::failed(Code::io_error);
  held_ -= drained.bytes;
  return drained;
}

std::size_t Pipe::in_use() { return pool.in_use; }
std::size_t Pipe::kept() { return pool.idle.size(); }

}  // namespace sp::runtime
