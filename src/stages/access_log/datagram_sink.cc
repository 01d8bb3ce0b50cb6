// syslog and systemd's journal: one datagram for each line to a Unix socket.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "stages/access_log/escape.h"
#include "stages/access_log/sink.h"

namespace sp::access_log {
namespace {

// What every syslog daemon takes; the end of a longer line is cut off when the socket refuses it whole.
constexpr std::size_t small_datagram = 8000;

class DatagramSink : public Sink {
 public:
  DatagramSink(std::string_view name, std::string path) : name_(name), path_(std::move(path)) {}
  ~DatagramSink() override { hang_up(); }

  Outcome write(std::string_view& lines) final {
    while (!lines.empty()) {
      std::string_view line = lines.substr(0, lines.find('\n'));
      datagram_.clear();
      compose(datagram_, line);
      int fault = line.empty() ? 0 : deliver();
      if (fault == EAGAIN || fault == ENOBUFS) return Outcome::blocked;
      if (fault != 0) {
        fault_ = fault;
        return Outcome::failed;
      }
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    }
    return Outcome::done;
  }
  int descriptor() const final { return socket_; }
  int fault() const final { return fault_; }
  std::string_view name() const final { return name_; }

 private:
  virtual void compose(std::string& datagram, std::string_view line) = 0;

  // Zero or an errno. A daemon that was started anew listens at a new socket: connects to it, once.
  int deliver() {
    int fault = send_once(datagram_.size());
    if (fault == EMSGSIZE) fault = send_once(std::min(datagram_.size(), small_datagram));
    if (fault != ECONNREFUSED && fault != ENOTCONN && fault != ECONNRESET && fault != EPIPE) return fault;
    hang_up();
    return send_once(datagram_.size());
  }
  int send_once(std::size_t octets) {
    if (int fault = connect_once(); fault != 0) return fault;
    for (;;) {
      if (send(socket_, datagram_.data(), octets, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return 0;
      if (errno != EINTR) return errno;
    }
  }
  int connect_once() {
    if (socket_ >= 0) return 0;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) return errno;
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return 0;
    int fault = errno;
    hang_up();
    return fault;
  }
  void hang_up() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }

  std::string name_;
  std::string path_;
  std::string datagram_;
  int socket_ = -1;
  int fault_ = 0;
};

// RFC 3164 as the C library writes it to /dev/log: "<30>Nov  3 12:00:00 sallyport[123]: ...", facility daemon, level
// info, local time.
class SyslogSink final : public DatagramSink {
 public:
  explicit SyslogSink(std::string path) : DatagramSink("syslog", std::move(path)) {}

 private:
  void compose(std::string& datagram, std::string_view line) override {
    std::time_t now = std::time(nullptr);
    if (now != second_) {
      second_ = now;
      std::tm local{};
      localtime_r(&now, &local);
      std::array<char, 32> text;
      std::size_t length = std::strftime(text.data(), text.size(), "<30>%b %e %H:%M:%S sallyport[", &local);
      head_.assign(text.data(), length);
      append_number(head_, static_cast<std::uint64_t>(getpid()));
      head_ += "]: ";
    }
    datagram += head_;
    datagram += line;
  }
  std::time_t second_ = -1;
  std::string head_;
};

// The journal's own protocol: fields as lines. Ours hold no newline, so that the simple form is enough.
class JournalSink final : public DatagramSink {
 public:
  explicit JournalSink(std::string path) : DatagramSink("journal", std::move(path)) {}

 private:
  void compose(std::string& datagram, std::string_view line) override {
    datagram += "PRIORITY=6\nSYSLOG_IDENTIFIER=sallyport\nMESSAGE=";
    datagram += line;
    datagram += '\n';
  }
};

}  // namespace

std::unique_ptr<Sink> make_syslog_sink(const std::string& path) { return std::make_unique<SyslogSink>(path); }
std::unique_ptr<Sink> make_journal_sink(const std::string& path) { return std::make_unique<JournalSink>(path); }

Result<std::unique_ptr<Sink>> open_sink(std::string_view access, const SinkPlaces& places) {
  if (access == "off") return std::unique_ptr<Sink>();
  if (access == "stdout") return make_stream_sink(places.standard_output, "stdout");
  if (access == "syslog") return make_syslog_sink(places.syslog_socket);
  if (access != "journal") return open_file_sink(std::string(access));
  if (::access(places.journal_socket.c_str(), F_OK) == 0) return make_journal_sink(places.journal_socket);
  return make_stream_sink(places.standard_error, "standard error (there is no journal)");
}

}  // namespace sp::access_log
