// store_authority(): how the files of an authority come to the disk.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "tls/certificate_authority.h"

namespace sp::tls {
namespace {

using Stored = std::expected<void, std::string>;

Stored failed(std::string_view what, const std::string& path, int error) {
  return std::unexpected(fmt::format("cannot {} {}: {}", what, path, std::system_category().message(error)));
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A file beside the one that it is to become, gone again unless it did.
class Draft final {
 public:
  // mkostemp() makes it with O_EXCL, for this user alone.
  explicit Draft(const std::string& path) : path_(path + ".XXXXXX"), fd_(::mkostemp(path_.data(), O_CLOEXEC)) {}
  ~Draft() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  bool made() const { return fd_ >= 0; }
  // False with errno.
  bool write(std::string_view content, mode_t mode) const {
    while (!content.empty()) {
      const ssize_t n = ::write(fd_, content.data(), content.size());
      if (n < 0 && errno != EINTR) return false;
      if (n > 0) content.remove_prefix(static_cast<std::size_t>(n));
    }
    return ::fchmod(fd_, mode) == 0 && ::fsync(fd_) == 0;
  }
  // link(), since rename() would replace what is there.
  bool publish(const std::string& path) const { return ::link(path_.c_str(), path.c_str()) == 0; }

 private:
  std::string path_;
  int fd_;
};

// So that a name is not lost that was seen already.
bool sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  errno = error;
  return synced;
}

Stored write_new(const std::string& path, std::string_view content, mode_t mode) {
  const Draft draft(path);
  if (!draft.made()) return failed("make a file for", path, errno);
  if (!draft.write(content, mode) || !draft.publish(path)) return failed("write", path, errno);
  if (sync_folder(folder_of(path))) return {};
  const int error = errno;
  ::unlink(path.c_str());
  return failed("write", path, error);
}

}  // namespace

Stored store_authority(const PemPair& pair, const AuthorityPaths& paths) {
  Stored stored = write_new(paths.key, pair.key, 0600);
  if (!stored) return stored;
  stored = write_new(paths.certificate, pair.certificate, 0644);
  // A key alone would stand in the way of the next try.
  if (!stored) ::unlink(paths.key.c_str());
  return stored;
}

}  // namespace sp::tls
