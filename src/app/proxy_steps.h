// The PROXY protocol in an explanation: which header a client must begin with, and which one the server would get.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/explanation.h"
#include "proxy/snapshot.h"

namespace sp::app {

// What is known of a client without a connection.
struct ClientFacts {
  IpAddress address;
  std::optional<IpAddress> local;  // that it has connected to
  std::string_view server_name;    // that it asks for by TLS
  std::string_view alpn;           // agreed on
  bool tls_ends_here = false;      // so that the gate knows of it
};

struct SentHeader {
  std::string octets;                // empty: none is sent
  std::vector<std::string> made_up;  // what only a real connection has: "client port 50000"
};

// As the data path would write it.
SentHeader example_header(const ClientFacts& client, const proxy::Entry& entry, const proxy::Listen& listen,
                          const policy::Upstream& upstream);

// Whether it must begin with a header; nothing where the entry has no `accept_proxy`.
void add_accepted(const proxy::Entry& entry, const IpAddress& from, std::vector<Step>& steps);
// The header octet by octet.
void add_sent(const SentHeader& header, const policy::SendProxy& send_proxy, std::vector<Step>& steps);

}  // namespace sp::app
