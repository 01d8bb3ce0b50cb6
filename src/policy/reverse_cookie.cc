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

// The attribute as the client gets it: itself, something else, or nothing.
std::string_view mapped_attribute(const Attribute& attribute, std::string_view cookie, const ReverseContext& context,
                                  Arena& arena) {
  if (iequals(attribute.name, "domain")) return is_servers_own(attribute.value, context) ? "" : attribute.whole;
  // The Path of a __Host- cookie is "/", or the browser refuses it.
  bool path = iequals(attribute.name, "path") && attribute.value.starts_with('/') && !cookie.starts_with("__Host-");
  if (!path) return attribute.whole;
  std::string_view mapped = cookie_path(attribute.value, context, arena);
  return mapped.data() == attribute.value.data() ? attribute.whole : arena.concat({"; Path=", mapped});
}

// The cookie with its attributes from `rest` on mapped: in one piece, however many there are.
std::string_view rewritten(std::string_view cookie, std::string_view rest, const ReverseContext& context,
                           Arena& arena) {
  std::size_t size = cookie.size() - rest.size();
  auto* pieces = arena.array<std::string_view>(static_cast<std::size_t>(std::ranges::count(rest, ';')) + 1);
  std::size_t count = 0;
  pieces[count++] = cookie.substr(0, size);
  while (!rest.empty()) {
    pieces[count] = mapped_attribute(take_attribute(rest), cookie, context, arena);
    size += pieces[count++].size();
  }
  char* out = arena.chars(size);
  char* at = out;
  for (std::size_t i = 0; i < count; ++i) at = std::ranges::copy(pieces[i], at).out;
  return {out, size};
}

}  // namespace

std::string_view map_set_cookie(std::string_view value, const ReverseContext& context, Arena& arena) {
  std::string_view rest = value.substr(std::min(value.find(';'), value.size()));
  while (!rest.empty()) {
    std::string_view from_here = rest;
    Attribute attribute = take_attribute(rest);
    bool same = mapped_attribute(attribute, value, context, arena).data() == attribute.whole.data();
    if (!same) return rewritten(value, from_here, context, arena);
  }
  return value;
}

}  // namespace sp::policy
