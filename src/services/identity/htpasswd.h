// Files of users as `htpasswd` writes them: a line for each, `user:hash`.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/problem.h"
#include "services/identity/password_hash.h"

namespace sp::identity {

// By name. All of them are good: password_hash.h.
using Hashes = std::unordered_map<std::string, std::string>;

struct LineProblem {
  std::size_t line = 0;  // from 1
  config::Problem problem;
};

// Empty lines and those that begin with '#' are nobody. All problems at once, up to a number that nobody reads on
// behind.
std::expected<Hashes, std::vector<LineProblem>> parse_htpasswd(std::string_view text);

}  // namespace sp::identity
