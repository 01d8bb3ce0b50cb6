// One connection to a server, and what it shows.
#pragma once

#include "proxy/worker.h"
#include "runtime/network.h"
#include "services/doctor/observation.h"
#include "services/doctor/subject.h"

namespace sp::doctor {

// What is needed to connect. All of it outlives the probes.
struct ProbeWorld {
  runtime::Loop& loop;
  runtime::Network& network;
  runtime::Resolver& resolver;
  proxy::WorkerContexts& configured;  // TLS as the configuration wants it
  proxy::WorkerContexts& lenient;     // TLS with whoever speaks it
};

// Connects, begins as `way` says, listens, says goodbye. Never throws but for memory; ends at the deadline or earlier,
// and soon after `token` is cancelled.
runtime::Task<void> probe(const ProbeWorld& world, const Subject& subject, Way way, runtime::TimePoint deadline,
                          runtime::CancelToken& token, Observation& seen);

// The header that is sent: that of a session whose client is this gate itself. Not LOCAL, which version 2 has for
// checks: some servers take it and refuse what sessions send (Postfix takes LOCAL and wants an IPv6 address to be one
// that it is set up for), others know only PROXY; and those who expect no header take both for a command alike.
std::string probe_header(const Subject& subject, config::ProxyVersion version, const Endpoint& gate,
                         const Endpoint& server);

}  // namespace sp::doctor
