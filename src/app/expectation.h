// One expectation of `tests:` against what the configuration does.
#pragma once

#include <string>
#include <vector>

#include "config/model.h"
#include "proxy/snapshot.h"

namespace sp::app {

// One sentence for each thing that differs; empty: it is met. Only what the expectation gives is compared:
//   upstream  the URL that a server of the upstream is asked for
//   route     the pattern of the route
//   status    of what the gate answers itself
//   location  of a redirect
//   header    fields as the server gets them (one of those of that name); an empty value: there is none
//   refused   the name of the code
std::vector<std::string> differences(const config::TestConfig& test, const proxy::Snapshot& snapshot);

}  // namespace sp::app
