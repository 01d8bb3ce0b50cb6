// A tunnel of a way out that is opened: what is known of it, for as long as requests come out of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "proxy/connector.h"
#include "proxy/exchange.h"
#include "proxy/outbound/destinations.h"
#include "proxy/outbound/inspection.h"
#include "proxy/outbound/parent.h"
#include "proxy/tunnel.h"

namespace sp::proxy {

struct InspectedTunnel {
  InspectedTunnel(const Inspection& of, InspectionContexts& made) : inspection(of), contexts(made) {}

  const Inspection& inspection;  // both are the connection's, by its snapshot
  InspectionContexts& contexts;
  // What the client has asked for, by CONNECT or SOCKS, and who it is.
  std::string host;
  std::uint16_t port = 0;
  std::string user;
  bool certain = false;              // it is opened whatever its TLS asks for
  std::optional<IpAddress> address;  // that is connected to; none: a parent proxy is, and was asked for a name
  std::vector<IpAddress> known;      // then: where the name leads, as far as that is known here

  // What has turned out.
  std::string name;     // whom the client speaks to in it: as its TLS says, else `host`
  bool secure = false;  // TLS is spoken in it
  // What each request is answered with.
  struct Refused {
    Error error;
    std::string detail, remedy;
    policy::OutboundDecision decision;
  };
  std::optional<Refused> refused;
  std::shared_ptr<Destination> destination;
  std::optional<ServerStream> first;  // the connection that there was before any request
  std::unique_ptr<Tunnel> outer;      // what is left of it: what it counts as, and what is told of it

  // "a.example:443", IPv6 in brackets.
  std::string authority() const;
  // Whether a request for this host and port (0: none is said) belongs into it.
  bool is_for(std::string_view asked_host, std::uint16_t asked_port) const;
};

// ---- before it is answered ----

// `exchange` wants a tunnel: whether it is going to be opened.
void plan_inspection(Exchange& exchange);
// As permit() and reach(); what is refused of a tunnel that is opened may be told inside of it, and is no error then.
Result<void> permit_or_show(Exchange& exchange);
runtime::Task<Result<Reached>> reach_or_show(Exchange& exchange);

// ---- when it is there ----

// The connection of which requests come that are in the tunnel, without its stream.
std::unique_ptr<ClientConnection> connection_inside(Exchange& exchange);
// Opens it, or passes it on as it is, or ends it. `from_client`, `from_upstream`: what was received behind the heads.
runtime::Task<void> inspect(Worker& worker, std::unique_ptr<Tunnel> tunnel, std::string from_client,
                            std::string from_upstream, runtime::CancelToken& parent);

// ---- for the requests in it ----

// As answer_outbound(), for a request that comes out of such a tunnel.
runtime::Task<Result<void>> answer_inspected(Exchange& exchange);
// A connection to the tunnel's server: that which there was, or another one. Why not is noted in `exchange`.
runtime::Task<Result<ServerStream>> connect_inspected(Exchange& exchange, Versions versions);
// TLS with the tunnel's server.
runtime::Task<Result<void>> secure_inspected(InspectedTunnel& tunnel, WorkerContexts& contexts, Versions versions,
                                             ServerStream& stream, runtime::TimePoint deadline,
                                             runtime::CancelToken& token, ConnectFailure& failure);

}  // namespace sp::proxy
