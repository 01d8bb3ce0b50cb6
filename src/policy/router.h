// Which route takes a request: by host, then by path. What there is beside the route that matches costs nothing: hosts,
// exact paths and prefixes are hash tables.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/code.h"
#include "policy/site_table.h"
#include "policy/string_table.h"

namespace sp::policy {

struct RouteMatch {
  Code code = Code::no_site;  // ok, no_site or no_route
  const Site* site = nullptr;
  const Route* route = nullptr;
  std::span<const std::string_view> captures;  // of a regex: the whole match, then its groups; views into the path
};
// For log, page and `explain`: "no site has the host a.example", "path /sympa of site lists.example.com
// (sallyport.yaml:14)".
std::string reason(const RouteMatch& match, std::string_view authority, std::string_view path);

// The routes of one site: exact, else the longest prefix at a segment boundary, else the first regex. Of two that are
// equal the first in the file. A regex is searched for anywhere in the path (as in Apache and NGINX): ^ and $ are its
// author's.
class RouteTable {
 public:
  explicit RouteTable(std::span<const Route> routes);
  ~RouteTable();
  // Null when none matches.
  const Route* match(std::string_view path, Arena& arena, std::span<const std::string_view>& captures) const;
  // The exact path or the longest prefix that covers `path`; null where none does.
  struct Cover {
    const Route* route = nullptr;
    std::size_t length = 0;
  };
  Cover cover(std::string_view path) const;

 private:
  struct Regexes;
  std::span<const Route> routes_;
  StringTable exact_;
  PrefixTable prefixes_;
  std::unique_ptr<const Regexes> regexes_;
};

// The hosts of one listener. An exact name wins over the wildcard with the longest suffix, which wins over "*". "*.a.b"
// is for names below a.b (x.a.b and y.x.a.b), not for a.b itself. A name that two sites claim is the first site's.
class Router {
 public:
  Router() = default;
  explicit Router(std::span<const std::unique_ptr<Site>> sites);

  // `authority`: host[:port] as the client sent it, in any case, with or without trailing dot; empty (HTTP/1.0): only
  // "*". `path`: in normal form. Captures are in the arena.
  RouteMatch match(std::string_view authority, std::string_view path, Arena& arena) const;
  const Site* site(std::string_view authority) const;

 private:
  std::vector<const Site*> sites_;
  StringTable exact_;
  StringTable wildcard_;  // ".a.b"
  std::size_t longest_wildcard_ = 0;
  const Site* any_ = nullptr;
};

}  // namespace sp::policy
