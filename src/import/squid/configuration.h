// What the directives say, before it is put together.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "import/draft.h"
#include "import/squid/tree.h"

namespace sp::import::squid {

// The lines of one name together: any of the values will do.
struct Acl {
  std::string name, type;
  std::vector<std::string> flags;  // "-i", "-n"
  std::vector<std::string> values;
  std::vector<Origin> places;
  std::string fault;  // what of it could not be read; then it holds more than `values`
};

struct Literal {
  std::string name;
  bool negated = false;
};

// "http_access deny CONNECT !SSL_ports", and others of this kind.
struct Rule {
  std::string action;
  std::vector<Literal> all;
  Origin at;
};

struct Listener {
  Origin at;
  std::string address;  // as in a URL; empty: every address
  int port = 0;
  std::string name;
  bool tls = false;   // https_port
  bool bump = false;  // TLS in tunnels is opened where ssl_bump says so
  std::string cert, key;
};

struct Peer {
  Origin at;
  std::string url;
};

struct Configuration {
  std::map<std::string, Acl> acls;
  std::vector<Listener> listeners;
  std::vector<Rule> access, bump, always_direct, never_direct;
  std::vector<Peer> peers;
  std::string users;  // of ncsa_auth
  bool authenticates = false;
  std::string via, forwarded;  // as written
  std::string requests_to, responses_to;
  bool scanner_may_fail = false;
  std::string max_body;
  DraftTimeouts timeouts;
  DraftUpstreamTls upstream_tls;
};

Configuration collect(const Tree& tree, const config::FileSystem& disk, Report& report);

// What is known of a directive that has no counterpart.
struct Known {
  Fate fate;
  const char* why;
};
std::optional<Known> known_directive(std::string_view name);

}  // namespace sp::import::squid
