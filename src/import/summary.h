// What stands at the top of an imported file, as comments: how it was made, and what became of the other proxy's lines.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "import/draft.h"
#include "import/import.h"

namespace sp::import {

// "front.conf:12".
std::string brief(std::string_view file, int line);

// `proxy`: as the command line has it, "nginx".
Comments begin_summary(std::string_view proxy, std::span<const std::string> files,
                       std::span<const config::Finding> errors);

// Those that are done otherwise, by their reason, each with the first few places.
void add_changed(const std::vector<Untranslated>& notes, Comments& summary);

// Whether it refuses a request for a name that it does not know.
bool refuses_names(const DraftEntry& entry);

}  // namespace sp::import
