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
#include "base/units.h"

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
  Duration half_closed = std::chrono::minutes(1);
};

// The same, where only what is set replaces the outer value (entry, site, route, upstream).
struct TimeoutsOverride {
  std::optional<Duration> client_head, connect, response_head, body_idle;
  std::optional<ByteRate> min_rate;
  std::optional<Duration> keep_alive, tunnel_idle, half_closed;
};
TimeoutsConfig merged(TimeoutsConfig outer, const TimeoutsOverride& inner);

struct LimitsConfig {
  Bytes request_line{8192};
  Bytes head{65536};
  std::uint32_t fields = 128;
  std::uint32_t connections = 0;              // 0: as many as the descriptors allow
  std::uint32_t connections_per_address = 0;  // 0: any number
  CountRate rate_per_address;                 // of new connections; a count of 0: any number
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

// Images of other sites, fetched for pages of this one: the signed URLs of camo.
struct ImageProxyConfig {
  Place place;
  Text key;       // that URLs are signed with
  Text outbound;  // the name of the entry of `outbound` whose rules hold
  Bytes max_size{std::uint64_t{5} << 20};
  std::uint64_t max_pixels = 50'000'000;
  std::uint32_t max_redirects = 4;
  Bytes cache{std::uint64_t{64} << 20};  // of memory, for images that may be kept
};

enum class SlashPolicy : std::uint8_t { refuse, allow };

// Whether connections to a server begin with a header of the PROXY protocol, and what is in it.
enum class ProxyVersion : std::uint8_t { off, v1, v2 };
struct SendProxyConfig {
  ProxyVersion version = ProxyVersion::off;
  OnOff crc32c = OnOff::off;
  OnOff unique_id = OnOff::off;
  std::vector<std::pair<std::string, Text>> tlvs;  // "0xE1": a text with ${...}
  Place place;
};

// Peers that must begin with one; nobody else may.
struct AcceptProxyConfig {
  std::vector<Text> from;  // address patterns
  Place place;
};

struct RouteConfig {
  Place place;
  // Exactly one of these says what matches.
  Text exact, path, regex;
  // Exactly one of these says what happens.
  Text to;  // URL or the name of an upstream
  std::optional<RedirectConfig> redirect;
  std::optional<RespondConfig> respond;
  std::optional<ImageProxyConfig> image_proxy;
  Text host{"preserve", {}};  // preserve | upstream | a literal name
  FieldEdits request_headers, response_headers;
  UpstreamTlsConfig upstream_tls;
  SendProxyConfig send_proxy;
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

// Of smtp://, imap://, pop3:// and sieve://: whether clients must ask for TLS before anything else.
enum class StartTls : std::uint8_t { optional, required };
enum class InClear : std::uint8_t { refuse, allow };
// What is spoken where no scheme says it: under TLS from the first octet, or in clear.
enum class MailProtocol : std::uint8_t { smtp, imap, pop3, sieve };

// An entry listens for HTTP and has `sites`, or it passes on what comes (tcp, tls, smtp...) and has `to` and the like.
struct InboundConfig {
  Place place;
  std::string name;
  std::vector<Text> listen;           // URLs: http https h2c tcp tls smtp imap pop3 sieve (unix: http+unix:///path)
  std::vector<Text> trusted_proxies;  // address patterns
  std::vector<SiteConfig> sites;
  Text to;                                          // for what none of the following names
  std::vector<std::pair<std::string, Text>> ports;  // the port that was connected to: "465"
  std::vector<std::pair<std::string, Text>> sni;    // "mail.example.com", "*.example.com", "*"
  std::vector<std::pair<std::string, Text>> alpn;   // "acme-tls/1"
  SendProxyConfig send_proxy;
  AcceptProxyConfig accept_proxy;
  std::optional<MailProtocol> protocol;
  std::optional<StartTls> starttls;  // without it: optional for smtp, required for the others
  OnOff xclient = OnOff::off;        // the server is told by XCLIENT or ID who connects
  InClear passwords_in_clear = InClear::refuse;
  UpstreamTlsConfig upstream_tls;
  std::vector<Text> allow, deny;
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

// Checks of the servers of an upstream, whether or not there is traffic.
struct HealthConfig {
  Text path;         // of HTTP: what is asked for; empty: to be connected is enough
  std::string host;  // that is sent with it; empty: the server's own
  Duration every = std::chrono::seconds(5);
  Duration timeout = std::chrono::seconds(2);
  std::uint32_t fall = 3;                      // consecutive failures that mark a server as down
  std::uint32_t rise = 2;                      // consecutive successes that mark it as up again
  std::vector<std::string> expect{"200-399"};  // of the answer: "200", "200-399"
  Place place;
};

struct UpstreamConfig {
  Place place;
  std::string name;  // the key in `upstreams`
  std::vector<ServerConfig> servers;
  Balance balance = Balance::least_requests;
  Duration fail_for = std::chrono::seconds(10);  // how long a server that failed is passed over
  std::uint32_t fail_after = 3;                  // consecutive failures that mark it
  std::uint32_t retries = 2;
  UpstreamTlsConfig upstream_tls;
  SendProxyConfig send_proxy;
  std::optional<HealthConfig> health;
  TimeoutsOverride timeouts;
};

// One rule of the way out: what it allows or denies, and for whom. Patterns of destinations are those of
// policy/destination_pattern.h.
struct OutboundRuleConfig {
  Place place;
  std::vector<Text> allow, deny;  // one of the two
  std::vector<std::string> who;   // users
  std::vector<Text> from;         // addresses of clients
  std::vector<Text> ports;        // "443", "8000-8999"
  std::vector<std::string> methods;
  std::vector<Text> paths;  // prefixes
  Text until;               // "2027-01-31": the last day
  Text schedule;            // "Mon-Fri 08:00-18:00", UTC
  Text reason;
};

// TLS that is opened: the server's is verified, and the client is shown a certificate minted for its name.
enum class Pinned : std::uint8_t { pass, refuse };
struct InspectConfig {
  Place place;
  CertificateConfig ca;
  std::vector<Text> only, except;  // destinations; at most one of the two
  Pinned pinned = Pinned::pass;    // clients that refuse the minted certificate: passed unopened next time, or never
  UpstreamTlsConfig upstream_tls;
};

// The gate's own way out: another proxy. A URL, or the variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
struct ParentConfig {
  Place place;
  Text url;  // http, https, socks5; may hold a user and a password
  bool environment = false;
  Text no_proxy;             // destinations that are reached without it, with commas between them
  OnOff lookup = OnOff::on;  // names are looked up here too, to see where they lead
  UpstreamTlsConfig upstream_tls;
  // Of `environment`: HTTP_PROXY and HTTPS_PROXY, filled in when the file is read.
  Text http_variable, https_variable;
};

// What one user, or one destination, may have; 0 is any amount.
struct ShareConfig {
  Place place;
  CountRate rate;             // of requests and tunnels that begin
  std::uint32_t tunnels = 0;  // at a time
  Bytes bytes{0};             // both ways, in a day (UTC)
};

// An ICAP service that is shown what passes, and may refuse it.
enum class ScannerGone : std::uint8_t { pass, refuse };
struct ScannerConfig {
  Place place;
  Text requests, responses;  // URLs: icap://127.0.0.1:1344/reqmod
  Duration timeout = std::chrono::seconds(10);
  ScannerGone unavailable = ScannerGone::refuse;
  Bytes max_body{std::uint64_t{32} << 20};  // larger ones pass unseen, or not, as `unavailable` says
};

enum class OutboundMode : std::uint8_t { enforce, observe };

// Where is written down what was asked of the way out: SQLite.
struct RecordConfig {
  Place place;
  Text path;
  Duration keep = std::chrono::days(90);
};

// One entry of the way out: a forward proxy.
struct OutboundConfig {
  Place place;
  std::string name;
  std::vector<Text> listen;   // URLs: proxy http https socks5
  Text users;                 // path to an htpasswd file
  std::vector<Text> clients;  // address patterns
  std::vector<OutboundRuleConfig> rules;
  std::vector<Text> private_networks;
  OutboundMode mode = OutboundMode::enforce;
  std::optional<RecordConfig> record;
  std::optional<InspectConfig> inspect;
  std::optional<ParentConfig> parent;
  std::optional<ScannerConfig> scanner;
  ShareConfig per_user, per_destination;
  OnOff via = OnOff::off;
  OnOff forwarded = OnOff::off;
  // Go's default client takes HTTP/2 from a proxy if it is offered, and then cannot speak it.
  ListenerTlsConfig tls{.http2 = OnOff::off};
  std::optional<Bytes> max_body;
  TimeoutsOverride timeouts;
  LimitsConfig limits;
};

enum class LogFormat : std::uint8_t { json, common, combined };
struct LogConfig {
  Text access{"stdout", {}};  // off | a file | stdout | syslog | journal
  LogFormat format = LogFormat::json;
};

struct RuntimeConfig {
  std::uint32_t workers = 0;  // 0 ("auto"): one for each core
  Duration drain = std::chrono::seconds(30);
  OnOff doctor = OnOff::on;
};

// One entry of `tests`: see app/test_command.h.
struct ExpectationConfig {
  std::string upstream;      // of a request: the URL that would be asked
  std::string route;         // the path, exact or regex of the route
  std::uint16_t status = 0;  // of what the gate answers itself (redirect, respond, refusal)
  std::string location;
  std::map<std::string, std::string> header;  // fields of the request as the server would get it
  std::string server;                         // of a connection: the URL that would be connected to
  std::string target;                         // of a connection: the line that was chosen, "sni mail.example.com"
  std::string rule;                           // of `outbound`: the destination of the rule that decides, as written
  std::string refused;                        // the Code's name ("denied", "no_route"); of `outbound` also "allowed"
  Place place;
};
struct TestConfig {
  Place place;
  // One of the three.
  Text request;                      // "GET https://lists.example.com/sympa/home"
  Text connect;                      // "tcp://mail.example.com:993"
  Text outbound;                     // "CONNECT gitlab.com:443", "GET http://gitlab.com/"
  std::string user;                  // of `outbound`
  std::string entry;                 // of `outbound`: its name; without it, the first
  std::vector<std::string> address;  // of `outbound`: what the name leads to; without it, only the name is judged
  std::optional<std::string> from;   // without it: 192.0.2.1; of `outbound`, somebody who may use the entry
  std::optional<std::string> sni;    // of a connection: the name that TLS asks for; without it: the host of the URL
  std::vector<std::string> alpn;     // of a connection: the protocols that TLS offers
  std::map<std::string, std::string> proxy;  // said by a PROXY header, by the name of the value
  std::map<std::string, std::string> header;
  ExpectationConfig expect;
};

struct Config {
  std::vector<CertificateConfig> certificates;
  std::vector<InboundConfig> inbound;
  std::vector<OutboundConfig> outbound;
  std::map<std::string, UpstreamConfig> upstreams;
  TimeoutsConfig timeouts;
  LogConfig log;
  RuntimeConfig runtime;
  std::vector<TestConfig> tests;
};

}  // namespace sp::config
