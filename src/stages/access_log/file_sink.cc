// A file, or a descriptor that somebody else has opened.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "stages/access_log/sink.h"

namespace sp::access_log {
namespace {

constexpr int file_flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
constexpr mode_t file_mode = 0640;

Code code_of(int fault) {
  switch (fault) {
    case ENOENT:
    case ENOTDIR: return Code::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
    case EISDIR: return Code::permission_denied;
    case EMFILE:
    case ENFILE: return Code::no_descriptors;
    default: return Code::io_error;
  }
}

enum class Owner : std::uint8_t { sink, somebody_else };

class DescriptorSink final : public Sink {
 public:
  // `path` empty: there is nothing to open again.
  DescriptorSink(int descriptor, Owner owner, std::string_view name, std::string path)
      : descriptor_(descriptor), owner_(owner), name_(name), path_(std::move(path)) {
    struct stat status{};
    if (fstat(descriptor, &status) == 0) type_ = status.st_mode & S_IFMT;
    int flags = fcntl(descriptor, F_GETFL);
    nonblocking_ = flags >= 0 && (flags & O_NONBLOCK) != 0;
  }
  ~DescriptorSink() override {
    if (owner_ == Owner::sink) close(descriptor_);
  }

  Outcome write(std::string_view& lines) override {
    while (!lines.empty()) {
      ssize_t written = write_some(lines);
      if (written > 0) {
        lines.remove_prefix(static_cast<std::size_t>(written));
        continue;
      }
      if (written < 0 && errno == EINTR) continue;
      if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Outcome::blocked;
      fault_ = written == 0 ? EIO : errno;
      return Outcome::failed;
    }
    return Outcome::done;
  }

  bool reopen() override {
    if (path_.empty()) return true;
    int fresh = open(path_.c_str(), file_flags, file_mode);
    if (fresh < 0) {
      fault_ = errno;
      return false;
    }
    close(std::exchange(descriptor_, fresh));
    return true;
  }
  int descriptor() const override { return descriptor_; }
  int fault() const override { return fault_; }
  std::string_view name() const override { return name_; }

 private:
  // Never waits: a blocking pipe or terminal gets only as much as it is sure to take at once (PIPE_BUF). Making it
  // non-blocking instead would make it so for every process that shares it.
  ssize_t write_some(std::string_view lines) const {
    if (type_ == S_IFSOCK) return send(descriptor_, lines.data(), lines.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (type_ == S_IFREG || nonblocking_) return ::write(descriptor_, lines.data(), lines.size());
    constexpr std::size_t pipe_buf = 4096;
    pollfd entry{.fd = descriptor_, .events = POLLOUT, .revents = 0};
    if (poll(&entry, 1, 0) == 0) {
      errno = EAGAIN;
      return -1;
    }
    return ::write(descriptor_, lines.data(), std::min(lines.size(), pipe_buf));
  }

  int descriptor_;
  Owner owner_;
  std::string name_;
  std::string path_;
  mode_t type_ = S_IFREG;
  bool nonblocking_ = false;
  int fault_ = 0;
};

}  // namespace

Result<std::unique_ptr<Sink>> open_file_sink(const std::string& path) {
  int descriptor = open(path.c_str(), file_flags, file_mode);
  if (descriptor < 0) return fail(code_of(errno), "access log");
  return std::make_unique<DescriptorSink>(descriptor, Owner::sink, path, path);
}

std::unique_ptr<Sink> make_stream_sink(int descriptor, std::string_view name) {
  // A description of our own of the same pipe or terminal can be made non-blocking without anybody else noticing. Where
  // that is not permitted (or it is a socket), the sink helps itself otherwise.
  struct stat status{};
  bool is_file = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  int own = -1;
  if (!is_file) {
    const std::string itself = "/proc/self/fd/" + std::to_string(descriptor);
    own = open(itself.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  }
  if (own >= 0) return std::make_unique<DescriptorSink>(own, Owner::sink, name, "");
  return std::make_unique<DescriptorSink>(descriptor, Owner::somebody_else, name, "");
}

}  // namespace sp::access_log
