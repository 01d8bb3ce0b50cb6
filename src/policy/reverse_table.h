// The routes of a site by what they are called at the server: for mapping a server's paths back to public ones.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/site_table.h"
#include "policy/string_table.h"

namespace sp::policy {

class ReverseTable {
 public:
  explicit ReverseTable(std::span<const Route> routes);

  // All routes that lead to one authority: a server's, or the literal name of `host:`.
  using Group = std::uint32_t;
  // `port` 0: the default port of whichever scheme. Nothing for a name that is not of a server of this site.
  std::optional<Group> group(std::string_view host, std::uint16_t port) const;
  // The group of the servers of that route (of the first; all its routes lead to all of them).
  Group group_of(const Route& route) const { return of_route_[route.index]; }
  // Whether every route of the group has the same path on both sides, so that there is nothing to map.
  bool same_paths(Group group) const { return groups_[group].same_paths; }

  struct Found {
    const Route* route;
    std::size_t length;  // of the server's path that covers the argument
  };
  // The route of the group whose path at the server covers `path` best; of equal ones `preferred`, if it is one of
  // them.
  std::optional<Found> find(Group group, std::string_view path, const Route& preferred) const;

  // What the route's pattern is at the server, without a slash at its end (but "/" is "/"); empty where that cannot be
  // said (a regex, a path with placeholders).
  static std::string_view upstream_prefix(const Route& route);

 private:
  struct Paths {
    StringTable exact;
    PrefixTable prefixes;
    bool same_paths = true;
  };
  Group group_named(const std::string& key);
  void add(Group group, const Route& route);

  std::span<const Route> routes_;
  StringTable names_{Case::insensitive};  // "host:port"
  std::vector<Paths> groups_;
  std::vector<Group> of_route_;
};

}  // namespace sp::policy
