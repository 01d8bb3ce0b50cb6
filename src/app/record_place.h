// Why what is asked of a way out cannot be recorded, as far as it can be seen without opening the file: for `check`. A
// gate runs without it, and says so.
#pragma once

#include <optional>

#include "config/files.h"
#include "config/finding.h"
#include "config/model.h"

namespace sp::app {

std::optional<config::Finding> record_obstacle(const config::RecordConfig& record, const config::FileSystem& files);

}  // namespace sp::app
