#include "policy/reverse_table.h"

#include <array>
#include <charconv>
#include <cstring>

namespace sp::policy {
namespace {

// The port as a name is looked up with: 0 for the scheme's own, so that http://h and https://h are one.
std::uint16_t lookup_port(const http::Url& url) {
  return url.effective_port() == http::default_port(url.scheme) ? std::uint16_t{0} : url.port;
}

std::string key_of(std::string_view host, std::uint16_t port) { return std::string(host) + ":" + std::to_string(port); }

std::string key_of(const Server& server) {
  return server.url.is_unix() ? "unix:" + server.url.unix_path : key_of(server.url.host, lookup_port(server.url));
}

std::string_view without_slash(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

std::string_view ReverseTable::upstream_prefix(const Route& route) {
  const ForwardTarget* target = route.forward();
  if (target == nullptr || route.kind == MatchKind::regex) return {};
  if (!target->replaces_path) return without_slash(route.pattern);
  return target->path.is_literal() ? without_slash(target->path.source()) : std::string_view{};
}

ReverseTable::ReverseTable(std::span<const Route> routes) : routes_(routes), of_route_(routes.size()) {
  for (const Route& route : routes) {
    const ForwardTarget* target = route.forward();
    if (target == nullptr) continue;
    of_route_[route.index] = group_named(key_of(target->upstream->servers.front()));
    for (const Server& server : target->upstream->servers) add(group_named(key_of(server)), route);
    if (target->host != HostMode::literal) continue;
    if (auto name = http::split_authority(target->host_name)) add(group_named(key_of(name->host, name->port)), route);
  }
}

ReverseTable::Group ReverseTable::group_named(const std::string& key) {
  if (auto found = names_.find(key)) return *found;
  auto group = static_cast<Group>(groups_.size());
  names_.insert(key, group);
  groups_.emplace_back();
  return group;
}

void ReverseTable::add(Group group, const Route& route) {
  std::string_view prefix = upstream_prefix(route);
  if (prefix.empty()) return;
  Paths& paths = groups_[group];
  route.kind == MatchKind::exact ? paths.exact.insert(prefix, route.index) : paths.prefixes.insert(prefix, route.index);
  if (prefix != without_slash(route.pattern)) paths.same_paths = false;
}

std::optional<ReverseTable::Group> ReverseTable::group(std::string_view host, std::uint16_t port) const {
  std::array<char, 270> key;  // a name has at most 255 octets
  if (host.size() > key.size() - 7) return std::nullopt;
  std::memcpy(key.data(), host.data(), host.size());
  char* at = key.data() + host.size();
  *at++ = ':';
  at = std::to_chars(at, key.data() + key.size(), port).ptr;
  return names_.find({key.data(), static_cast<std::size_t>(at - key.data())});
}

std::optional<ReverseTable::Found> ReverseTable::find(Group group, std::string_view path,
                                                      const Route& preferred) const {
  const Paths& paths = groups_[group];
  std::optional<Found> found;
  if (auto exact = paths.exact.find(path)) {
    found = Found{&routes_[*exact], path.size()};
  } else if (auto prefix = paths.prefixes.find(path)) {
    found = Found{&routes_[prefix->value], prefix->length};
  }
  bool prefers = found && preferred.kind == found->route->kind && group_of(preferred) == group &&
                 upstream_prefix(preferred) == upstream_prefix(*found->route);
  if (prefers) found->route = &preferred;
  return found;
}

}  // namespace sp::policy
