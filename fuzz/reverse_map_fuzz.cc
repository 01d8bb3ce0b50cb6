// Whatever a server writes into Location, Refresh or Set-Cookie: the result is a field value if the argument was one,
// and a URL in the server's own name never comes out as it went in.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "policy/compile.h"
#include "policy/reverse_map.h"

namespace {

using namespace sp;

std::unique_ptr<const policy::Policy> world() {
  config::Config config;
  config::SiteConfig& site = config.inbound.emplace_back().sites.emplace_back();
  site.hosts.push_back({.value = "*", .place = {}});
  for (auto [path, to] : {std::pair("/app", "http://own.example:8080/"),
                          std::pair("/wws", "http://own.example:8080/base"), std::pair("/", "https://other.example")}) {
    config::RouteConfig& route = site.routes.emplace_back();
    route.path.value = path;
    route.to.value = to;
  }
  return policy::compile(config).value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto snapshot = world();
  if (size == 0) return 0;
  std::string_view value(reinterpret_cast<const char*>(data) + 1, size - 1);
  const policy::Route& route = snapshot->inbounds[0]->sites[0]->routes[data[0] % 3];
  policy::ReverseContext context{.route = &route,
                                 .server = &route.forward()->upstream->servers.front(),
                                 .public_scheme = (data[0] & 4) != 0 ? "https" : "http",
                                 .public_authority = (data[0] & 8) != 0 ? "public.example:8443" : "public.example"};
  Arena arena;
  bool good = http::is_field_value(value);
  std::string_view location = policy::map_location(value, context, arena);
  for (std::string_view result :
       {location, policy::map_refresh(value, context, arena), policy::map_set_cookie(value, context, arena)}) {
    if (good && !http::is_field_value(result)) std::abort();
    if (result.size() > value.size() * 3 + 64) std::abort();
  }
  if (location.starts_with("http://own.example:8080/") || location.starts_with("//own.example:8080/")) std::abort();
  return 0;
}
