#include "config/files.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace sp::config {
namespace {

constexpr const char* too_large = "it is larger than a configuration may be";

std::unexpected<Error> failed(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR: return fail(Code::not_found, "there is no such file");
    case EACCES:
    case EPERM: return fail(Code::permission_denied, "this user may not read it");
    case EISDIR: return fail(Code::io_error, "it is a folder");
    default: return fail(Code::io_error, "it cannot be read");
  }
}

class Descriptor final {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

Result<std::string> RealFileSystem::read(const std::string& path, std::size_t limit_bytes) const {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return failed(errno);
  // Not by its size: /dev/stdin, pipes and /proc have none.
  std::string content;
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(errno);
    if (n == 0) return content;
    content.append(buffer, static_cast<std::size_t>(n));
    if (content.size() > limit_bytes) return fail(Code::io_error, too_large);
  }
}

std::vector<std::string> RealFileSystem::glob(const std::string& pattern) const {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  // glob() sorts by the locale; the order of a configuration must not depend on it.
  std::ranges::sort(paths);
  return paths;
}

bool RealFileSystem::has_folder(const std::string& path) const {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::optional<std::string> RealFileSystem::variable(const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

Result<std::string> MemoryFileSystem::read(const std::string& path, std::size_t limit_bytes) const {
  const auto found = files.find(path);
  if (found == files.end()) return failed(ENOENT);
  if (found->second.size() > limit_bytes) return fail(Code::io_error, too_large);
  return found->second;
}

std::vector<std::string> MemoryFileSystem::glob(const std::string& pattern) const {
  std::vector<std::string> paths;
  for (const auto& [path, content] : files) {
    if (::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0) paths.push_back(path);
  }
  return paths;
}

bool MemoryFileSystem::has_folder(const std::string& path) const {
  const std::string inside = path.ends_with('/') ? path : path + "/";
  const auto first = files.lower_bound(inside);
  return first != files.end() && first->first.starts_with(inside);
}

std::optional<std::string> MemoryFileSystem::variable(const std::string& name) const {
  const auto found = variables.find(name);
  if (found == variables.end()) return std::nullopt;
  return found->second;
}

std::string relative_to(const std::string& from, const std::string& path) {
  if (path.starts_with('/')) return path;
  const auto slash = from.rfind('/');
  return slash == std::string::npos ? path : from.substr(0, slash + 1) + path;
}

}  // namespace sp::config
