// What a server says in its own name is told to the client in the public one: Location, Content-Location, Refresh, and
// Domain and Path of Set-Cookie. Nobody has to ask for it, and nothing is changed that is right already.
//
// An absolute URL is mapped when its authority is
//  (a) the server's own: that of any server of the route's upstream, of another upstream of the same site, or the
//  literal name
//      of `host:`; the default ports of http and https count as one, and the scheme does not matter. It becomes the
//      client's scheme and Host, and its path is mapped through the route of the site whose `to` covers it best, be it
//      another one than the route of the request. Where no route covers the path, only the authority is mapped: the
//      path will probably not be found, but the server's name does not leak (Apache's ProxyPassReverse leaks it).
//  (b) the public one (the client's Host): with the client's port, with the server's, or with none where that raises
//  the scheme
//      from http to https. It is raised when the client speaks https and the server is spoken to by http (TLS ends
//      here, and the server cannot know); it is never lowered, and where the server itself is spoken to by https, its
//      http is meant. The path is mapped as that of a relative URL.
// Everything else is somebody else's, and stays.
//
// A path alone ("/x", and the Path of a cookie) can be the server's own or already public: it is both "/" of the server
// and below "/app" of the client. The reading whose prefix is longer wins, and the server's when they are equal:
//   path /app to http://h/      /login -> /app/login;  /app/login stays;  /other/x stays if the site has a route /other
//   path /a   to http://h/b     /b/x -> /a/x;  /c stays
// With equal prefixes on both sides nothing changes. "../x", "x" and "?x" are relative to the request, and stay.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "http/fields.h"
#include "policy/site_table.h"

namespace sp::policy {

// The exchange that the response belongs to.
struct ReverseContext {
  const Route* route = nullptr;       // has a ForwardTarget
  const Server* server = nullptr;     // that answered
  std::string_view public_scheme;     // "http" or "https", as the client sees it
  std::string_view public_authority;  // the client's Host: host[:port]
};

// Each returns its argument where nothing needs to change, else text in the arena.
std::string_view map_location(std::string_view url, const ReverseContext& context, Arena& arena);
std::string_view map_refresh(std::string_view value, const ReverseContext& context, Arena& arena);     // "5; url=..."
std::string_view map_set_cookie(std::string_view value, const ReverseContext& context, Arena& arena);  // one cookie
// All of them, in place.
void map_response_fields(http::Fields& fields, const ReverseContext& context, Arena& arena);

}  // namespace sp::policy
