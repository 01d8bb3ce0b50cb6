// RewriteCond: what it asks for, as far as the importer has an answer to it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "import/apache/scope.h"
#include "import/apache/tree.h"

namespace sp::import::apache {

// What is known about a server before its directives are read in order.
struct Surroundings {
  std::vector<std::string> names;
  bool tls = false;
};
Surroundings look_around(std::span<const Directive> directives);

struct RewriteCondition {
  enum class Asks { plain_http, websocket, own_name, path, not_path, always, trace, other } asks = Asks::other;
  std::string pattern;
  bool or_next = false;
  Origin origin;
};
RewriteCondition read_condition(const Directive& directive, const Surroundings& around);

// What a chain of conditions joined by [OR] asks for, if that is one thing.
RewriteCondition either(std::span<const RewriteCondition> chain);

}  // namespace sp::import::apache
