// The part of an explanation about the way to the server and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/explanation.h"

namespace sp::app {

// Which servers would be asked for what, by which TLS and with which patience, and what becomes of the response.
void add_forwarding(DryRun& run, std::vector<Step>& steps);

// "the one with the fewest requests for its weight (least_requests)"
std::string balance_text(config::Balance balance);
// How often servers are checked, and what comes of it.
void add_health(const policy::Upstream& upstream, std::vector<Step>& steps);
// What is verified of a server that is asked for as `sni`, and by what; `whose` says where that name comes from.
std::string server_tls_text(const config::UpstreamTlsConfig& tls, const policy::Server& server, std::string_view sni,
                            std::string_view whose);
// On one line, cut where it is long.
std::string shortened(std::string_view text);

}  // namespace sp::app
