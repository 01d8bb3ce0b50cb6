// The http block on its way: locations, the routes that are made of them, the sites of the servers.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "import/draft.h"
#include "import/nginx/listen.h"
#include "import/nginx/upstreams.h"

namespace sp::import::nginx {

// What is known about the server block that a location is in.
struct HttpServer {
  const Directive& http;  // where upstreams and maps are
  Scope scope;
  std::string name;                    // $server_name
  bool secure = false, plain = false;  // which of both it listens on
  Upstreams& upstreams;
  Report& report;
};

enum class Kind : std::uint8_t {
  exact,   // = /x
  prefix,  // /x
  stop,    // ^~ /x: no regular expression is asked after it
  regex,
  named,  // @x
};

struct Location {
  Kind kind = Kind::prefix;
  std::string pattern;
  bool nested = false;
  const Directive* block = nullptr;
  Scope scope;
};
// In the order of the file; those within others too. Deque: scopes point at each other.
std::deque<Location> locations_of(const HttpServer& server);

// Where a request is sent to.
struct Target {
  std::string base;         // "http://h:8080", or the name of an upstream
  std::string only_server;  // of an upstream that has one: its URL
  bool upstream = false;
  std::optional<std::string> uri;  // takes the place of what the location matched
  bool whole = false;              // takes the place of the whole path
};

// A route before it is known what it looks like beside the others.
struct Made {
  Kind kind = Kind::prefix;
  std::string pattern;
  enum class Rank : std::uint8_t { first, nested, normal } rank = Rank::normal;  // among regular expressions
  bool protects = false;  // that it takes less than NGINX would let somebody in
  bool files = false;     // NGINX answered from files or by a program
  std::optional<Target> target;
  DraftRoute route;
  const Directive* at = nullptr;
};

// Nothing where there is nothing to serve, which is reported.
std::vector<Made> make_routes(const HttpServer& server, const Location& location, const std::deque<Location>& all);
// The same for `return` and `rewrite` of the server itself.
std::optional<Made> returned(const HttpServer& server, const Scope& scope, const Directive& at);
std::vector<Made> rewritten(const HttpServer& server, const Scope& scope, const Location* location);
// In the order and the forms in which Sallyport decides as NGINX does.
std::vector<DraftRoute> placed(std::vector<Made> made, Report& report);

// ---- parts of a route

struct Access {
  std::vector<std::string> allow, deny;
  Comments comments;
};
Access access_of(const Scope& scope, Report& report);

// `kind` is proxy or grpc, with which the names of the directives begin.
struct RequestEdits {
  DraftEdits edits;
  std::string host;  // as in DraftRule; nothing: what NGINX does when it is not told
  bool host_is_said = false;
};
RequestEdits request_edits(const HttpServer& server, const Scope& scope, const std::string& kind);
DraftEdits response_edits(const HttpServer& server, const Scope& scope, const std::string& kind);
DraftTimeouts timeouts_of(const Scope& scope, const std::string& kind, Report& report);
std::string max_body_of(const Scope& scope, Report& report);
// `proxy_host`: the name that NGINX verifies and asks for; `sent`: whether the Host that is sent is that one.
DraftUpstreamTls upstream_tls_of(const Scope& scope, const std::string& kind, const std::string& proxy_host, bool sent,
                                 const Directive& at, Comments& comments, Report& report);

// ---- servers

struct TlsSettings {
  std::vector<std::pair<std::string, std::string>> certificates;
  DraftClientCertificates clients;
  const Directive* clients_at = nullptr;
  const Directive* clients_ca_at = nullptr;
  bool modern = false;
};
TlsSettings tls_of(const Scope& scope, Report& report);

// What holds for an entry as a whole, as one of its servers says it.
struct EntrySettings {
  std::vector<std::string> trusted_proxies, accept_proxy_from;
  DraftLimits limits;
  DraftTimeouts timeouts;
  bool operator==(const EntrySettings&) const = default;
};
EntrySettings entry_settings(const HttpServer& server, const std::vector<Listen>& listens);
// limit_conn by address, as far as it is one number for all; of stream too.
std::string connections_per_address(const Scope& scope, const Directive& context, Report& report);

struct BuiltSite {
  DraftSite site;  // its hosts as the server names them
  std::vector<Listen> listens;
  bool redirects_plain = false;  // what comes by http goes to https on the same name

  bool nameless = false;  // for requests that no other server takes
  TlsSettings tls;
  EntrySettings settings;
  const Directive* at = nullptr;
};
std::vector<BuiltSite> build_sites(const Directive& http, Upstreams& upstreams, Report& report);
void add_http(const Directive& http, Upstreams& upstreams, Draft& draft, Report& report);
void add_stream(const Directive& stream, Upstreams& upstreams, Draft& draft, Report& report);
void add_mail(const Directive& mail, Draft& draft, Report& report);

// A name that no entry has yet.
std::string entry_name(const Draft& draft, const std::string& wanted);
void add_certificates(const TlsSettings& tls, const Directive& at, Draft& draft, Report& report);

}  // namespace sp::import::nginx
