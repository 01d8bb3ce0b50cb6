// Directives and parameters that the importer knows without translating them, with what it says about each.
#include <array>
#include <span>

#include "import/haproxy/collect.h"

namespace sp::import::haproxy {
namespace {

struct Row {
  Fate fate;
  std::string_view names;  // separated by spaces
  std::string_view why;
};

constexpr std::string_view logs = "logs: see `log:`";
constexpr std::string_view process = "about HAProxy's own process: systemd does it for Sallyport";
constexpr std::string_view checks =
    "checks of servers are not taken over: write `health` into the upstream (`health: { every: 5s }`); without it a "
    "server that fails is passed over for a while (`fail_after`, `fail_for`)";
constexpr std::string_view no_sticky = "clients do not stick to a server in this version";
constexpr std::string_view no_limit = "there is no limit for one server, and no queue: set one in the server itself";
constexpr std::string_view profile = "TLS follows Mozilla's intermediate profile";
constexpr std::string_view sockets = "tuning of sockets";

constexpr Row directives[] = {
    {Fate::not_needed,
     "log log-format log-format-sd log-tag log-steps error-log-format unique-id-format unique-id-header", logs},
    {Fate::not_needed, "capture declare description id dispatch-log", logs},
    {Fate::not_needed, "bind-process nbproc guid backlog load-server-state-from-file server-state-file-name", process},
    {Fate::not_needed, "hash-type hash-balance-factor hash-preserve-affinity", "says nothing without a hash"},
    {Fate::not_needed, "email-alert", "no mails are sent"},
    {Fate::not_needed, "filter", "compression and traces are left to the server behind"},
    {Fate::not_needed, "compression", "compression is left to the server behind"},
    {Fate::not_needed, "max-keep-alive-queue max-session-srv-conns http-reuse",
     "connections to servers are kept and shared by themselves"},
    {Fate::not_needed, "fullconn", "says nothing without minconn"},
    {Fate::not_needed, "rate-limit-sessions log-health-checks", logs},
    {Fate::changed, "http-check tcp-check external-check", checks},
    {Fate::lost, "stats", "statistics: see the log; there is no such page in this version"},
    {Fate::lost, "monitor monitor-net", "write a route with `respond: { status: 200 }`"},
    {Fate::lost, "errorfile errorloc errorloc302 errorloc303 errorfiles http-error",
     "Sallyport has error pages of its own"},
    {Fate::lost, "stick persist appsession cookie", no_sticky},
    {Fate::lost, "use-server", "a server of a backend is chosen by `balance` alone: make a backend of it"},
    {Fate::lost, "server-template", "write the servers one by one"},
    {Fate::lost, "source usesrc", "connections to servers come from the address that the system chooses"},
    {Fate::lost, "dispatch", "write a server instead"},
    {Fate::lost, "rate-limit", "limits are for each client address: see `limits`"},
    {Fate::lost, "use-fcgi-app", "FastCGI is not spoken: put a web server before the program"},
    {Fate::lost, "force-persist ignore-persist", no_sticky},
    {Fate::lost, "tcp-response http-after-response quic-initial", "nothing here does the same"},
    {Fate::lost, "force-be-switch", "nothing here does the same"},
    {Fate::lost,
     "block reqadd reqallow reqdel reqdeny reqpass reqrep reqirep reqidel reqtarpit reqideny reqiallow rspadd rspdel "
     "rspdeny rsprep rspirep rspidel",
     "a directive of HAProxy 1.x: say it with http-request or http-response, or write a route"},
};

constexpr Row options[] = {
    {Fate::not_needed,
     "httplog tcplog httpslog dontlognull dontlog-normal logasap log-separate-errors log-health-checks contstats "
     "socket-stats",
     logs},
    {Fate::changed,
     "httpchk tcp-check ssl-hello-chk smtpchk ldap-check mysql-check pgsql-check redis-check external-check spop-check",
     checks},
    {Fate::not_needed,
     "http-server-close http-keep-alive httpclose forceclose http-tunnel http-pretend-keepalive prefer-last-server "
     "http-no-delay http-buffer-request http-use-proxy-header http-use-htx idle-close-on-response "
     "http-restrict-req-hdr-names abortonclose",
     "connections are kept by themselves where both ends agree"},
    {Fate::not_needed,
     "tcpka clitcpka srvtcpka splice-auto splice-request splice-response tcp-smart-accept tcp-smart-connect nolinger "
     "independent-streams",
     sockets},
    {Fate::not_needed, "http-ignore-probes", "what says nothing is not logged"},
    {Fate::not_needed, "redispatch", "a server that fails makes room for another by itself: `retries`"},
    {Fate::not_needed, "allbackups persist", "as by itself"},
    {Fate::not_needed, "checkcache disable-h2-upgrade h1-case-adjust-bogus-server", "as by itself"},
    {Fate::lost, "transparent http_proxy", "servers are named in the configuration"},
    {Fate::lost,
     "accept-invalid-http-request accept-invalid-http-response accept-unsafe-violations-in-http-request "
     "accept-unsafe-violations-in-http-response",
     "malformed messages are refused, always"},
    {Fate::lost, "h1-case-adjust-bogus-client", "names of fields are sent as they come"},
    {Fate::lost, "originalto", "set a field to ${server.address} in request_headers"},
    {Fate::lost, "forwarded", "Forwarded is not made: X-Forwarded-* says the same"},
};

constexpr Row globals[] = {
    {Fate::not_needed,
     "daemon user group uid gid chroot pidfile nbproc nbthread cpu-map cpu-policy cpu-set master-worker "
     "mworker-max-reloads "
     "numa-cpu-mapping thread-groups thread-group ulimit-n fd-hard-limit set-dumpable node description quiet debug "
     "limited-quiet "
     "strict-limits no-quic zero-warning grace hard-stop-after close-spread-time localpeer default-path presetenv "
     "setenv resetenv unsetenv "
     "unix-bind wurfl-data-file expose-deprecated-directives expose-experimental-directives insecure-fork-wanted "
     "insecure-setuid-wanted prealloc-fd pp2-never-send-local cluster-secret harden.reject-privileged-ports.tcp setcap "
     "stress-level",
     process},
    {Fate::not_needed, "log log-tag log-send-hostname spread-checks server-state-base server-state-file", logs},
    {Fate::not_needed,
     "maxsslconn maxconnrate maxsslrate maxsessrate maxcomprate maxcompcpuusage maxpipes maxzlibmem noepoll nokqueue "
     "nopoll nosplice nogetaddrinfo noreuseport busy-polling profiling.tasks profiling.memory ring",
     "tuning of HAProxy"},
    {Fate::changed, "maxconn",
     "as many connections as there are descriptors; `limits: { connections: N }` of an entry bounds them"},
    {Fate::not_needed,
     "ssl-default-bind-ciphers ssl-default-bind-ciphersuites ssl-default-bind-curves ssl-default-bind-sigalgs "
     "ssl-default-bind-client-sigalgs ssl-default-server-ciphers ssl-default-server-ciphersuites "
     "ssl-default-server-options "
     "ssl-default-server-curves ssl-dh-param-file ssl-load-extra-files ssl-load-extra-del-ext ssl-mode-async "
     "ssl-engine "
     "ssl-propquery ssl-provider ssl-provider-path ssl-security-level ssl-skip-self-issued-ca ssl-passphrase-cmd "
     "issuers-chain-path "
     "ocsp-update.mode ocsp-update.mindelay ocsp-update.maxdelay",
     profile},
    {Fate::not_needed, "stats", "the socket of the running HAProxy"},
    {Fate::not_needed,
     "h2-workaround-bogus-websocket-clients h1-accept-payload-with-any-method "
     "h1-do-not-close-on-insecure-transfer-encoding "
     "h1-case-adjust h1-case-adjust-file http-client.resolvers.prefer httpclient.resolvers.prefer",
     "as Sallyport does it by itself"},
    {Fate::lost, "lua-load lua-load-per-thread lua-prepend-path deviceatlas-json-file 51degrees-data-file",
     "programs inside HAProxy are not run"},
    {Fate::lost, "external-check", "programs are not run"},
    {Fate::lost, "email-alert", "no mails are sent"},
};

constexpr Row bind_parameters[] = {
    {Fate::not_needed, "tfo defer-accept nice process thread backlog mss tcp-ut interface-name shards", sockets},
    {Fate::not_needed, "tcp-md5sig idle-ping cc", sockets},
    {Fate::not_needed, "maxconn name id level gid uid group user mode guid-prefix severity-output expose-fd label",
     "about HAProxy's own process"},
    {Fate::not_needed,
     "ciphers ciphersuites curves ecdhe sigalgs client-sigalgs ssl-max-ver no-sslv3 no-tlsv10 no-tlsv11 no-tls-tickets "
     "prefer-client-ciphers "
     "tls-ticket-keys generate-certificates no-alpn allow-0rtt ocsp-update default-crt tls-tickets force-tlsv12 "
     "no-strict-sni renegotiate no-renegotiate",
     profile},
    {Fate::changed, "strict-sni", "a client that asks for a name without a certificate gets the first one"},
    {Fate::changed, "force-sslv3 force-tlsv10 force-tlsv11", "TLS 1.2 is the oldest version that is spoken"},
    {Fate::changed, "no-tlsv13", "TLS 1.3 is spoken too"},
    {Fate::lost, "crl-file ca-ignore-err crt-ignore-err ca-sign-file ca-sign-pass ssl-f-use",
     "nothing here does the same"},
    {Fate::lost, "transparent interface namespace nbconn accept-netscaler-cip", "nothing here does the same"},
    {Fate::changed, "proto", "the protocol is agreed with each client"},
};

constexpr Row server_parameters[] = {
    {Fate::changed,
     "inter fastinter downinter rise fall port addr check-ssl check-sni check-send-proxy check-proto check-via-socks4 "
     "check-reuse-pool check-pool-conn-name agent-check agent-addr agent-port agent-inter agent-send observe "
     "error-limit on-error on-marked-down "
     "on-marked-up health-check no-check no-agent-check track slowstart init-state",
     checks},
    {Fate::not_needed,
     "resolvers resolve-prefer resolve-net resolve-opts init-addr id pool-low-conn pool-max-conn pool-purge-delay "
     "max-reuse pool-conn-name tfo tcp-ut "
     "log-proto shard enabled no-verifyhost guid ws sni-auto no-sni-auto tcp-md5sig idle-ping hash-key cc",
     "as Sallyport does it by itself"},
    {Fate::not_needed,
     "ciphers ciphersuites curves sigalgs client-sigalgs ssl-min-ver ssl-max-ver ssl-reuse no-ssl-reuse no-sslv3 "
     "no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 "
     "no-tls-tickets force-tlsv12 force-tlsv13 force-tlsv11 force-tlsv10 force-sslv3 allow-0rtt tls-tickets "
     "renegotiate no-renegotiate",
     profile},
    {Fate::lost, "maxconn minconn maxqueue", no_limit},
    {Fate::lost, "cookie redir stick non-stick", no_sticky},
    {Fate::lost, "source usesrc interface namespace socks4 crl-file set-proxy-v2-tlv-fmt",
     "nothing here does the same"},
};

constexpr Row http_actions[] = {
    {Fate::not_needed,
     "set-log-level capture set-nice set-priority-class set-priority-offset set-tos set-mark set-fc-tos set-fc-mark "
     "set-bc-tos set-bc-mark "
     "wait-for-handshake disable-l7-retry do-log set-timeout-tunnel sc-inc-gpc sc-inc-gpc0 sc-inc-gpc1 sc-set-gpt "
     "sc-set-gpt0 sc-add-gpc early-hint send-spoe-group",
     "tuning and logs of HAProxy"},
    {Fate::lost, "set-var set-var-fmt unset-var", "variables: what asks for them is not translated either"},
    {Fate::lost, "track-sc0 track-sc1 track-sc2", "counters of requests: only connections are limited, see `limits`"},
    {Fate::lost, "cache-use cache-store", "there is no cache in this version"},
    {Fate::lost,
     "lua use-service add-acl del-acl set-map del-map do-resolve set-dst set-dst-port set-src set-src-port "
     "set-bandwidth-limit",
     "nothing here does the same"},
    {Fate::lost,
     "replace-header replace-value set-method set-query set-uri set-pathq replace-pathq strict-mode wait-for-body "
     "set-timeout pause "
     "set-headers-bin add-headers-bin del-headers-bin set-body",
     "nothing here does the same: let the application do it"},
    {Fate::not_needed, "normalize-uri", "every path is brought to one normal form by itself"},
    {Fate::lost, "set-status", "the server's status is passed on"},
};

// Words that take others with them, beside those that the readers know.
constexpr std::string_view bind_with_value =
    " ciphers ciphersuites curves ecdhe sigalgs client-sigalgs ssl-max-ver crl-file ca-ignore-err crt-ignore-err "
    "ca-sign-file ca-sign-pass "
    "tls-ticket-keys default-crt maxconn name id level gid uid group user mode nice process thread backlog mss tcp-ut "
    "interface namespace "
    "proto shards guid-prefix severity-output nbconn label ocsp-update expose-fd accept-netscaler-cip tcp-md5sig "
    "idle-ping cc ";
constexpr std::string_view server_with_value =
    " inter fastinter downinter rise fall port addr check-sni check-proto agent-addr agent-port agent-inter agent-send "
    "observe error-limit on-error "
    "on-marked-down on-marked-up track slowstart resolvers resolve-prefer resolve-net resolve-opts init-addr id "
    "pool-low-conn pool-max-conn "
    "pool-purge-delay max-reuse tcp-ut log-proto shard ciphers ciphersuites curves sigalgs client-sigalgs ssl-min-ver "
    "ssl-max-ver maxconn minconn maxqueue "
    "cookie redir source usesrc interface namespace socks4 crl-file set-proxy-v2-tlv-fmt guid ws init-state "
    "pool-conn-name check-pool-conn-name "
    "tcp-md5sig idle-ping hash-key cc ";

bool has_word(std::string_view words, std::string_view name) {
  for (size_t at = words.find(name); at != std::string_view::npos; at = words.find(name, at + 1)) {
    const bool begins = at == 0 || words[at - 1] == ' ';
    const bool ends = at + name.size() == words.size() || words[at + name.size()] == ' ';
    if (begins && ends) return true;
  }
  return false;
}

std::optional<Known> find(std::span<const Row> rows, std::string_view name) {
  if (name.empty()) return std::nullopt;
  for (const Row& row : rows) {
    if (has_word(row.names, name)) return Known{row.fate, row.why};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Known> known_directive(std::string_view name) { return find(directives, name); }
std::optional<Known> known_option(std::string_view name) { return find(options, name); }
std::optional<Known> known_global(std::string_view name) {
  if (name.starts_with("tune.")) return Known{Fate::not_needed, "tuning of HAProxy"};
  return find(globals, name);
}
std::optional<Known> known_bind_parameter(std::string_view name) { return find(bind_parameters, name); }
std::optional<Known> known_server_parameter(std::string_view name) { return find(server_parameters, name); }
std::optional<Known> known_http_action(std::string_view name) {
  return find(http_actions, name.substr(0, name.find('(')));
}
size_t values_of_bind_parameter(std::string_view name) { return has_word(bind_with_value, name) ? 1 : 0; }
size_t values_of_server_parameter(std::string_view name) { return has_word(server_with_value, name) ? 1 : 0; }

}  // namespace sp::import::haproxy
