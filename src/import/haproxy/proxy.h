// What the sections say, once `defaults` are merged in and each directive is understood.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "import/haproxy/condition.h"
#include "import/haproxy/report.h"
#include "import/haproxy/tree.h"

namespace sp::import::haproxy {

enum class Mode : std::uint8_t { tcp, http, other };

struct BindTls {
  bool modern = false;  // TLS 1.3 alone
  DraftClientCertificates clients;
  bool operator==(const BindTls&) const = default;
};

// One address of a `bind`.
struct Bind {
  Origin at;
  std::string address;    // what stands between :// and the port: "", "10.0.0.1", "[::1]"
  int port = 0;           // 0: a Unix socket
  std::string unix_path;  // of mode http
  bool ssl = false;
  bool accept_proxy = false;
  BindTls tls;
};

struct Server {
  Origin at;
  std::string name;
  std::string host;  // an IPv6 address in brackets
  int port = 0;      // 0: the one that the client has connected to
  std::string unix_path;
  int weight = 1;
  bool backup = false;
  bool ssl = false;
  bool http2 = false;
  DraftUpstreamTls tls;
  std::string send_proxy;
};

enum class Does : std::uint8_t {
  use_backend,
  deny,   // with a status
  allow,  // ends the evaluation of this kind of rules
  redirect,
  respond,
  edit,  // of the request's fields
  edit_response,
  set_host,
  map_path,
  auth,  // asks for a password: nobody may pass until somebody decides
};

struct PathMap {
  std::string from, to;  // the prefix `from` becomes `to`
};

struct Rule {
  Does does = Does::deny;
  Origin at;
  Condition condition;
  std::string backend;
  int status = 0;
  bool to_https = false;  // a redirect that keeps everything but the scheme
  std::string target;     // of a redirect, or the Host
  DraftEdits edits;
  PathMap path;
};

// So many connections of one address are too many: at a time, or new ones within the period of a stick-table.
struct AddressLimit {
  Origin at;
  int most = 0;
};

struct Proxy {
  SectionKind kind = SectionKind::other;
  std::string name;
  Origin at;
  Mode mode = Mode::tcp;
  NamedTests acls;
  std::map<std::string, Origin> acl_places;
  std::vector<Bind> binds;
  std::vector<Server> servers;
  std::map<std::string, std::string> timeouts;  // HAProxy's name and our text
  std::map<std::string, Origin> timeout_places;
  bool waits_for_hello = false;        // content is accepted where it is TLS
  std::vector<Rule> connection_rules;  // tcp-request: reject is `deny`, accept is `allow`
  std::vector<Rule> rules;             // http-request and http-response, in their order
  std::vector<Rule> backends;          // use_backend, in their order
  std::string default_backend;
  Origin default_backend_at;
  std::vector<std::string> proxies;  // who must send a PROXY header, of `expect-proxy`
  std::string balance;               // in our words
  Origin balance_at;
  std::optional<int> retries;
  Origin retries_at;
  std::string max_connections;
  int rate_period_ms = 0;  // of conn_rate, where there is a stick-table
  std::string rate_table;  // the section whose table counts; empty: this one
  std::optional<AddressLimit> connections_per_address, rate_per_address;
  std::string client_address_field;  // of `option forwardfor header`

  bool has_frontend() const { return kind == SectionKind::frontend || kind == SectionKind::listen; }
  bool has_backend() const { return kind == SectionKind::backend || kind == SectionKind::listen; }
};

struct Configuration {
  std::vector<Proxy> proxies;
  std::vector<DraftCertificate> certificates;

  const Proxy* backend(std::string_view name) const;
};

Configuration collect(const Tree& tree, const config::FileSystem& disk, Report& report);

}  // namespace sp::import::haproxy
