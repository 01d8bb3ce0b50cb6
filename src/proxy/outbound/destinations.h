// The servers that requests on their way out name: as upstreams of one server each, so that they are connected to,
// kept and reused as those of the configuration are. Bounded: the one that was asked for longest ago is forgotten.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/recently_used.h"
#include "policy/parent.h"
#include "policy/site_table.h"
#include "proxy/upstream_states.h"

namespace sp::proxy {

struct Destination {
  explicit Destination(policy::Upstream of) : upstream(std::move(of)), state(upstream) {}
  const policy::Upstream upstream;
  UpstreamState state;
};

class Destinations {
 public:
  // http://host:port. `scope` parts those between which no connection may be shared: what may be reached differs.
  std::shared_ptr<Destination> http(std::string_view scope, std::string_view host, std::uint16_t port);
  // https://host:port, verified by the authorities of the system, on HTTP/1.1: for images of other sites.
  std::shared_ptr<Destination> https(std::string_view scope, std::string_view host, std::uint16_t port);
  // A parent proxy, for requests in absolute form, whatever they are for.
  std::shared_ptr<Destination> parent(std::string_view scope, const policy::ParentProxy& proxy);
  void close_idle();

 private:
  template <class Make>
  std::shared_ptr<Destination> known_or(std::string_view scope, std::string_view kind, std::string_view name,
                                        std::uint32_t number, Make make);
  std::string key_;
  RecentlyUsed<std::shared_ptr<Destination>> known_{1024};
};

}  // namespace sp::proxy
