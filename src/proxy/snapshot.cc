#include "proxy/snapshot.h"

#include <algorithm>

#include "config/address.h"
#include "config/files.h"
#include "http/url.h"
#include "proxy/compile_snapshot.h"
#include "proxy/outbound/inspection.h"
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

}  // namespace

std::optional<codec::mail::Protocol> mail_protocol(std::string_view scheme) {
  using codec::mail::Protocol;
  if (scheme == "smtp") return Protocol::smtp;
  if (scheme == "imap") return Protocol::imap;
  if (scheme == "pop3") return Protocol::pop3;
  if (scheme == "sieve") return Protocol::sieve;
  return std::nullopt;
}

std::optional<codec::mail::Protocol> mail_protocol(const Listen& listen, const policy::Relay& relay,
                                                   const policy::Upstream* upstream) {
  using codec::mail::Protocol;
  if (listen.mail) return listen.mail;
  if (upstream != nullptr) {
    if (const auto protocol = mail_protocol(upstream->servers.front().url.scheme)) return protocol;
  }
  if (!relay.spoken) return std::nullopt;
  switch (*relay.spoken) {
    case config::MailProtocol::smtp: return Protocol::smtp;
    case config::MailProtocol::imap: return Protocol::imap;
    case config::MailProtocol::pop3: return Protocol::pop3;
    case config::MailProtocol::sieve: return Protocol::sieve;
  }
  return std::nullopt;
}

namespace {

// "https://:443" listens on all addresses of both families, where the machine has both.
std::optional<Listen> listen_of(const config::Text& text, std::vector<Finding>& findings) {
  auto url = http::parse_url(text.value, http::UrlUse::listen);
  if (!url) {
    report(findings, text.place, "'" + text.value + "' is not an address to listen on");
    return std::nullopt;
  }
  Listen listen{.tls = url->scheme == "https" || url->scheme == "tls",
                .h2c = url->scheme == "h2c",
                .relay = config::is_relayed(url->scheme),
                .any_proxy = url->scheme == "proxy",
                .socks = url->scheme == "socks5",
                .mail = mail_protocol(url->scheme),
                .text = text.value};
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

// The same for entries that pass octets on, where all TLS of clients ends here.
void warn_of_sni_without_certificate(const config::InboundConfig& config, const Entry& entry,
                                     const tls::CertificateStore& store, std::vector<Finding>& findings) {
  const auto ends_here = [](const Listen& listen) { return listen.relay && (listen.tls || listen.mail); };
  if (config::has_errors(findings) || !std::ranges::all_of(entry.listens, ends_here)) return;
  for (const auto& [name, to] : config.sni) {
    if (name == "*" || has_certificate(store, name)) continue;
    findings.push_back({Finding::Severity::warning, to.place,
                        "no certificate is for `" + name + "`: clients that ask for it are shown another one",
                        "add one that has this name under `certificates`"});
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
  const auto may_speak_tls = [&](const Listen& listen) {
    return listen.tls || listen.mail || (listen.any_proxy && store.default_set() != nullptr);
  };
  if (std::ranges::any_of(entry.listens, may_speak_tls)) {
    entry.tls = tls::ServerSettings::load(config.tls, deps.files, findings);
    warn_of_names_without_certificate(config, store, findings);
    warn_of_sni_without_certificate(config, entry, store, findings);
  }
  choose_https_sites(entry, store);
  return entry;
}

// What an entry of `outbound` has in common with those of `inbound`.
config::InboundConfig way_out(const config::OutboundConfig& config) {
  config::InboundConfig common;
  common.place = config.place;
  common.name = config.name;
  common.listen = config.listen;
  common.tls = config.tls;
  common.max_body = config.max_body;
  common.timeouts = config.timeouts;
  common.limits = config.limits;
  return common;
}

void add_ways_out(Snapshot& snapshot, const CompileDeps& deps, std::vector<Finding>& findings) {
  const std::vector<config::OutboundConfig>& all = snapshot.config.outbound;
  for (const config::OutboundConfig& each : all) snapshot.ways_out.push_back(way_out(each));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const policy::Outbound& policy = *snapshot.policy->outbounds[i];
    Entry entry = entry_of(snapshot.ways_out[i], *policy.common, deps, *snapshot.certificates, findings);
    entry.outbound = &policy;
    entry.limits.host_beside_target = codec::HostBesideTarget::ignored;
    entry.number = static_cast<std::uint32_t>(snapshot.entries.size());
    if (policy.inspect)
      entry.inspection = Inspection::load(*all[i].inspect, *policy.inspect, deps.files, deps.now, findings);
    if (!all[i].users.empty() && deps.load_users) entry.users = deps.load_users(all[i].users, deps.files, findings);
    snapshot.entries.push_back(std::move(entry));
  }
}

bool fetches_images(const config::Config& config) {
  const auto fetches = [](const config::RouteConfig& route) { return route.image_proxy.has_value(); };
  const auto any = [&](const config::SiteConfig& site) { return std::ranges::any_of(site.routes, fetches); };
  return std::ranges::any_of(config.inbound, [&](const auto& entry) { return std::ranges::any_of(entry.sites, any); });
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
  add_ways_out(*snapshot, deps, findings);
  for (const auto& upstream : snapshot->policy->upstreams) {
    bool secure = std::ranges::any_of(
        upstream->servers, [](const policy::Server& server) { return server.tls != policy::ServerTls::none; });
    snapshot->upstream_tls.push_back(secure ? tls::ClientSettings::load(upstream->tls, deps.files, deps.now, findings)
                                            : nullptr);
    // Policy reads no files: what they hold makes an upstream another one as well.
    if (const auto& settings = snapshot->upstream_tls.back()) upstream->key += "|" + settings->contents;
  }
  if (fetches_images(snapshot->config))
    snapshot->web_tls = tls::ClientSettings::load({}, deps.files, deps.now, findings);
  if (config::has_errors(findings)) return nullptr;
  return snapshot;
}

}  // namespace sp::proxy
