#include "runtime/epoll_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/pipe.h"
#include "runtime/tcp_facts.h"

namespace sp::runtime {

Code code_of_errno(int error) {
  switch (error) {
    case ECONNREFUSED: return Code::connection_refused;
    case ETIMEDOUT: return Code::connection_timeout;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT: return Code::connection_unreachable;
    case ECONNRESET:
    case EPIPE: return Code::upstream_reset;
    case EMFILE:
    case ENFILE: return Code::no_descriptors;
    case ENOMEM:
    case ENOBUFS: return Code::out_of_memory;
    case EACCES:
    case EPERM: return Code::permission_denied;
    case ENOENT: return Code::not_found;  // of a Unix socket
    case EADDRINUSE: return Code::address_in_use;
    default: return Code::io_error;
  }
}

EpollStream::EpollStream(EpollLoop& loop, int descriptor) : loop_(loop), descriptor_(descriptor) {
  static_assert(sizeof(EpollStream) <= 112);
}

EpollStream::~EpollStream() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  if (registered_) loop_.forget_events(*this);
  if (reset_) {
    linger hard{.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  close(descriptor_);
}

Result<void> EpollStream::start() {
  auto added = loop_.add(descriptor_, EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
  registered_ = added.has_value();
  return added;
}

IoResult EpollStream::failed(int error) {
  was_reset_ = was_reset_ || error == ECONNRESET;
  return IoResult::failed(code_of_errno(error));
}

IoResult EpollStream::try_read(std::span<char> into) {
  if (into.empty() && aborted_ == Code::ok) return readable_ || ending_ ? IoResult::done(0) : IoResult::would_block();
  return receive(into, 0);
}

IoResult EpollStream::try_peek(std::span<char> into) { return receive(into, MSG_PEEK); }

IoResult EpollStream::receive(std::span<char> into, int flags) {
  if (aborted_ != Code::ok) return IoResult::failed(aborted_);
  if (at_end_) return IoResult::end();
  if (!readable_ && !ending_) return IoResult::would_block();
  for (;;) {
    ssize_t n = recv(descriptor_, into.data(), into.size(), flags);
    if (n > 0) {
      // A short read has emptied the queue: the next edge says when there is more. Or it ends before an urgent octet.
      if (flags == 0 && static_cast<std::size_t>(n) < into.size() && !urgent_) {
        readable_ = false;
        at_end_ = ending_ && !broken_;  // the peer's end was there before: nothing can be behind these
      }
      return IoResult::done(static_cast<std::size_t>(n));
    }
    if (n == 0) return IoResult::end();
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return failed(errno);
    readable_ = false;
    ending_ = false;
    return IoResult::would_block();
  }
}

IoResult EpollStream::try_write(std::span<const iovec> pieces) {
  if (aborted_ != Code::ok) return IoResult::failed(aborted_);
  if (!writable_) return IoResult::would_block();
  std::size_t total = 0;
  for (const iovec& piece : pieces) total += piece.iov_len;
  for (;;) {
    ssize_t n;
    if (pieces.size() == 1) {
      n = send(descriptor_, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(pieces.data());
      message.msg_iovlen = pieces.size();
      n = sendmsg(descriptor_, &message, MSG_NOSIGNAL);
    }
    if (n >= 0) {
      sent_ += static_cast<std::size_t>(n);
      if (static_cast<std::size_t>(n) < total) writable_ = false;
      return IoResult::done(static_cast<std::size_t>(n));
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return failed(errno);
    writable_ = false;
    return IoResult::would_block();
  }
}

// Unlike a short read, a short fill proves nothing: the pipe may have had no room for more. Only EAGAIN does, of a pipe
// that was empty.
IoResult EpollStream::try_read_into(Pipe& pipe, std::size_t most) {
  if (aborted_ != Code::ok) return IoResult::failed(aborted_);
  if (!readable_ && !ending_) return IoResult::would_block();
  IoResult filled = pipe.fill(descriptor_, most);
  // Or something is, behind an urgent octet, before which splice stands still until it is read over.
  if (filled.status == IoStatus::would_block && !urgent_) readable_ = ending_ = false;
  return filled;
}

IoResult EpollStream::try_write_from(Pipe& pipe) {
  if (aborted_ != Code::ok) return IoResult::failed(aborted_);
  if (!writable_) return IoResult::would_block();
  IoResult drained = pipe.drain(descriptor_);
  if (drained.status != IoStatus::failed && pipe.held() != 0) writable_ = false;
  sent_ += drained.bytes;
  return drained;
}

IoResult EpollStream::try_finish() {
  if (aborted_ != Code::ok) return IoResult::failed(aborted_);
  if (::shutdown(descriptor_, SHUT_WR) == 0 || errno == ENOTCONN) return IoResult::done(0);
  return IoResult::failed(code_of_errno(errno));
}

void EpollStream::acknowledge() {
  int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);  // a Unix socket refuses it, and needs it not
}

// What the peer's kernel has acknowledged is what it took: an octet that it refused with a reset never came to its
// program. A program that reads makes its kernel acknowledge at once if the octets came in two segments (see Upload);
// until then the acknowledgement may wait for an answer to travel with.
bool EpollStream::may_have_arrived(std::uint64_t mark) const {
  if (sent_ == mark) return false;
  auto acknowledged = octets_acknowledged(descriptor_);
  if (!acknowledged || *acknowledged > mark) return true;
  // Who resets after reading only a part of it has not made its kernel acknowledge: a program reads so much at once.
  constexpr std::uint64_t read_at_once = 4096;
  return was_reset_ && sent_ - mark > read_at_once;
}

IoResult EpollStream::try_connected() {
  if (aborted_ != Code::ok) return IoResult::failed(aborted_);
  if (!writable_) return IoResult::would_block();
  if (!broken_) return IoResult::done(0);
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  return error == 0 ? IoResult::done(0) : IoResult::failed(code_of_errno(error));
}

void EpollStream::arm(Direction direction, IoWait& wait) {
  IoWait*& slot = waiting(direction);
  slot = &wait;
  if (aborted_ != Code::ok) return wake(slot, aborted_);
  // Lazily: a timer that is armed for an earlier time stays, and looks again when it fires.
  if (wait.deadline != never && (wait.deadline < timer_.when() || !timer_.armed()))
    loop_.timers().arm(timer_, wait.deadline);
}

void EpollStream::disarm(Direction direction) { waiting(direction) = nullptr; }

void EpollStream::time_is_up() {
  const TimePoint now = loop_.now();
  const bool reader_is_late = reader_ != nullptr && reader_->deadline <= now;
  const bool writer_is_late = writer_ != nullptr && writer_->deadline <= now;
  TimePoint next = never;
  if (reader_ != nullptr && !reader_is_late) next = reader_->deadline;
  if (writer_ != nullptr && !writer_is_late) next = std::min(next, writer_->deadline);
  if (next != never) loop_.timers().arm(timer_, next);
  // Each may end in this object's destruction.
  bool destroyed = false;
  destroyed_ = &destroyed;
  if (writer_is_late) wake(writer_, Code::timeout);
  if (destroyed) return;
  if (reader_is_late) wake(reader_, Code::timeout);
  if (!destroyed) destroyed_ = nullptr;
}

void EpollStream::wake(IoWait*& waiting, Code why) {
  IoWait* wait = waiting;
  if (wait == nullptr) return;
  waiting = nullptr;
  wait->wake(*wait, why);
}

void EpollStream::abort(Code why) {
  if (aborted_ != Code::ok) return;
  aborted_ = why;
  wake(reader_, why);  // only posts: this object is still there for the next line
  wake(writer_, why);
}

void EpollStream::on_events(std::uint32_t events) {
  constexpr std::uint32_t gone = EPOLLHUP | EPOLLERR;
  if ((events & (EPOLLIN | EPOLLRDHUP | gone)) != 0) readable_ = true;
  if ((events & EPOLLPRI) != 0) urgent_ = true;
  if ((events & (EPOLLRDHUP | gone)) != 0) ending_ = true;
  if ((events & gone) != 0) broken_ = true;
  if ((events & (EPOLLOUT | gone)) != 0) writable_ = true;
  // Each of the three may end in this object's destruction.
  bool destroyed = false;
  destroyed_ = &destroyed;
  if (hangup_ != nullptr && (events & (hangup_->what == HangupWatch::For::reset ? EPOLLERR : gone)) != 0) {
    const HangupWatch* watch = std::exchange(hangup_, nullptr);
    watch->function(watch->context);
    if (destroyed) return;
  }
  if (writable_) wake(writer_, Code::ok);
  if (destroyed) return;
  if (readable_) wake(reader_, Code::ok);
  if (!destroyed) destroyed_ = nullptr;
}

}  // namespace sp::runtime
