#include "policy/parent.h"

#include <algorithm>
#include <expected>
#include <utility>

#include "config/parent_url.h"
#include "http/basic_credentials.h"

namespace sp::policy {
namespace {

using config::Finding;
using config::ParentUrl;
using config::Text;

// A proxy of https:// is asked in HTTP/1.1 alone, for its own name whatever the request is for.
std::unique_ptr<Upstream> upstream_of(const ParentUrl& url, const config::UpstreamTlsConfig& tls, std::size_t id) {
  Server server;
  server.url.scheme = url.scheme;
  server.url.host = url.host;
  server.url.port = url.port;
  server.authority = server.url.authority();
  server.name = url.name();
  server.tls = url.scheme == "https" ? ServerTls::at_once : ServerTls::none;
  auto made = std::make_unique<Upstream>();
  made->id = static_cast<std::uint32_t>(id);
  made->name = server.name;
  made->key = "parent " + std::to_string(id) + " " + server.name;
  made->tls = tls;
  made->tls.http2 = config::OnOff::off;
  if (made->tls.sni.empty()) made->tls.sni = url.host;
  made->servers.push_back(std::move(server));
  return made;
}

ParentProxy proxy_of(ParentUrl url, const Upstream& upstream) {
  ParentProxy made;
  made.protocol = url.scheme == "socks5" ? ParentProxy::Protocol::socks5 : ParentProxy::Protocol::http;
  made.upstream = &upstream;
  made.name = url.name();
  if (made.http() && !url.user.empty()) made.authorization = http::basic_credentials(url.user, url.password);
  made.user = std::move(url.user);
  made.password = std::move(url.password);
  return made;
}

// Of what cannot be read here, check() has spoken where it is not about a pattern.
std::vector<DestinationPattern> patterns_of(const Text& list, bool variable, std::vector<Finding>& findings) {
  std::vector<DestinationPattern> patterns;
  std::string_view rest = list.value;
  for (;;) {
    const auto begin = rest.find_first_not_of(", \t\n");
    if (begin == std::string_view::npos) return patterns;
    rest.remove_prefix(begin);
    const auto end = std::min(rest.find_first_of(", \t\n"), rest.size());
    auto pattern = parse_destination(rest.substr(0, end));
    rest.remove_prefix(end);
    if (pattern) {
      patterns.push_back(*std::move(pattern));
      continue;
    }
    findings.push_back(
        {.place = list.place,
         .message = (variable ? "NO_PROXY of the environment: " : "`no_proxy`: ") + pattern.error().message,
         .remedy = variable ? pattern.error().remedy + "; or write `no_proxy` here, which replaces it"
                            : pattern.error().remedy});
  }
}

}  // namespace

std::unique_ptr<const Parent> Parent::compile(const config::ParentConfig& config,
                                              std::vector<std::unique_ptr<Upstream>>& upstreams,
                                              std::vector<Finding>& findings) {
  auto made = std::make_unique<Parent>();
  const auto add = [&](std::expected<ParentUrl, config::Problem> url) -> std::optional<std::size_t> {
    if (!url) return std::nullopt;
    upstreams.push_back(upstream_of(*url, config.upstream_tls, upstreams.size()));
    made->proxies_.push_back(proxy_of(*std::move(url), *upstreams.back()));
    return made->proxies_.size() - 1;
  };
  made->proxies_.reserve(2);  // they are pointed at
  if (config.environment) {
    if (!config.http_variable.empty())
      made->for_requests_ = add(config::parse_parent_variable(config.http_variable.value));
    if (!config.https_variable.empty())
      made->for_tunnels_ = add(config::parse_parent_variable(config.https_variable.value));
  } else {
    made->for_requests_ = made->for_tunnels_ = add(config::parse_parent_url(config.url.value));
  }
  made->direct_ = DestinationSet(patterns_of(config.no_proxy, config.environment && config.no_proxy.secret, findings));
  made->lookup_ = config.lookup == config::OnOff::on;
  return made;
}

Parent::Way Parent::way_to(const OutboundRequest& request) const {
  if (const auto exception = direct_.first(request.host, request.port)) return {.exception = exception, .unset = {}};
  const bool plain = request.kind == OutboundRequest::Kind::plain;
  const auto number = plain ? for_requests_ : for_tunnels_;
  if (!number) return {.exception = {}, .unset = plain ? "HTTP_PROXY" : "HTTPS_PROXY"};
  return {.proxy = &proxies_[*number], .exception = {}, .unset = {}};
}

std::string Parent::reason(const Way& way) const {
  if (way.proxy != nullptr) return "by parent " + way.proxy->name;
  if (way.exception) return "directly: no_proxy `" + direct_.patterns()[*way.exception].text() + "`";
  return "directly: " + std::string(way.unset) + " is not set";
}

}  // namespace sp::policy
