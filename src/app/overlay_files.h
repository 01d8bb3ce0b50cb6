// Files and variables in memory over those of elsewhere: certificates that are made on the spot need no disk.
#pragma once

#include <map>
#include <string>

#include "config/files.h"

namespace sp::app {

class OverlayFiles final : public config::FileSystem {
 public:
  // `below` outlives it.
  explicit OverlayFiles(const config::FileSystem& below) : below_(below) {}
  void put(std::string path, std::string content) { files_[std::move(path)] = std::move(content); }
  void set(std::string name, std::string value) { variables_[std::move(name)] = std::move(value); }

  Result<std::string> read(const std::string& path, std::size_t limit_bytes) const override {
    auto found = files_.find(path);
    if (found == files_.end()) return below_.read(path, limit_bytes);
    return found->second;
  }
  std::vector<std::string> glob(const std::string& pattern) const override { return below_.glob(pattern); }
  bool has_folder(const std::string& path) const override { return below_.has_folder(path); }
  std::optional<std::string> variable(const std::string& name) const override {
    auto found = variables_.find(name);
    if (found == variables_.end()) return below_.variable(name);
    return found->second;
  }

 private:
  const config::FileSystem& below_;
  std::map<std::string, std::string> files_;
  std::map<std::string, std::string> variables_;
};

}  // namespace sp::app
