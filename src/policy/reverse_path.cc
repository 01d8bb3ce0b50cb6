#include "policy/reverse_path.h"

#include "policy/router.h"

namespace sp::policy {
namespace {

// The public path for one of the server: the route's pattern in the place of what it is at the server.
std::string_view public_path(const ReverseTable::Found& found, std::string_view path, Arena& arena) {
  std::string_view pattern = found.route->pattern;
  if (pattern.size() > 1 && pattern.ends_with('/')) pattern.remove_suffix(1);
  std::string_view upstream = ReverseTable::upstream_prefix(*found.route);
  if (upstream == pattern) return path;
  std::string_view rest = path.substr(upstream == "/" ? 0 : upstream.size());
  if (pattern == "/") return rest.empty() ? pattern : rest;
  return arena.concat({pattern, rest});
}

}  // namespace

std::string_view map_own_path(ReverseTable::Group group, std::string_view path, const ReverseContext& context,
                              Arena& arena) {
  const ReverseTable& table = *context.route->site->reverse;
  if (table.same_paths(group)) return path;
  auto found = table.find(group, path.empty() ? "/" : path, *context.route);
  return found ? public_path(*found, path.empty() ? "/" : path, arena) : path;
}

// A path that can be the server's own or public already: see the header.
std::string_view map_either_path(std::string_view path, const ReverseContext& context, Arena& arena) {
  const Site& site = *context.route->site;
  ReverseTable::Group group = site.reverse->group_of(*context.route);
  if (site.reverse->same_paths(group)) return path;
  auto found = site.reverse->find(group, path, *context.route);
  if (!found) return path;
  RouteTable::Cover cover = site.table->cover(path);
  if (cover.length > found->length) return path;
  // Public already, and leading to the same servers by the same path: nothing is wrong with it.
  bool right_already = cover.route != nullptr && cover.route->forward() != nullptr &&
                       site.reverse->group_of(*cover.route) == group &&
                       ReverseTable::upstream_prefix(*cover.route) == cover.route->pattern;
  return right_already ? path : public_path(*found, path, arena);
}

}  // namespace sp::policy
