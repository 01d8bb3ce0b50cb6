// What only the whole configuration can tell: keys that exclude each other, names that lead nowhere, routes that no
// request can reach. Pure: files and certificates are looked at elsewhere.
#pragma once

#include <vector>

#include "config/finding.h"
#include "config/model.h"

namespace sp::config {

std::vector<Finding> check(const Config& config);

}  // namespace sp::config
