// A tree becomes a Config, by the tables of the schema.
#pragma once

#include "config/files.h"
#include "config/node.h"

namespace sp::config {

// Reads what the tree holds, and reports every key and value that is wrong. What is wrong keeps its default, so that
// the rest can still be looked at.
Config read_config(const Node& tree, const FileSystem& files, Report& report);

}  // namespace sp::config
