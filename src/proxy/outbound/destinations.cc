#include "proxy/outbound/destinations.h"

#include <fmt/format.h>

#include "http/url.h"

namespace sp::proxy {
namespace {

policy::Upstream upstream_of(std::string_view scheme, std::string_view host, std::uint16_t port) {
  policy::Server server;
  server.url.scheme = scheme;
  server.url.host = host;
  server.url.port = port;
  server.authority = server.url.authority();
  server.name = server.url.origin();
  policy::Upstream upstream;
  upstream.name = server.name;
  upstream.servers.push_back(std::move(server));
  return upstream;
}

// With its number, by which its TLS is found.
policy::Upstream copy_of(const policy::Upstream& parent) {
  policy::Upstream upstream;
  upstream.id = parent.id;
  upstream.name = parent.name;
  upstream.tls = parent.tls;
  upstream.servers.push_back(parent.servers.front());
  return upstream;
}

void close_idle_of(Destination& destination) {
  for (auto& pool : destination.state.pools) pool->clear();
}

}  // namespace

template <class Make>
std::shared_ptr<Destination> Destinations::known_or(std::string_view scope, std::string_view kind,
                                                    std::string_view name, std::uint32_t number, Make make) {
  // In a text that is there already: each request asks.
  const fmt::format_int digits(number);
  key_.assign(scope).append(kind).append(name).append(" ").append(digits.data(), digits.size());
  if (const auto* known = known_.find(key_)) return *known;
  auto made = std::make_shared<Destination>(make());
  if (const auto forgotten = known_.put(key_, made)) {
    // Requests that are under way go on with its connections, which are not kept.
    (*forgotten)->state.retired = true;
    close_idle_of(**forgotten);
  }
  return made;
}

std::shared_ptr<Destination> Destinations::http(std::string_view scope, std::string_view host, std::uint16_t port) {
  return known_or(scope, " ", host, port, [&] { return upstream_of("http", host, port); });
}

std::shared_ptr<Destination> Destinations::https(std::string_view scope, std::string_view host, std::uint16_t port) {
  return known_or(scope, " tls ", host, port, [&] {
    policy::Upstream upstream = upstream_of("https", host, port);
    upstream.id = policy::Upstream::of_the_web;
    upstream.tls.http2 = config::OnOff::off;
    upstream.servers.front().tls = policy::ServerTls::at_once;
    return upstream;
  });
}

// No host has a space in it: no two kinds of keys are ever the same.
std::shared_ptr<Destination> Destinations::parent(std::string_view scope, const policy::ParentProxy& proxy) {
  return known_or(scope, " by ", proxy.name, proxy.upstream->id, [&] { return copy_of(*proxy.upstream); });
}

void Destinations::close_idle() {
  known_.for_each([](const auto& destination) { close_idle_of(*destination); });
}

}  // namespace sp::proxy
