// Rules of ways out whose last day (`until`) is over.
#pragma once

#include <chrono>
#include <vector>

#include "config/finding.h"
#include "config/model.h"

namespace sp::app {

// A warning about each. What is no day is said elsewhere.
std::vector<config::Finding> ended_rules(const config::Config& config, std::chrono::system_clock::time_point now);

}  // namespace sp::app
