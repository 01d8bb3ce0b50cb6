// Most of the regular expressions in Apache's files are prefixes or exact paths in disguise: ^/app/(.*)$ and the like.
// These become routes with `path` and `exact`, which people read better; and their order matters less.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/apache/scope.h"

namespace sp::import::apache {

// One path that a simple expression stands for. An alternation, ^/(a|b), stands for several.
struct SimplePattern {
  MatchForm form = MatchForm::prefix;
  std::string path;                 // "" for every path
  std::vector<std::string> groups;  // what $1, $2... are, as far as they are literal
  bool whole_segments = true;       // false: /app is about /apple too
  int rest_group = 0;               // the group that holds what follows `path`; 0: none does
};
std::vector<SimplePattern> simple_patterns(std::string_view regex);  // empty: it is not simple

// The rule itself, or the simple rules that say the same. Their targets have no $1 any more.
std::vector<Rule> simplified(const Rule& rule);

// The path with which every match begins, as far as it is literal; "/" if nothing is known.
std::string literal_prefix(std::string_view regex);
bool is_available(std::string_view regex);  // our engine (RE2) has no look-around and no back-references
std::string escape_regex(std::string_view literal);

}  // namespace sp::import::apache
