// One check of one server: is it there, and does it do what it is for?
#pragma once

#include <string>

#include "proxy/worker.h"
#include "runtime/network.h"
#include "services/health/tally.h"

namespace sp::health {

// What is needed to connect. All of it outlives the checks.
struct CheckWorld {
  runtime::Loop& loop;
  runtime::Network& network;
  runtime::Resolver& resolver;
};

struct CheckResult {
  Outcome outcome = Outcome::unknown;
  std::string why;  // of `failed`: "10.0.0.7:25 refused", "it answers 503"
};

// Connects as the upstream's settings have it, with a header of the PROXY protocol and TLS; then
//   HTTP             asks for the path of the check, if it has one: a status that is expected is well
//   mail             wants to be greeted, in clear, and says goodbye, or the server's log would be full of clients that
//                    were lost
//   all other        is content, unless the server closes the connection without a word. A server of mail is known by
//                    its greeting here too, and hears a goodbye
// Ends within the time-out of the check, and soon after `token` is cancelled. `upstream` has a check.
runtime::Task<CheckResult> check(const CheckWorld& world, proxy::WorkerContexts& contexts,
                                 const policy::Upstream& upstream, const policy::Server& server,
                                 runtime::CancelToken& token);

// What a check begins with where `send_proxy` is on. Version 2 has LOCAL for it, which every server has to take.
// Version 1 has no such thing: UNKNOWN is refused by some (Postfix), so the line has the connection's own addresses, as
// the specification wants it; UNKNOWN only where there are none (a Unix socket).
std::string check_header(config::ProxyVersion version, const Endpoint& gate, const Endpoint& server);

}  // namespace sp::health
