// Domain and Path of Set-Cookie (RFC 6265 section 4.1.1).
#include <algorithm>

#include "policy/reverse_map.h"
#include "policy/reverse_path.h"

namespace sp::policy {
namespace {

using http::iequals;

// One of `; name=value`, with its semicolon.
struct Attribute {
  std::string_view whole;
  std::string_view name;
  std::string_view value;
};

Attribute take_attribute(std::string_view& rest) {
  Attribute result;
  result.whole = rest.substr(0, rest.find(';', 1));
  rest.remove_prefix(result.whole.size());
  std::string_view pair = result.whole.substr(1);
  std::size_t equals = std::min(pair.find('='), pair.size());
  result.name = http::trim(pair.substr(0, equals));
  if (equals < pair.size()) result.value = http::trim(pair.substr(equals + 1));
  return result;
}

// RFC 6265 section 5.1.3: `host` is the domain or below it.
bool within(std::string_view host, std::string_view domain) {
  if (host.size() < domain.size() || !iequals(host.substr(host.size() - domain.size()), domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

std::string_view host_of(std::string_view authority) {
  auto parts = http::split_authority(authority);
  return parts ? parts->host : std::string_view{};
}

// A domain of the server's that the client's host is not in: a browser would refuse the cookie.
bool is_servers_own(std::string_view domain, const ReverseContext& context) {
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (domain.empty() || within(host_of(context.public_authority), domain)) return false;
  const ForwardTarget& target = *context.route->forward();
  if (target.host == HostMode::literal && within(host_of(target.host_name), domain)) return true;
  return std::ranges::any_of(target.upstream->servers,
                             [&](const Server& server) { return within(server.url.host, domain); });
}

std::string_view cookie_path(std::string_view path, const ReverseContext& context, Arena& arena) {
  std::string_view mapped = map_either_path(path, context, arena);
  // "/" at the server is "/app" here, not "/app/", which would leave out the page /app itself.
  bool changed = mapped.data() != path.data();
  if (changed && path == "/" && mapped.size() > 1 && mapped.ends_with('/')) mapped.remove_suffix(1);
  return mapped;
}

}  // namespace

std::string_view map_set_cookie(std::string_view value, const ReverseContext& context, Arena& arena) {
  std::size_t pair_end = std::min(value.find(';'), value.size());
  bool host_cookie = value.starts_with("__Host-");  // its Path is "/" or the browser refuses it
  std::string_view result = value.substr(0, pair_end);
  std::string_view rest = value.substr(pair_end);
  bool changed = false;
  // Unchanged attributes are collected as one piece of the argument, and copied only when something before them
  // changed.
  while (!rest.empty()) {
    Attribute attribute = take_attribute(rest);
    std::string_view mapped = attribute.whole;
    if (iequals(attribute.name, "domain") && is_servers_own(attribute.value, context)) {
      mapped = {};
    } else if (iequals(attribute.name, "path") && !host_cookie && attribute.value.starts_with('/')) {
      std::string_view path = cookie_path(attribute.value, context, arena);
      if (path.data() != attribute.value.data()) mapped = arena.concat({"; Path=", path});
    }
    changed = changed || mapped.data() != attribute.whole.data();
    result = changed ? arena.concat({result, mapped}) : value.substr(0, value.size() - rest.size());
  }
  return changed ? result : value;
}

}  // namespace sp::policy
