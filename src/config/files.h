// The files and environment variables that a configuration is read from, as an interface: tests need no disk.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sp::config {

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // The whole content. Fails with not_found, permission_denied, or io_error, whose `where` says what it is; a file that
  // is larger than `limit_bytes` is an io_error.
  virtual Result<std::string> read(const std::string& path, std::size_t limit_bytes) const = 0;
  // The paths that match a shell pattern (* ? [...]), sorted; a pattern without these matches itself if it exists.
  virtual std::vector<std::string> glob(const std::string& pattern) const = 0;
  // Whether there is a folder of this name; one that this user may not look at counts as missing.
  virtual bool has_folder(const std::string& path) const = 0;
  // An environment variable, or null when it is not set.
  virtual std::optional<std::string> variable(const std::string& name) const = 0;
};

// The machine's own.
class RealFileSystem final : public FileSystem {
 public:
  Result<std::string> read(const std::string& path, std::size_t limit_bytes) const override;
  std::vector<std::string> glob(const std::string& pattern) const override;
  bool has_folder(const std::string& path) const override;
  std::optional<std::string> variable(const std::string& name) const override;
};

// Files and variables that were made up: for tests, and where a configuration must not reach the disk.
class MemoryFileSystem final : public FileSystem {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  Result<std::string> read(const std::string& path, std::size_t limit_bytes) const override;
  std::vector<std::string> glob(const std::string& pattern) const override;
  bool has_folder(const std::string& path) const override;
  std::optional<std::string> variable(const std::string& name) const override;
};

// `path` as seen from the folder of the file `from`; an absolute path stays what it is.
std::string relative_to(const std::string& from, const std::string& path);

}  // namespace sp::config
