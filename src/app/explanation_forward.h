// The part of an explanation about the way to the server and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/explanation.h"

namespace sp::app {

// Which servers would be asked for what, by which TLS and with which patience, and what becomes of the response.
void add_forwarding(DryRun& run, std::vector<Step>& steps);

// On one line, cut where it is long.
std::string shortened(std::string_view text);

}  // namespace sp::app
