// One expectation of `tests:` against what the configuration does.
#pragma once

#include <chrono>
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
//   server    the URL that a server of the upstream is connected to
//   target    the line that was chosen for a connection
//   rule      the destination of the rule of a way out that decides
//   refused   the name of the code; of a way out, `denied` is each that its policy gives, and `allowed` is none
// `now`: for rules that have hours, or an end.
std::vector<std::string> differences(const config::TestConfig& test, const proxy::Snapshot& snapshot,
                                     std::chrono::system_clock::time_point now);

}  // namespace sp::app
