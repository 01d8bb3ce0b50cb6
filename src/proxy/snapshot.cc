#include "proxy/snapshot.h"

#include <algorithm>

#include "config/files.h"
#include "http/url.h"
#include "proxy/compile_snapshot.h"
#include "tls/certificate_store.h"
#include "tls/client_context.h"
#include "tls/server_context.h"
#include "tls/ticket_keys.h"

namespace sp::proxy {

Snapshot::Snapshot() = default;
Snapshot::~Snapshot() = default;

namespace {

using config::Finding;

void report(std::vector<Finding>& findings, const config::Place& place, std::string message) {
  findings.push_back(
      {.severity = Finding::Severity::error, .place = place, .message = std::move(message), .remedy = {}});
}

// "https://:443" listens on all addresses of both families, where the machine has both.
std::optional<Listen> listen_of(const config::Text& text, std::vector<Finding>& findings) {
  auto url = http::parse_url(text.value, http::UrlUse::listen);
  if (!url) {
    report(findings, text.place, "'" + text.value + "' is not an address to listen on");
    return std::nullopt;
  }
  Listen listen{.tls = url->scheme == "https", .h2c = url->scheme == "h2c", .text = text.value};
  listen.endpoint.unix_path = url->unix_path;
  listen.endpoint.port = url->effective_port();
  listen.endpoint.address = IpAddress::any6();
  if (!url->is_unix() && !url->host.empty() && url->host != "*") {
    auto address = url->host == "localhost" ? std::optional(IpAddress::loopback4()) : IpAddress::parse(url->host);
    if (!address) {
      report(findings, text.place, "'" + url->host + "' is not an IP address");
      return std::nullopt;
    }
    listen.endpoint.address = *address;
  }
  return listen;
}

codec::Limits limits_of(const config::LimitsConfig& config) {
  codec::Limits limits;
  limits.request_line = config.request_line.count;
  limits.head = config.head.count;
  limits.fields = config.fields;
  return limits;
}

// Does any certificate serve this name? A site for every name is served by the default one.
bool has_certificate(const tls::CertificateStore& store, const std::string& host) {
  if (host == "*") return store.default_set() != nullptr;
  if (host.starts_with("*.")) return store.find("any" + host.substr(1)) != nullptr;
  return store.find(host) != nullptr;
}

void choose_https_sites(Entry& entry, const tls::CertificateStore& store) {
  auto https = std::ranges::find_if(entry.listens, [](const Listen& listen) { return listen.tls; });
  if (https == entry.listens.end()) return;
  entry.https_port = https->endpoint.port;
  for (const auto& site : entry.policy->sites) {
    if (site->https_redirect == config::OnOff::off) continue;
    if (std::ranges::any_of(site->hosts, [&](const std::string& host) { return has_certificate(store, host); })) {
      entry.https_sites.insert(site.get());
    }
  }
}

// Said by `check`: such a site is served in clear text, and over https under another name.
void warn_of_names_without_certificate(const config::InboundConfig& config, const tls::CertificateStore& store,
                                       std::vector<Finding>& findings) {
  if (config::has_errors(findings)) return;  // the name may be in the certificate that could not be loaded
  for (const config::SiteConfig& site : config.sites) {
    for (const config::Text& host : site.hosts) {
      if (has_certificate(store, host.value)) continue;
      findings.push_back({Finding::Severity::warning, host.place,
                          "no certificate is for `" + host.value + "`: https shows another one there",
                          "add one that has this name under `certificates`"});
    }
  }
}

Entry entry_of(const config::InboundConfig& config, const policy::Inbound& policy, const CompileDeps& deps,
               const tls::CertificateStore& store, std::vector<Finding>& findings) {
  Entry entry;
  entry.name = config.name;
  entry.config = &config;
  entry.policy = &policy;
  entry.limits = limits_of(config.limits);
  for (const config::Text& text : config.listen) {
    if (auto listen = listen_of(text, findings)) entry.listens.push_back(*std::move(listen));
  }
  if (std::ranges::any_of(entry.listens, [](const Listen& listen) { return listen.tls; })) {
    entry.tls = tls::ServerSettings::load(config.tls, deps.files, findings);
    warn_of_names_without_certificate(config, store, findings);
  }
  choose_https_sites(entry, store);
  return entry;
}

}  // namespace

std::shared_ptr<const Snapshot> compile_snapshot(config::Config config, const CompileDeps& deps,
                                                 std::vector<Finding>& findings) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->generation = deps.generation;
  snapshot->via = deps.via;
  snapshot->tickets = deps.tickets;
  snapshot->config = std::move(config);
  snapshot->certificates = tls::CertificateStore::load(snapshot->config.certificates, deps.files, deps.now, findings);
  auto compiled = policy::compile(snapshot->config);
  if (!compiled) {
    for (Finding& finding : compiled.error()) findings.push_back(std::move(finding));
    return nullptr;
  }
  snapshot->policy = *std::move(compiled);
  for (std::size_t i = 0; i < snapshot->config.inbound.size(); ++i) {
    snapshot->entries.push_back(
        entry_of(snapshot->config.inbound[i], *snapshot->policy->inbounds[i], deps, *snapshot->certificates, findings));
    snapshot->entries.back().number = static_cast<std::uint32_t>(i);
  }
  for (const auto& upstream : snapshot->policy->upstreams) {
    bool secure = std::ranges::any_of(upstream->servers,
                                      [](const policy::Server& server) { return server.url.scheme == "https"; });
    snapshot->upstream_tls.push_back(secure ? tls::ClientSettings::load(upstream->tls, deps.files, deps.now, findings)
                                            : nullptr);
    // Policy reads no files: what they hold makes an upstream another one as well.
    if (const auto& settings = snapshot->upstream_tls.back()) upstream->key += "|" + settings->contents;
  }
  if (config::has_errors(findings)) return nullptr;
  return snapshot;
}

}  // namespace sp::proxy
