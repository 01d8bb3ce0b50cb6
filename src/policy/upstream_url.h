// What the server is asked for: the path and the Host of a request, mapped by the route's `to`.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "base/result.h"
#include "policy/router.h"

namespace sp::policy {

// The path to send, for a route with a ForwardTarget; the query stays as the client sent it.
//   path /sympa  to https://h/wws   /sympa -> /wws, /sympa/x -> /wws/x
//   path /app    to http://h/       /app -> /, /app/x -> /x
//   path /       to http://h/base   / -> /base/, /x -> /base/x
//   exact /a     to http://h/b      /a -> /b
//   regex ^/u/([^/]+)  to http://h/users/${regex.1}   the whole path becomes this one
//   any          to http://h        the path stays
// What a template makes is brought to normal form again, and refused (ambiguous_path) where that is refused.
Result<std::string_view> upstream_path(const RouteMatch& match, std::string_view path, const Variables& variables,
                                       Arena& arena);

// The Host to send: the client's, the server's own, or a given one. `client_authority` as the client sent it.
std::string_view upstream_authority(const ForwardTarget& target, std::string_view client_authority,
                                    const Server& server);

// Why the path and the Host are what they are, for `explain`: "/sympa is replaced by /wws; Host is preserved".
std::string mapping_reason(const Route& route);

}  // namespace sp::policy
