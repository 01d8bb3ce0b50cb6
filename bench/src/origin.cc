// The origin behind every proxy that is measured: `origin PORT`. The last segment of the path says how many octets the
// answer has: GET /any/thing/1024. Small answers are one prebuilt buffer and one send, large ones are sent by sendfile
// from memory, so that the origin costs little and always the same. Requests have no content. Ends when its parent
// does.
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>

#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common.h"

namespace bench {
namespace {

constexpr std::size_t small_limit = 256 * 1024;
constexpr std::size_t large_limit = 1024 * 1024 * 1024;

// One answer, head included where it is small.
struct Answer {
  std::string text;
  off_t file_octets = 0;  // what follows from the memory file
};

class Answers {
 public:
  Answers() : file_(memfd_create("content", MFD_CLOEXEC)) {
    if (file_ < 0) give_up("memfd_create");
  }
  int file() const { return file_; }
  const Answer& of(std::size_t octets) {
    if (octets == last_octets_) return *last_;
    auto [at, fresh] = answers_.try_emplace(octets);
    if (fresh) make(at->second, octets);
    last_octets_ = octets;
    last_ = &at->second;
    return *last_;
  }

 private:
  void make(Answer& answer, std::size_t octets) {
    answer.text =
        "HTTP/1.1 200 OK\r\n"
        "Server: origin\r\n"
        "Date: Fri, 20 Nov 2026 12:00:00 GMT\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Cache-Control: private, max-age=0\r\n"
        "ETag: \"5f2b-61c3a0\"\r\n"
        "Content-Length: " +
        std::to_string(octets) + "\r\n\r\n";
    if (octets <= small_limit) {
      answer.text.append(octets, 'x');
      return;
    }
    answer.file_octets = static_cast<off_t>(octets);
    const std::vector<char> block(small_limit, 'x');
    for (; file_octets_ < octets; file_octets_ += block.size()) {
      if (write(file_, block.data(), block.size()) != static_cast<ssize_t>(block.size())) give_up("write");
    }
  }

  int file_;
  std::size_t file_octets_ = 0;
  std::map<std::size_t, Answer> answers_;
  std::size_t last_octets_ = SIZE_MAX;
  const Answer* last_ = nullptr;
};

struct Connection {
  int fd = -1;
  std::string received;
  const Answer* answer = nullptr;  // being sent
  std::size_t text_sent = 0;
  off_t file_sent = 0;
  bool close_after = false;
};

// After this nothing is said any more.
constexpr std::string_view switching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

// "GET /any/thing/1024 HTTP/1.1": 1024.
std::size_t octets_asked_for(std::string_view head) {
  const std::size_t begin = head.find(' ') + 1;
  std::string_view path = head.substr(begin, head.find_first_of(" ?", begin) - begin);
  std::string_view segment = path.substr(path.rfind('/') + 1);
  std::size_t octets = 0;
  std::from_chars(segment.data(), segment.data() + segment.size(), octets);
  return std::min(octets, large_limit);
}

// What a header of the PROXY protocol takes at the front of a connection; 0: there is none. NGINX has version 1 only.
std::size_t proxy_header_octets(std::string_view received) {
  if (received.starts_with("PROXY ")) return received.find("\r\n") + 2;
  constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
  if (received.size() < 16 || !received.starts_with(signature)) return 0;
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(received[i])); };
  return 16 + (at(14) << 8 | at(15));
}

bool says_close(std::string_view head) {
  for (std::size_t line = head.find("\r\n"); line != std::string_view::npos; line = head.find("\r\n", line + 2)) {
    std::string_view field = head.substr(line + 2);
    if (strncasecmp(field.data(), "connection: close", std::min<std::size_t>(field.size(), 17)) == 0)
      return !field.empty();
  }
  return false;
}

class Origin {
 public:
  explicit Origin(std::uint16_t port) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) give_up("bind");
    if (listen(listener_, 4096) != 0) give_up("listen");
    watch(listener_, EPOLLIN, nullptr);
  }
  [[noreturn]] void run() {
    std::vector<epoll_event> events(512);
    for (;;) {
      const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < n; ++i) {
        auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (connection == nullptr) {
          accept_all();
        } else if (!serve(*connection)) {
          close(connection->fd);
          delete connection;
        }
      }
    }
  }

 private:
  void watch(int fd, std::uint32_t what, Connection* connection) {
    epoll_event event{.events = what, .data = {.ptr = connection}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) give_up("epoll_ctl");
  }
  void accept_all() {
    for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      no_delay(fd);
      watch(fd, EPOLLIN | EPOLLOUT | EPOLLET, make_connection(fd));
    }
  }
  // Deleted in run(), by the event that ends it.
  static Connection* make_connection(int fd) {
    auto connection = std::make_unique<Connection>();
    connection->fd = fd;
    return connection.release();
  }
  // False: the connection is over.
  bool serve(Connection& c) {
    for (;;) {
      if (c.answer != nullptr) {
        if (!send_answer(c)) return false;
        if (c.answer != nullptr) return true;  // the peer must read first
        if (c.close_after) return false;
      }
      c.received.erase(0, proxy_header_octets(c.received));
      const std::size_t end = c.received.find("\r\n\r\n");
      if (end != std::string::npos) {
        const std::string_view head(c.received.data(), end + 2);
        if (head.find("\r\nUpgrade: websocket\r\n") != std::string_view::npos) {
          if (send(c.fd, switching.data(), switching.size(), MSG_NOSIGNAL) < 0) return false;
          c.received.clear();
          return true;
        }
        c.answer = &answers_.of(octets_asked_for(head));
        c.close_after = says_close(head);
        c.received.erase(0, end + 4);
        continue;
      }
      char buffer[16384];
      const ssize_t n = recv(c.fd, buffer, sizeof buffer, 0);
      if (n == 0 || (n < 0 && errno != EAGAIN)) return false;
      if (n < 0) return true;
      c.received.append(buffer, static_cast<std::size_t>(n));
    }
  }
  bool send_answer(Connection& c) {
    const Answer& answer = *c.answer;
    while (c.text_sent < answer.text.size()) {
      const int more = answer.file_octets > 0 ? MSG_MORE : 0;
      const ssize_t n =
          send(c.fd, answer.text.data() + c.text_sent, answer.text.size() - c.text_sent, MSG_NOSIGNAL | more);
      if (n < 0) return errno == EAGAIN;
      c.text_sent += static_cast<std::size_t>(n);
    }
    while (c.file_sent < answer.file_octets) {
      const ssize_t n =
          sendfile(c.fd, answers_.file(), &c.file_sent, static_cast<std::size_t>(answer.file_octets - c.file_sent));
      if (n < 0) return errno == EAGAIN;
    }
    c.answer = nullptr;
    c.text_sent = 0;
    c.file_sent = 0;
    return true;
  }

  int epoll_;
  int listener_ = -1;
  Answers answers_;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  if (argc != 2) bench::refuse("usage", "origin PORT");
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGPIPE, SIG_IGN);
  bench::raise_descriptor_limit();
  bench::Origin(static_cast<std::uint16_t>(bench::number(argv[1]))).run();
}
