// Where a directive is in force. NGINX's directives hold for the block they stand in and for those within it, unless
// one of these says it again; of the kinds that may stand several times, an inner block replaces all.
#pragma once

#include <string_view>
#include <vector>

#include "import/nginx/report.h"

namespace sp::import::nginx {

struct Scope {
  const Directive* block = nullptr;
  const Scope* outer = nullptr;
};

// What stands in this block itself. Both count as used.
const Directive* own(const Scope& scope, std::string_view name, Report& report);
std::vector<const Directive*> all_own(const Scope& scope, std::string_view name, Report& report);
// What is in force here, from the innermost block that says anything; null, or none.
const Directive* in_force(const Scope& scope, std::string_view name, Report& report);
std::vector<const Directive*> all_in_force(const Scope& scope, std::string_view name, Report& report);
// The condition of an `if`, without quotes and parentheses: "$scheme = http".
std::string condition_of(const Directive& block);
// Whether it stands here, without looking closer.
bool has(const Directive& block, std::string_view name);

}  // namespace sp::import::nginx
