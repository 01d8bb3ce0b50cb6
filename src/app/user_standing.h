// Whether files of users have those that are named, for commands that verify nobody.
#pragma once

#include <string>
#include <vector>

#include "app/dry_outbound.h"
#include "config/files.h"
#include "config/finding.h"

namespace sp::app {

UserStanding standing_of(const std::string& user, const config::Text& file, const config::FileSystem& files);

// Warnings about `who` of rules: users whom the entry's file does not have. Of files that cannot be read nothing is
// said, nor where certificates name users as well.
std::vector<config::Finding> unknown_users(const config::Config& config, const config::FileSystem& files);

}  // namespace sp::app
