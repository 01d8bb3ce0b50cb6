// Through a parent proxy: tunnels to where the client wants to go.
#pragma once

#include <memory>
#include <string>

#include "proxy/connector.h"
#include "proxy/exchange.h"
#include "proxy/outbound/use.h"

namespace sp::proxy {

// A connection to the destination of an exchange, however it was come by.
struct Reached {
  std::unique_ptr<runtime::Stream> stream;
  std::string address;  // that was connected to: of the destination, or of the parent
  std::string begin;    // what came behind the parent's answer: the first octets of the destination
};

// A connection to `proxy` itself, with TLS where it has that. Why not is noted in `exchange`: connection_*, dns_* and
// upstream_*; loop_detected where it is the entry that the client has come to.
runtime::Task<Result<ServerStream>> connect_parent(Exchange& exchange, const policy::ParentProxy& proxy);

// Connects to `proxy`, and asks it for a tunnel to the destination of `exchange`. Why not is noted in `exchange`: as
// connect_parent(); connection_* with the parent's words, about its own connection; parent_*; response_head_timeout
// where it does not answer.
runtime::Task<Result<Reached>> tunnel_by_parent(Exchange& exchange, const policy::ParentProxy& proxy);

// Of a request to which the parent has answered that it does not take this gate's credentials.
std::unexpected<Error> refused_by_parent(Exchange& exchange, const policy::ParentProxy& proxy,
                                         const http::ResponseHead& head);

}  // namespace sp::proxy
