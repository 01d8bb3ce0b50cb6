// NGINX's $variables as the ${...} of Sallyport, as far as they have a counterpart.
#pragma once

#include <string>
#include <string_view>

#include "import/nginx/scope.h"

namespace sp::import::nginx {

// Replaces the variables that a `set` in force gives a fixed value. What is left are NGINX's own.
std::string with_set_variables(const Scope& scope, std::string_view text, Report& report);

struct Expanded {
  std::string text;
  std::string unknown;  // "$foo", which has no counterpart; empty: all have
  bool has_variables = false;
};
// With ${...}; `server_name` is what $server_name is.
Expanded expand(std::string_view text, std::string_view server_name);

// The next $name or ${name} from `at` on: where it begins, and its name. Its end is `end`.
struct Found {
  size_t begin = std::string_view::npos, end = 0;
  std::string_view name;
};
Found find_variable(std::string_view text, size_t at = 0);

}  // namespace sp::import::nginx
