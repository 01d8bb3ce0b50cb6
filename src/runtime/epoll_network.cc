#include "runtime/epoll_network.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <new>

#include "runtime/abort_on_cancel.h"
#include "runtime/epoll_stream.h"
#include "runtime/socket_address.h"
#include "runtime/tcp_facts.h"

namespace sp::runtime {
namespace {

// How long a listener waits when descriptors ran out, instead of spinning over a queue that it cannot serve.
constexpr Duration pause_without_descriptors{100};
// Connections taken in one turn: the others of the loop are not to wait for a flood.
constexpr int accepts_per_turn = 64;

class EpollListener final : public Listener, private Pollable {
 public:
  EpollListener(EpollLoop& loop, BoundSocket socket, OnAccept on_accept)
      : loop_(loop), socket_(std::move(socket)), on_accept_(std::move(on_accept)) {
    if (auto local = bound_to(socket_)) local_ = *local;
    resume();
  }
  ~EpollListener() override { pause(); }

  void pause() override {
    retry_.unlink();
    if (serving_) loop_.remove(socket_.descriptor(), *this);
    serving_ = false;
  }
  void resume() override {
    if (serving_) return;
    serving_ = loop_.add(socket_.descriptor(), EPOLLIN, *this).has_value();
    if (!serving_) loop_.timers().arm(retry_, loop_.now() + pause_without_descriptors);
  }

 private:
  void on_events(std::uint32_t) override {
    for (int i = 0; i < accepts_per_turn; ++i) {
      if (!accept_one()) return;
    }
  }

  bool accept_one() {
    SocketAddress peer;
    peer.length = sizeof peer.storage;
    int descriptor = accept4(socket_.descriptor(), peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (errno == EINTR || errno == ECONNABORTED) return true;
      if (errno != EAGAIN) wait_a_while();
      return false;
    }
    std::unique_ptr<EpollStream> stream(new (std::nothrow) EpollStream(loop_, descriptor));
    if (stream == nullptr) close(descriptor);
    if (stream == nullptr || !stream->start()) {
      wait_a_while();
      return false;
    }
    stream->expect_silence();  // what is there already is told by the next epoll_wait
    on_accept_(Accepted{std::move(stream), from_socket_address(peer), local_of(descriptor)});
    return true;
  }

  // A listener on all addresses learns from each connection which one it is.
  Endpoint local_of(int descriptor) const {
    if (local_.is_unix() || (local_.address != IpAddress::any4() && local_.address != IpAddress::any6())) return local_;
    SocketAddress address;
    address.length = sizeof address.storage;
    if (getsockname(descriptor, address.get(), &address.length) != 0) return local_;
    return from_socket_address(address);
  }

  void wait_a_while() {
    pause();
    loop_.timers().arm(retry_, loop_.now() + pause_without_descriptors);
  }
  static void retry(void* self) { static_cast<EpollListener*>(self)->resume(); }

  EpollLoop& loop_;
  BoundSocket socket_;
  OnAccept on_accept_;
  Endpoint local_;
  bool serving_ = false;
  Timer retry_{&EpollListener::retry, this};
};

class Connected final : public Stream::Operation {
 public:
  Connected(EpollStream& stream, TimePoint until) : Operation(stream, Direction::write, until), socket_(stream) {}
  Result<void> await_resume() const {
    if (result_.status == IoStatus::failed) return fail(result_.code, "connect");
    return {};
  }

 private:
  IoResult attempt() override { return socket_.try_connected(); }
  EpollStream& socket_;
};

Error connect_error(Code code) {
  if (code == Code::timeout) code = Code::connection_timeout;
  if (code == Code::upstream_reset) code = Code::connection_refused;
  return {.code = code, .side = Side::upstream, .retry = Retry::safe, .where = "connect"};
}

struct Connecting {
  std::unique_ptr<EpollStream> stream;
  bool waits = false;  // else it is there
};

// Not in the coroutine: what is only needed to begin is not held until the end.
Result<Connecting> begin(EpollLoop& loop, const Endpoint& to) {
  SP_TRY_PLAIN(SocketAddress address, to_socket_address(to));
  const int descriptor = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return fail(connect_error(code_of_errno(errno)));
  Connecting made{.stream = std::make_unique<EpollStream>(loop, descriptor)};
  int on = 1;
  if (!to.is_unix()) {
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!to.address.is_loopback()) keep_alive(descriptor);  // nobody vanishes from this machine without a word
  }
  if (::connect(descriptor, address.get(), address.length) != 0) {
    if (errno != EINPROGRESS) return fail(connect_error(code_of_errno(errno == EAGAIN ? ECONNREFUSED : errno)));
    made.waits = true;
  }
  auto started = made.stream->start();
  if (!started) return fail(started.error());
  made.stream->expect_silence();
  return made;
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> EpollNetwork::connect(const Endpoint& to, TimePoint deadline,
                                                            CancelToken& token) {
  if (token.cancelled()) co_return fail(token.why(), "connect");
  SP_TRY(Connecting made, begin(loop_, to));
  if (made.waits) {
    made.stream->note_not_writable();
    AbortOnCancel abort(*made.stream, token);
    Result<void> connected = co_await Connected(*made.stream, deadline);
    if (!connected) co_return fail(connect_error(connected.error().code));
  }
  co_return std::unique_ptr<Stream>(std::move(made.stream));
}

std::unique_ptr<Listener> EpollNetwork::serve(BoundSocket socket, Listener::OnAccept on_accept) {
  return std::make_unique<EpollListener>(loop_, std::move(socket), std::move(on_accept));
}

}  // namespace sp::runtime
