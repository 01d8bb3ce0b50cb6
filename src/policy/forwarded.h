// Who the client is, and what the server is told about it: X-Forwarded-For, -Host, -Proto, -Port and Forwarded (RFC
// 7239).
//
// From a stranger nothing is believed: every field that speaks about the client's address or scheme is deleted, in
// every spelling (X_Forwarded_For too), and ours take their place. A trusted peer (`trusted_proxies`) is believed and
// extended:
//  - the client is the rightmost address of X-Forwarded-For that is not itself trusted (of Forwarded, if there is no
//    X-Forwarded-For: proxies that write only the former pass the latter on unread);
//  - X-Forwarded-Host, -Proto and -Port stay (the last value of a list: earlier ones are hearsay), or are ours;
//  - X-Forwarded-For gets the peer's address at its end, and so does Forwarded, where it is there and does not
//  contradict
//    X-Forwarded-For; a Forwarded that contradicts it is deleted, since some servers prefer it (Stalwart).
// Forwarded is never made: a server that reads both may prefer it, and one description is enough. X-Forwarded-Server is
// always deleted: it tells the server only our own name.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/ip.h"
#include "http/fields.h"
#include "policy/address_set.h"

namespace sp::policy {

// The connection on which the request came.
struct Hop {
  IpAddress peer;              // the other end (or what a trusted PROXY header said); 127.0.0.1 for a Unix socket
  std::string_view peer_text;  // peer.text(), made once per connection
  bool trusted = false;        // trusted_proxies holds `peer`; asked once per connection
  std::string_view scheme;     // "http" or "https": of the listener
};

// The client as the request describes it, to whom we trust.
struct ClientView {
  IpAddress address;
  std::string_view address_text;
  std::string_view scheme;  // "http" or "https"
  std::string_view
      authority;           // the public host[:port]: for redirects and for mapping responses. Routes are found by Host.
  std::uint16_t port = 0;  // of `authority`, or the scheme's
};

// Reads; changes nothing. `authority` is the request's own (Host). Views point into the fields, the hop or the arena.
ClientView client_view(const Hop& hop, const http::Fields& fields, std::string_view authority,
                       const AddressSet& trusted, Arena& arena);

// Brings these fields of the request to the state that the server may see. Removes Proxy, too, from everybody
// (httpoxy).
void edit_forwarded(const Hop& hop, const ClientView& client, http::Fields& fields, Arena& arena);

}  // namespace sp::policy
