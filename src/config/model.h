// The configuration as values: what sallyport.yaml says, with the defaults filled in. Plain structs; schema.h says for
// each member its key, its documentation and its checks, and everything else (parser, reference, JSON Schema) follows
// from that.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace sp::config {

using Duration = std::chrono::milliseconds;

// What `max_body: off` stands for: it lifts the limit of an outer level.
inline constexpr Bytes unlimited{UINT64_MAX};

// Where a value stands: for messages that name file:line:column. Lines and columns count from 1; 0: nowhere (a
// default).
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
};

// A string with its place, where later checks (upstream not found, name without certificate) must point at it.
struct Text {
  std::string value;
  Place place;
  bool secret = false;  // from `{ file: PATH }` or `${env.NAME}`: never printed
  bool empty() const { return value.empty(); }
};

// An octet rate: "100B/s".
struct ByteRate {
  std::uint64_t bytes_per_second = 0;
};

struct TimeoutsConfig {
  Duration client_head = std::chrono::seconds(10);
  Duration connect = std::chrono::seconds(3);
  Duration response_head = std::chrono::seconds(60);
  Duration body_idle = std::chrono::seconds(30);
  ByteRate min_rate{100};
  Duration keep_alive = std::chrono::seconds(60);
  Duration tunnel_idle = std::chrono::hours(1);
};

// The same, where only what is set replaces the outer value (entry, site, route, upstream).
struct TimeoutsOverride {
  std::optional<Duration> client_head, connect, response_head, body_idle;
  std::optional<ByteRate> min_rate;
  std::optional<Duration> keep_alive, tunnel_idle;
};
TimeoutsConfig merged(TimeoutsConfig outer, const TimeoutsOverride& inner);

struct LimitsConfig {
  Bytes request_line{8192};
  Bytes head{65536};
  std::uint32_t fields = 128;
  std::uint32_t connections = 0;  // 0: as many as the descriptors allow
};

struct CertificateConfig {
  Text cert;                // path to PEM: leaf first, then its chain
  Text key;                 // path to PEM
  bool is_default = false;  // `default: true`: for clients whose name matches none
  Place place;
};

enum class OnOff : std::uint8_t { off, on };
enum class Verify : std::uint8_t { full, chain, none };

struct UpstreamTlsConfig {
  Verify verify = Verify::full;
  Text ca;                       // path to PEM; empty: the system's authorities
  std::string sni;               // empty: the Host that is sent
  Text cert, key;                // the client certificate that is presented
  OnOff http2 = OnOff::on;       // offered; the server chooses
  std::vector<std::string> pin;  // base64 SHA-256 of the SubjectPublicKeyInfo ("sha256//..." is accepted too)
  Place place;
};

enum class ClientCertificates : std::uint8_t { off, optional, required };
struct ClientCertificateConfig {
  ClientCertificates mode = ClientCertificates::off;
  Text ca;
  std::string field = "X-Client-Certificate";  // carries the subject, fingerprint...: see docs/tls.md
  Place place;
};

enum class TlsProfile : std::uint8_t { intermediate, modern };
struct ListenerTlsConfig {
  TlsProfile profile = TlsProfile::intermediate;
  OnOff http2 = OnOff::on;
  ClientCertificateConfig client_certificates;
  Place place;
};

// request_headers / response_headers. Values may hold ${...}; see policy/template.h. Order is kept.
struct FieldEdits {
  std::vector<std::pair<std::string, Text>> set;
  std::vector<std::pair<std::string, Text>> add;
  std::vector<std::string> remove;
};

struct RedirectConfig {
  Text to;  // may hold ${...}; a path or a URL
  std::uint16_t status = 302;
  Place place;
};
struct RespondConfig {
  std::uint16_t status = 200;
  Text body;  // may hold ${...}
  std::string content_type = "text/plain; charset=utf-8";
  Place place;
};

enum class SlashPolicy : std::uint8_t { refuse, allow };

struct RouteConfig {
  Place place;
  // Exactly one of these says what matches.
  Text exact, path, regex;
  // Exactly one of these says what happens.
  Text to;  // URL or the name of an upstream
  std::optional<RedirectConfig> redirect;
  std::optional<RespondConfig> respond;
  Text host{"preserve", {}};  // preserve | upstream | a literal name
  FieldEdits request_headers, response_headers;
  UpstreamTlsConfig upstream_tls;
  std::vector<Text> allow, deny;  // address patterns; `deny` wins, and with `allow` all others get 403
  std::optional<Bytes> max_body;  // `off`: unlimited
  SlashPolicy encoded_slashes = SlashPolicy::refuse;
  std::vector<std::string> upgrades{"websocket"};  // protocols that may be upgraded to
  TimeoutsOverride timeouts;
};

struct SiteConfig {
  Place place;
  std::vector<Text> hosts;  // exact, "*.example.com", "*"; never empty once loaded
  std::vector<RouteConfig> routes;
  OnOff https_redirect = OnOff::on;  // http goes to https where the entry listens on both
  FieldEdits request_headers, response_headers;
  std::vector<Text> allow, deny;
  std::optional<Bytes> max_body;
  TimeoutsOverride timeouts;
};

struct InboundConfig {
  Place place;
  std::string name;
  std::vector<Text> listen;           // URLs: http https h2c tcp tls (unix: http+unix:///path)
  std::vector<Text> trusted_proxies;  // address patterns
  std::vector<SiteConfig> sites;
  ListenerTlsConfig tls;
  std::optional<Bytes> max_body;
  TimeoutsOverride timeouts;
  LimitsConfig limits;
};

struct ServerConfig {
  Text url;
  std::uint32_t weight = 1;
  bool backup = false;
};
enum class Balance : std::uint8_t { round_robin, least_requests, random };
struct UpstreamConfig {
  Place place;
  std::string name;  // the key in `upstreams`
  std::vector<ServerConfig> servers;
  Balance balance = Balance::least_requests;
  Duration fail_for = std::chrono::seconds(10);  // how long a server that failed is passed over
  std::uint32_t fail_after = 3;                  // consecutive failures that mark it
  std::uint32_t retries = 2;
  UpstreamTlsConfig upstream_tls;
  TimeoutsOverride timeouts;
};

enum class LogFormat : std::uint8_t { json, common, combined };
struct LogConfig {
  Text access{"stdout", {}};  // off | a file | stdout | syslog | journal
  LogFormat format = LogFormat::json;
};

struct RuntimeConfig {
  std::uint32_t workers = 0;  // 0 ("auto"): one for each core
  Duration drain = std::chrono::seconds(30);
};

// One entry of `tests`: see app/test_command.h.
struct ExpectationConfig {
  std::string upstream;      // the URL that would be asked
  std::string route;         // the path, exact or regex of the route
  std::uint16_t status = 0;  // of what the gate answers itself (redirect, respond, refusal)
  std::string location;
  std::map<std::string, std::string> header;  // fields of the request as the server would get it
  std::string refused;                        // the Code's name ("denied", "no_route")
  Place place;
};
struct TestConfig {
  Place place;
  Text request;  // "GET https://lists.example.com/sympa/home"
  std::string from = "192.0.2.1";
  std::map<std::string, std::string> header;
  ExpectationConfig expect;
};

struct Config {
  std::vector<CertificateConfig> certificates;
  std::vector<InboundConfig> inbound;
  std::map<std::string, UpstreamConfig> upstreams;
  TimeoutsConfig timeouts;
  LogConfig log;
  RuntimeConfig runtime;
  std::vector<TestConfig> tests;
};

}  // namespace sp::config
