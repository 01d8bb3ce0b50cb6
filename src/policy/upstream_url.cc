#include "policy/upstream_url.h"

#include "policy/path.h"

namespace sp::policy {
namespace {

std::string_view without_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// `path` with the route's prefix replaced by `prefix`.
std::string_view replaced(const Route& route, std::string_view prefix, std::string_view path, Arena& arena) {
  if (prefix == route.pattern) return path;
  std::string_view rest = path.substr(without_slash(route.pattern).size());
  if (rest.empty()) return prefix;
  std::string_view front = without_slash(prefix);
  return front.empty() ? rest : arena.concat({front, rest});
}

}  // namespace

Result<std::string_view> upstream_path(const RouteMatch& match, std::string_view path, const Variables& variables,
                                       Arena& arena) {
  const Route& route = *match.route;
  const ForwardTarget* target = route.forward();
  if (target == nullptr || !target->replaces_path) return path;
  std::string_view prefix = target->path.expand(variables, arena, Template::Use::url);
  std::string_view made = route.kind == MatchKind::prefix ? replaced(route, prefix, path, arena) : prefix;
  if (target->path.is_literal()) return made;
  auto normal = normalize_path(made, arena, DotSegments::refuse);
  if (!normal) return fail(Code::ambiguous_path, normal.error().where);
  return normal->text;
}

std::string_view upstream_authority(const ForwardTarget& target, std::string_view client_authority,
                                    const Server& server) {
  switch (target.host) {
    case HostMode::preserve: return client_authority.empty() ? std::string_view(server.authority) : client_authority;
    case HostMode::upstream: return server.authority;
    case HostMode::literal: return target.host_name;
  }
  return client_authority;
}

std::string mapping_reason(const Route& route) {
  const ForwardTarget* target = route.forward();
  if (target == nullptr) return {};
  std::string result = "the path stays";
  if (target->replaces_path && target->path.source() != route.pattern) {
    std::string what = route.kind == MatchKind::prefix ? route.pattern : "the path";
    result = what + " is replaced by " + target->path.source();
  }
  switch (target->host) {
    case HostMode::preserve: return result + "; Host is preserved";
    case HostMode::upstream: return result + "; Host is the server's";
    case HostMode::literal: return result + "; Host is " + target->host_name;
  }
  return result;
}

}  // namespace sp::policy
