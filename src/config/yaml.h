// YAML text to a tree. The one place that knows yaml-cpp: its exceptions end here.
#pragma once

#include <optional>
#include <string>

#include "config/node.h"

namespace sp::config {

// Bounds on what one file may make us build, so that no file exhausts memory or stack.
struct YamlLimits {
  std::size_t bytes = 16u << 20;
  std::size_t nodes = 400'000;  // after aliases are followed
  int depth = 48;
};

// The tree of one document. `name` outlives the tree: its nodes point to it. Reports bad encoding, syntax errors,
// duplicate keys, keys that are not text, tags, a second document and exceeded bounds; null where no tree could be
// made. Aliases are replaced by copies of what they name, and `<<` merges maps.
std::optional<Node> parse_yaml(const std::string& name, const std::string& text, Report& report,
                               const YamlLimits& limits = {});

}  // namespace sp::config
