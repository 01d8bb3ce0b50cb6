// ${env.NAME}: replaced when the file is read.
#pragma once

#include "config/files.h"
#include "config/node.h"

namespace sp::config {

// Replaces ${env.NAME} and ${env.NAME:-default} in every value (not in keys) of the tree. It works on values and not on
// the text of the file, so that no variable can bring YAML of its own. A variable that is not set is reported.
void expand_environment(Node& tree, const FileSystem& files, Report& report);

}  // namespace sp::config
