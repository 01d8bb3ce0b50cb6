// Why the access log cannot be written, at its place in the configuration: for `check`, and for a start that fails.
#pragma once

#include <optional>

#include "base/result.h"
#include "config/files.h"
#include "config/finding.h"
#include "config/model.h"

namespace sp::app {

// What can be seen without opening it: its folder is missing, or it is a folder itself.
std::optional<config::Finding> log_obstacle(const config::LogConfig& log, const config::FileSystem& files);
// It could not be opened.
config::Finding log_not_opened(const config::LogConfig& log, const config::FileSystem& files, const Error& error);

}  // namespace sp::app
