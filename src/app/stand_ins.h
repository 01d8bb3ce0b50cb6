// Certificates and keys that cannot be read here: decisions about requests need none of their content, and often they
// are on another machine, or are root's.
#pragma once

#include <chrono>
#include <vector>

#include "app/overlay_files.h"
#include "config/finding.h"
#include "config/model.h"

namespace sp::app {

// Which files get a stand-in: those that cannot be read, or all.
enum class StandIns : std::uint8_t { where_unreadable, everywhere };

// Puts a pair made on the spot, for every host of the configuration, in the place of the certificates, keys and
// authorities that `config` names. A warning for each file that was replaced because it cannot be read.
void put_stand_ins(const config::Config& config, StandIns which, const config::FileSystem& disk,
                   std::chrono::system_clock::time_point now, OverlayFiles& files,
                   std::vector<config::Finding>& findings);

}  // namespace sp::app
