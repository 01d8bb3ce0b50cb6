#include "policy/router.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

#include "http/fields.h"

namespace sp::policy {
namespace {

constexpr std::size_t few_regexes = 4;  // so many are tried one after the other; more are first asked as one automaton
constexpr int most_groups = 10;         // the whole match and ${regex.1} to ${regex.9}

// host[:port] without port, brackets and trailing dot.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, std::min(authority.find(']'), authority.size()) - 1);
  std::string_view host = authority.substr(0, authority.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

// The same for `hosts`, where an IPv6 address may stand without brackets.
std::string_view configured_host(std::string_view host) {
  bool bare_ipv6 = !host.starts_with('[') && std::ranges::count(host, ':') > 1;
  return bare_ipv6 ? host : host_of(host);
}

}  // namespace

std::string reason(const RouteMatch& match, std::string_view authority, std::string_view path) {
  std::string host(host_of(authority));
  if (match.site == nullptr)
    return host.empty() ? "no site takes requests without Host" : "no site has the host " + host;
  std::string site = "site " + match.site->name + " (" + match.site->place_text + ")";
  if (match.route == nullptr) return "no route of " + site + " matches " + std::string(path);
  return match.route->label() + " of " + site + " at " + match.route->place_text;
}

// ---- the routes of one site

struct RouteTable::Regexes {
  std::vector<const Route*> routes;  // in file order
  std::unique_ptr<re2::RE2::Set> set;

  explicit Regexes(std::span<const Route> all) {
    for (const Route& route : all) {
      if (route.kind == MatchKind::regex) routes.push_back(&route);
    }
    if (routes.size() <= few_regexes) return;
    set = std::make_unique<re2::RE2::Set>(routes.front()->regex->options(), re2::RE2::UNANCHORED);
    for (const Route* route : routes) set->Add(route->pattern, nullptr);
    if (!set->Compile()) set.reset();  // too large as one automaton: one after the other
  }

  const Route* match(re2::StringPiece path) const {
    if (set) {
      thread_local std::vector<int> found;
      if (set->Match(path, &found)) return routes[static_cast<std::size_t>(*std::ranges::min_element(found))];
      // No match, or out of memory for the automaton: the next loop tells.
    }
    for (const Route* route : routes) {
      if (route->regex->Match(path, 0, path.size(), re2::RE2::UNANCHORED, nullptr, 0)) return route;
    }
    return nullptr;
  }
};

RouteTable::RouteTable(std::span<const Route> routes) : routes_(routes), regexes_(std::make_unique<Regexes>(routes)) {
  for (const Route& route : routes) {
    if (route.kind == MatchKind::exact) exact_.insert(route.pattern, route.index);
    if (route.kind == MatchKind::prefix) prefixes_.insert(route.pattern, route.index);
  }
}

RouteTable::~RouteTable() = default;

RouteTable::Cover RouteTable::cover(std::string_view path) const {
  if (auto exact = exact_.find(path)) return {&routes_[*exact], path.size()};
  if (auto prefix = prefixes_.find(path)) return {&routes_[prefix->value], prefix->length};
  return {};
}

const Route* RouteTable::match(std::string_view path, Arena& arena, std::span<const std::string_view>& captures) const {
  if (const Route* route = cover(path).route) return route;
  if (regexes_->routes.empty()) return nullptr;
  re2::StringPiece text(path.data(), path.size());
  const Route* route = regexes_->match(text);
  if (route == nullptr) return nullptr;
  re2::StringPiece groups[most_groups];
  int count = std::min(route->regex->NumberOfCapturingGroups() + 1, most_groups);
  if (!route->regex->Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups, count)) return nullptr;
  auto* views = arena.array<std::string_view>(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) views[i] = {groups[i].data(), groups[i].size()};
  captures = {views, static_cast<std::size_t>(count)};
  return route;
}

// ---- the hosts of one listener

Router::Router(std::span<const std::unique_ptr<Site>> sites) : exact_(Case::insensitive), wildcard_(Case::insensitive) {
  for (const auto& site : sites) {
    auto index = static_cast<std::uint32_t>(sites_.size());
    sites_.push_back(site.get());
    for (std::string_view host : site->hosts) {
      if (host == "*") {
        if (any_ == nullptr) any_ = site.get();
      } else if (host.starts_with("*.")) {
        const std::string_view suffix = host_of(host.substr(1));
        wildcard_.insert(suffix, index);
        longest_wildcard_ = std::max(longest_wildcard_, suffix.size());
      } else {
        exact_.insert(configured_host(host), index);
      }
    }
  }
}

const Site* Router::site(std::string_view authority) const {
  std::string_view host = host_of(authority);
  if (host.empty()) return any_;
  if (auto exact = exact_.find(host)) return sites_[*exact];
  if (!wildcard_.empty()) {
    const std::size_t first = host.size() - std::min(host.size() - 1, longest_wildcard_);
    for (std::size_t dot = host.find('.', first); dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
      if (auto found = wildcard_.find(host.substr(dot))) return sites_[*found];
    }
  }
  return any_;
}

RouteMatch Router::match(std::string_view authority, std::string_view path, Arena& arena) const {
  RouteMatch result;
  result.site = site(authority);
  if (result.site == nullptr) return result;
  result.route = result.site->table->match(path, arena, result.captures);
  result.code = result.route != nullptr ? Code::ok : Code::no_route;
  return result;
}

}  // namespace sp::policy
