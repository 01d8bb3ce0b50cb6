// From the first file to one tree: environment variables put in, includes read and merged, secrets fetched.
#pragma once

#include <optional>
#include <string>

#include "config/files.h"
#include "config/node.h"

namespace sp::config {

// The merged tree of `text`, which was read under the name `name`. Every file that is read enters `sources`, whose keys
// the positions of the tree point to. Null where nothing could be read at all; the report says why.
std::optional<Node> load_tree(const std::string& name, std::string text, const FileSystem& files, Sources& sources,
                              Report& report);

// Reads a file under its path; reports at `at` what went wrong.
std::optional<std::string> read_reported(const std::string& path, const Position& at, const FileSystem& files,
                                         Report& report);

}  // namespace sp::config
