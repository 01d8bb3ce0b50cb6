// Sites, routes and upstreams as the data path wants them: compiled once from the configuration, then immutable and
// shared by all workers. Everything points at where it was written (file:line), so that every decision can say why.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/model.h"
#include "config/status_range.h"
#include "http/fields.h"
#include "http/url.h"
#include "policy/access.h"
#include "policy/template.h"

namespace re2 {
class RE2;
}

namespace sp::policy {

struct Site;

// How TLS begins with a server.
enum class ServerTls : std::uint8_t { none, at_once, starttls };

struct Server {
  http::Url url;          // of scheme, host, port or Unix path; it has no path
  std::string authority;  // url.authority(): what Host says under `host: upstream`
  std::string name;       // url.origin(): in logs, metrics and reasons
  std::uint32_t weight = 1;
  bool backup = false;
  bool http2 = false;  // HTTP/2 from the first octet: h2c
  ServerTls tls = ServerTls::none;
  // What checks of its health are known by: servers with one number (of two upstreams or snapshots, say) are checked as
  // one. A hash of all that the checks depend on, so that workers need no memory to compare it. 0: it is not checked.
  std::uint64_t check_id = 0;
};

// How servers are checked: config::HealthConfig, ready for use.
struct HealthCheck {
  std::string path;  // with its query; empty: to be connected is enough
  std::string host;  // empty: the server's own
  config::Duration every{}, timeout{};
  std::uint32_t fall = 0, rise = 0;
  std::vector<config::StatusRange> expect;
  std::string place_text;  // "sallyport.yaml:31"
};

// What a connection to a server begins with, besides the addresses.
struct SendProxy {
  config::ProxyVersion version = config::ProxyVersion::off;
  bool crc32c = false;
  bool unique_id = false;
  struct Value {
    std::uint8_t type = 0;
    Template text;
  };
  std::vector<Value> values;  // of version 2, of types that are free for agreement
  std::string place_text;     // "sallyport.yaml:31"

  bool on() const { return version != config::ProxyVersion::off; }
};

// A named upstream, or the one server of a `to: URL`.
struct Upstream {
  std::uint32_t id = 0;  // its place in Policy::upstreams
  // Of a server of the web that stands in no configuration: its certificate is verified by the system's authorities.
  static constexpr std::uint32_t of_the_web = UINT32_MAX;
  // Two upstreams with one key (of two snapshots, say) can share connections and health. The snapshot adds what stands
  // in the files of `tls`.
  std::string key;
  std::string name;  // "chat", or the URL's origin
  std::vector<Server> servers;
  config::Balance balance = config::Balance::least_requests;
  config::Duration fail_for{};
  std::uint32_t fail_after = 0;
  std::uint32_t retries = 0;
  config::UpstreamTlsConfig tls;  // the route's where it says anything, else the named upstream's
  SendProxy send_proxy;           // as well
  std::optional<HealthCheck> health;
};

enum class HostMode : std::uint8_t { preserve, upstream, literal };

struct ForwardTarget {
  const Upstream* upstream = nullptr;
  bool replaces_path = false;  // `to` has a path: it takes the place of what matched
  Template path;
  HostMode host = HostMode::preserve;
  std::string host_name;  // of HostMode::literal
};
struct RedirectTarget {
  Template to;
  std::uint16_t status = 302;
};
struct RespondTarget {
  std::uint16_t status = 200;
  Template body;
  std::string content_type;
};
// Images of other sites, by signed URLs.
struct ImageTarget {
  std::string key;             // a secret
  std::size_t outbound = 0;    // in Policy::outbounds: whose rules hold
  std::uint64_t max_size = 0;  // in octets
  std::uint64_t max_pixels = 0;
  std::uint32_t max_redirects = 0;
  std::uint64_t cache = 0;  // in octets
};
using Target = std::variant<ForwardTarget, RedirectTarget, RespondTarget, ImageTarget>;

// One edit of a field; see field_edits.h.
struct FieldEdit {
  enum class Op : std::uint8_t { remove, set, add };
  Op op = Op::set;
  http::FieldId id = http::FieldId::other;
  std::string name;
  Template value;
};

enum class MatchKind : std::uint8_t { exact, prefix, regex };

struct Route {
  Route();
  ~Route();
  Route(Route&&) noexcept;

  const Site* site = nullptr;
  std::uint32_t index = 0;  // in Site::routes
  MatchKind kind = MatchKind::prefix;
  std::string pattern;  // exact and prefix: in normal form; regex: as written
  std::unique_ptr<re2::RE2> regex;
  Target target;
  std::vector<FieldEdit> request_edits, response_edits;  // the site's, then the route's
  AccessList access;
  config::TimeoutsConfig timeouts;  // global < entry < site < upstream < route
  std::optional<std::uint64_t> max_body;
  config::SlashPolicy encoded_slashes = config::SlashPolicy::refuse;
  std::vector<std::string> upgrades;
  config::Place place;
  std::string place_text;  // "sallyport.yaml:31"

  // "path /sympa", "exact /x", "regex ^/y": as reasons and logs name it.
  std::string label() const;
  const ForwardTarget* forward() const { return std::get_if<ForwardTarget>(&target); }
};

// Maps a site's public paths and the servers' own back to each other; see reverse_map.h.
class ReverseTable;
class RouteTable;

struct Site {
  Site();
  ~Site();

  std::string name;  // the first of its hosts
  std::vector<std::string> hosts;
  std::vector<Route> routes;  // in file order
  std::unique_ptr<const RouteTable> table;
  std::unique_ptr<const ReverseTable> reverse;
  config::OnOff https_redirect = config::OnOff::on;
  config::Place place;
  std::string place_text;
};

// "file:line", for reasons; "default" for what is not written anywhere.
std::string file_and_line(const config::Place& place);

}  // namespace sp::policy
