// The whole way from a file to a configuration that can be used, with everything that is wrong with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/files.h"
#include "config/finding.h"
#include "config/model.h"

namespace sp::config {

struct Loaded {
  Config config;                  // to be used only where ok()
  std::vector<Finding> findings;  // in the order of the files and lines
  Sources sources;                // what was read, for print()
  bool ok() const { return !has_errors(findings); }
};

// Reads, merges, validates and checks. `path` is also the name in places.
Loaded load_file(const std::string& path, const FileSystem& files);
// The same for a text that is here already; `files` serves what it includes.
Loaded load_text(const std::string& name, std::string_view text, const FileSystem& files);

}  // namespace sp::config
