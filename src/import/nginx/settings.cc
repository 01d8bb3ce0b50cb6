// Timeouts, sizes, TLS towards servers, and what holds for a whole entry.
#include <fmt/format.h>

#include <algorithm>

#include "base/ip.h"
#include "config/grammar.h"
#include "import/apache/tree.h"
#include "import/apache/values.h"
#include "import/nginx/http.h"
#include "import/nginx/values.h"

namespace sp::import::nginx {
namespace {

using std::chrono::milliseconds;

// What a directive of a time says; nothing where it is not there, or not understood.
std::optional<milliseconds> time_of(const Scope& scope, const std::string& name, Report& report) {
  const Directive* at = in_force(scope, name, report);
  if (at == nullptr) return std::nullopt;
  const auto time = parse_time(at->arg(0));
  if (!time) report.lost(*at, "the time is not understood");
  if (time && time->count() == 0) report.lost(*at, "a time of 0 is not available: the default holds");
  return time && time->count() > 0 ? time : std::nullopt;
}

}  // namespace

DraftTimeouts timeouts_of(const Scope& scope, const std::string& kind, Report& report) {
  DraftTimeouts out;
  if (const auto connect = time_of(scope, kind + "_connect_timeout", report)) out.connect = time_text(*connect);
  milliseconds idle{0};
  const auto read = time_of(scope, kind + "_read_timeout", report);
  if (read) {
    out.response_head = time_text(*read);
    if (*read > std::chrono::hours(1)) out.tunnel_idle = time_text(*read);
    idle = *read;
  }
  for (const std::string& name :
       {kind + "_send_timeout", std::string("client_body_timeout"), std::string("send_timeout")}) {
    const auto time = time_of(scope, name, report);
    if (!time) continue;
    if (*time == idle) report.not_needed(*in_force(scope, name, report), "`body_idle` is for both directions");
    if (idle.count() > 0 && *time != idle)
      report.changed(*in_force(scope, name, report),
                     "`body_idle` is for both directions: the longest of NGINX's times is taken");
    idle = std::max(idle, *time);
  }
  if (idle.count() > 0) out.body_idle = time_text(idle);
  return out;
}

std::string max_body_of(const Scope& scope, Report& report) {
  const Directive* at = in_force(scope, "client_max_body_size", report);
  if (at == nullptr) return {};
  const auto size = parse_size(at->arg(0));
  if (!size) report.lost(*at, "the size is not understood");
  if (!size) return {};
  return *size == 0 ? "off" : apache::size_text(*size);
}

DraftUpstreamTls upstream_tls_of(const Scope& scope, const std::string& kind, const std::string& proxy_host, bool sent,
                                 const Directive& at, Comments& comments, Report& report) {
  DraftUpstreamTls tls;
  const auto find = [&](std::string_view name) { return in_force(scope, kind + "_ssl_" + std::string(name), report); };
  const Directive* verify = find("verify");
  const bool verifies = verify != nullptr && verify->arg(0) == "on";
  const Directive* ca = find("trusted_certificate");
  const Directive* asks = find("server_name");
  const Directive* name = find("name");
  const Directive* cert = find("certificate");
  const Directive* key = find("certificate_key");
  if (verifies && ca != nullptr) tls.ca = ca->arg(0);
  if (!verifies) {
    tls.verify = "none";
    report.changed(at, "the server's certificate is not verified, as in NGINX, whose " + kind +
                           "_ssl_verify is off unless told otherwise");
    if (verify != nullptr) report.changed(*verify, "the server's certificate is not verified");
    if (ca != nullptr) report.not_needed(*ca, "nothing is verified with it; better: `verify: full` and this as `ca`");
    comments.push_back(
        "WARNING: the certificate of the server is not verified, as in NGINX, whose " + kind +
        "_ssl_verify is `off` unless told otherwise. Better: nothing at all, if a public authority signed "
        "it; else upstream_tls: { ca: /path/to/its-ca-or-own-certificate.pem }.");
  }
  const bool asked = asks != nullptr && asks->arg(0) == "on";
  if (name != nullptr && !config::host_name(name->arg(0))) {
    tls.sni = name->arg(0);
  } else if (name != nullptr) {
    report.lost(*name, "only a fixed name is available: `upstream_tls: { sni: NAME }`");
  } else if ((verifies || asked) && !sent && !IpAddress::parse(proxy_host) && !config::host_name(proxy_host)) {
    tls.sni = proxy_host;
  }
  if (asks != nullptr && asked) report.not_needed(*asks, "servers are told by SNI which name is meant");
  if (asks != nullptr && !asked) report.changed(*asks, "servers are told by SNI which name is meant");
  const bool pair = cert != nullptr && key != nullptr && !cert->arg(0).contains('$') && !key->arg(0).contains('$');
  if (pair) {
    tls.cert = cert->arg(0);
    tls.key = key->arg(0);
  } else {
    for (const Directive* each : {cert, key}) {
      if (each != nullptr) report.lost(*each, "a certificate for the server is a file, with its key in another");
    }
  }
  return tls;
}

namespace {

// The protocols that are on besides TLS 1.2 and 1.3, of which each entry has both or the latter alone.
bool only_tls_1_3(const Directive& at, Report& report) {
  const bool modern = at.args == std::vector<std::string>{"TLSv1.3"};
  const bool same = at.args.size() == 2 && at.has_arg("TLSv1.2") && at.has_arg("TLSv1.3");
  if (same) report.not_needed(at, "TLS 1.2 and 1.3 are the default");
  if (!modern && !same) report.changed(at, "TLS 1.2 and 1.3 are spoken; `tls: { profile: modern }` is TLS 1.3 alone");
  return modern;
}

// "if ($ssl_client_verify != SUCCESS) { return 403; }" of the server itself.
bool refuses_without_certificate(const Scope& scope, Report& report) {
  for (const Directive& each : scope.block->children) {
    if (!each.block || !each.is("if") || condition_of(each) != "$ssl_client_verify != SUCCESS") continue;
    const Directive* answer = own({.block = &each}, "return", report);
    if (answer == nullptr || !answer->arg(0).starts_with('4')) continue;
    report.changed(each, "clients without a certificate are refused when they connect");
    return true;
  }
  return false;
}

void read_clients(const Scope& scope, TlsSettings& tls, Report& report) {
  const Directive* verify = in_force(scope, "ssl_verify_client", report);
  const Directive* ca = in_force(scope, "ssl_client_certificate", report);
  const Directive* trusted = in_force(scope, "ssl_trusted_certificate", report);
  if (verify == nullptr || verify->arg(0) == "off") {
    for (const Directive* each : {verify, ca})
      if (each != nullptr) report.not_needed(*each, "clients are not asked for certificates");
  } else {
    tls.clients_at = verify;
    tls.clients.mode = verify->arg(0) == "on" ? "required" : "optional";
    if (verify->arg(0) == "optional_no_ca")
      report.lost(*verify, "a certificate that is shown must be signed by an authority of `ca`; NGINX took any");
    if (ca == nullptr) ca = trusted;
    tls.clients.ca = ca != nullptr ? ca->arg(0) : "/path/to/ca.pem";
    tls.clients_ca_at = ca;
    if (tls.clients.mode == "optional" && refuses_without_certificate(scope, report)) tls.clients.mode = "required";
    if (ca == nullptr) report.lost(*verify, "no ssl_client_certificate names the authority: put it into `ca`");
  }
  if (trusted != nullptr && trusted != ca)
    report.not_needed(*trusted, "it is for stapling, which does not need it here");
}

}  // namespace

TlsSettings tls_of(const Scope& scope, Report& report) {
  TlsSettings tls;
  const auto certs = all_in_force(scope, "ssl_certificate", report);
  const auto keys = all_in_force(scope, "ssl_certificate_key", report);
  for (size_t i = 0; i < certs.size(); ++i) {
    const bool file =
        !certs[i]->arg(0).empty() && !certs[i]->arg(0).contains('$') && !certs[i]->arg(0).starts_with("data:");
    const bool key_file = i < keys.size() && !keys[i]->arg(0).empty() && !keys[i]->arg(0).contains('$') &&
                          !keys[i]->arg(0).starts_with("data:") && !keys[i]->arg(0).starts_with("engine:") &&
                          !keys[i]->arg(0).starts_with("store:");
    if (file && key_file) {
      tls.certificates.emplace_back(certs[i]->arg(0), keys[i]->arg(0));
    } else {
      report.lost(*certs[i], "a certificate is a file, and its key another: name both in `certificates`");
    }
  }
  for (size_t i = certs.size(); i < keys.size(); ++i) report.lost(*keys[i], "there is no ssl_certificate for it");
  if (const Directive* protocols = in_force(scope, "ssl_protocols", report))
    tls.modern = only_tls_1_3(*protocols, report);
  read_clients(scope, tls, report);
  return tls;
}

namespace {

// Whom real_ip_header believes.
void read_real_ip(const Scope& scope, bool by_proxy_protocol, EntrySettings& out, Report& report) {
  const auto from = all_in_force(scope, "set_real_ip_from", report);
  const Directive* header = in_force(scope, "real_ip_header", report);
  const Directive* recursive = in_force(scope, "real_ip_recursive", report);
  if (recursive != nullptr)
    report.changed(*recursive, "the client is the rightmost address that is not of a trusted proxy");
  const std::string field = header != nullptr ? header->arg(0) : "X-Real-IP";
  if (apache::same_word(field, "proxy_protocol")) {
    if (!by_proxy_protocol && header != nullptr) report.not_needed(*header, "no `listen` has proxy_protocol");
    for (const Directive* each : from) {
      if (!by_proxy_protocol) report.not_needed(*each, "no `listen` has proxy_protocol");
    }
    return;
  }
  const bool known = apache::same_word(field, "X-Forwarded-For") || apache::same_word(field, "Forwarded");
  if (!known) {
    // A proxy that writes one field may pass on what strangers write into another.
    if (header != nullptr) report.lost(*header, "who connects is read from X-Forwarded-For and Forwarded alone");
    for (const Directive* each : from)
      report.lost(*each, "who connects is read from X-Forwarded-For and Forwarded, not from " + field +
                             ": let the proxy write those, and name it in `trusted_proxies`");
    return;
  }
  for (const Directive* each : from) {
    const auto pattern = apache::address_pattern(each->arg(0));
    if (pattern && !config::network(*pattern)) {
      out.trusted_proxies.push_back(*pattern);
    } else {
      report.lost(*each, "not an address or network: name the proxy's addresses in `trusted_proxies`");
    }
  }
}

void read_header_buffers(const Scope& scope, DraftLimits& limits, Report& report) {
  const Directive* at = in_force(scope, "large_client_header_buffers", report);
  if (at == nullptr) return;
  const auto count = apache::parse_number(at->arg(0));
  const auto size = parse_size(at->arg(1));
  if (!count || !size || *count == 0 || *size == 0) return report.lost(*at, "it is not understood");
  const std::uint64_t line = std::clamp<std::uint64_t>(*size, 256, 1 << 20);
  const std::uint64_t head =
      std::clamp<std::uint64_t>(std::min<std::uint64_t>(*count, 1 << 16) * *size, 1024, 16 << 20);
  limits.request_line = apache::size_text(line);
  limits.head = apache::size_text(head);
}

}  // namespace

std::string connections_per_address(const Scope& scope, const Directive& context, Report& report) {
  std::string result;
  for (const Directive* each : all_in_force(scope, "limit_conn", report)) {
    const auto zone = std::ranges::find_if(context.children, [&](const Directive& other) {
      return other.is("limit_conn_zone") && std::ranges::any_of(other.args, [&](const std::string& word) {
               return word.starts_with("zone=" + each->arg(0) + ":");
             });
    });
    const bool by_address =
        zone != context.children.end() && (zone->arg(0) == "$binary_remote_addr" || zone->arg(0) == "$remote_addr");
    const auto number = apache::parse_number(each->arg(1));
    if (zone != context.children.end()) report.used(*zone);
    if (!by_address || !number || *number == 0) {
      report.lost(*each, "connections are counted by client address alone (`limits: { connections_per_address: N }`)");
    } else {
      result = std::to_string(std::min<std::uint64_t>(*number, 10'000'000));
      report.changed(*each, "those that wait for a request count too");
    }
  }
  return result;
}

EntrySettings entry_settings(const HttpServer& server, const std::vector<Listen>& listens) {
  EntrySettings out;
  Report& report = server.report;
  const Directive* header = in_force(server.scope, "real_ip_header", report);
  const bool by_header = header != nullptr && !apache::same_word(header->arg(0), "proxy_protocol");
  out.accept_proxy_from = accept_proxy_from(server.scope, listens, report);
  const bool by_proxy_protocol = !out.accept_proxy_from.empty();
  if (!by_proxy_protocol || by_header) read_real_ip(server.scope, by_proxy_protocol, out, report);
  if (by_proxy_protocol) {
    if (header != nullptr && !by_header)
      report.not_needed(*header, "what the header says always counts as the client's address");
    if (const Directive* recursive = in_force(server.scope, "real_ip_recursive", report))
      report.not_needed(*recursive, "the PROXY protocol names one address");
  }
  read_header_buffers(server.scope, out.limits, report);
  out.limits.connections_per_address = connections_per_address(server.scope, server.http, report);
  if (const auto time = time_of(server.scope, "client_header_timeout", report))
    out.timeouts.client_head = time_text(*time);
  if (const auto time = time_of(server.scope, "keepalive_timeout", report)) out.timeouts.keep_alive = time_text(*time);
  return out;
}

}  // namespace sp::import::nginx
