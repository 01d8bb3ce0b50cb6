// What a dry connection has decided, in words: one line for each decision, with its reason and the place in the file.
#pragma once

#include <string_view>
#include <vector>

#include "app/dry_connection.h"
#include "app/explanation.h"
#include "app/proxy_steps.h"

namespace sp::app {

// "pass_on", "refuse", or "http" where requests follow.
std::string_view outcome(const DryConnection& run);
std::vector<Step> explain(const DryConnection& run);
// The header of the PROXY protocol that the server would get.
SentHeader header_for_server(const DryConnection& run);

}  // namespace sp::app
