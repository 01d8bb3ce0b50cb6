#include "policy/compile.h"

#include <re2/re2.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "base/arena.h"
#include "config/address.h"
#include "config/network.h"
#include "policy/field_edits.h"
#include "policy/outbound.h"
#include "policy/path.h"
#include "policy/reverse_table.h"

namespace sp::policy {
namespace {

using config::Finding;
using config::Place;

// Two upstreams with the same name and the same text here are one.
// Connections and health belong to servers in their places: another list is another upstream.
std::string servers_key(const std::vector<Server>& servers) {
  std::string key;
  for (const Server& server : servers) {
    key += "|" + server.name + " " + std::to_string(server.weight) + (server.backup ? " backup" : "");
  }
  return key;
}

std::string tls_key(const config::UpstreamTlsConfig& tls) {
  std::string key = std::to_string(static_cast<int>(tls.verify)) + (tls.http2 == config::OnOff::on ? "h2" : "");
  for (const std::string* part : {&tls.ca.value, &tls.sni, &tls.cert.value, &tls.key.value}) key += "|" + *part;
  for (const std::string& pin : tls.pin) key += "|" + pin;
  return key;
}

std::string proxy_key(const config::SendProxyConfig& config) {
  if (config.version == config::ProxyVersion::off) return {};
  std::string key = "|proxy" + std::to_string(static_cast<int>(config.version));
  if (config.crc32c == config::OnOff::on) key += " crc32c";
  if (config.unique_id == config::OnOff::on) key += " id";
  for (const auto& [type, text] : config.tlvs) key += "|" + type + "=" + text.value;
  return key;
}

// All that the result of a check depends on, besides the server, and when it counts.
std::string health_key(const config::HealthConfig& config) {
  std::string key = config.path.value + "|" + config.host;
  for (const std::int64_t number : {std::int64_t{config.every.count()}, std::int64_t{config.timeout.count()},
                                    std::int64_t{config.fall}, std::int64_t{config.rise}}) {
    key += "|" + std::to_string(number);
  }
  for (const std::string& range : config.expect) key += "|" + range;
  return key;
}

ServerTls tls_of(std::string_view scheme) {
  if (config::is_mail(scheme)) return ServerTls::starttls;
  return scheme == "https" || scheme == "tls" ? ServerTls::at_once : ServerTls::none;
}

std::optional<std::uint64_t> count(const std::optional<Bytes>& bytes) {
  return bytes ? std::optional(bytes->count) : std::nullopt;
}

// What a route inherits.
struct Outer {
  const config::InboundConfig& entry;
  const config::SiteConfig& site;
  config::TimeoutsConfig timeouts;  // of the site
};

class Compiler {
 public:
  explicit Compiler(const config::Config& config) : config_(config) {}

  std::expected<std::unique_ptr<const Policy>, std::vector<Finding>> run() {
    for (const config::InboundConfig& entry : config_.inbound) policy_->inbounds.push_back(inbound(entry));
    for (const config::OutboundConfig& entry : config_.outbound) {
      policy_->outbounds.push_back(compile_outbound(entry, config_.timeouts, findings_));
      if (entry.parent)
        policy_->outbounds.back()->parent = Parent::compile(*entry.parent, policy_->upstreams, findings_);
    }
    if (!findings_.empty()) return std::unexpected(std::move(findings_));
    for (const auto& entry : policy_->inbounds) index(*entry);
    return std::unique_ptr<const Policy>(std::move(policy_));
  }

 private:
  void report(const Place& place, std::string message, std::string remedy = {}) {
    findings_.push_back({.place = place, .message = std::move(message), .remedy = std::move(remedy)});
  }

  std::unique_ptr<Inbound> inbound(const config::InboundConfig& entry) {
    auto result = std::make_unique<Inbound>();
    result->name = entry.name;
    std::vector<AddressRule> rules;
    result->trusted_proxies = addresses({&entry.trusted_proxies}, rules);
    result->proxies = addresses({&entry.accept_proxy.from}, rules);
    result->timeouts = merged(config_.timeouts, entry.timeouts);
    result->max_body = count(entry.max_body);
    for (const config::SiteConfig& site : entry.sites)
      result->sites.push_back(this->site(entry, site, result->timeouts));
    if (entry.sites.empty() || !entry.alpn.empty()) result->relay = relay(entry, result->timeouts);
    return result;
  }

  // ---- entries that pass octets on

  std::unique_ptr<const Relay> relay(const config::InboundConfig& entry, const config::TimeoutsConfig& outer) {
    auto result = std::make_unique<Relay>();
    result->place_text = file_and_line(entry.place);
    result->xclient = entry.xclient == config::OnOff::on;
    result->starttls = entry.starttls;
    result->passwords_in_clear = entry.passwords_in_clear;
    result->spoken = entry.protocol;
    result->access.allow = addresses({&entry.allow}, result->access.allow_rules, &result->access.allow_headers);
    result->access.deny = addresses({&entry.deny}, result->access.deny_rules, &result->access.deny_headers);
    const auto target = [&](std::string label, const config::Text& to) {
      return RelayTarget{relay_upstream(entry, to), std::move(label), file_and_line(to.place),
                         merged(outer, upstream_timeouts(to))};
    };
    if (!entry.to.empty()) result->add_default(target("to", entry.to));
    for (const auto& [port, to] : entry.ports)
      result->add_port(static_cast<std::uint16_t>(std::atoi(port.c_str())), target("port " + port, to));
    for (const auto& [name, to] : entry.sni) result->add_name(name, target("sni " + name, to));
    for (const auto& [protocol, to] : entry.alpn) result->add_protocol(protocol, target("alpn " + protocol, to));
    return result;
  }

  const Upstream* relay_upstream(const config::InboundConfig& entry, const config::Text& to) {
    const Towards towards{entry.upstream_tls, entry.send_proxy};
    if (!config::looks_like_url(to.value)) return named_upstream(to, towards);
    auto url = http::parse_url(to.value);
    if (url) return url_upstream(*url, towards);
    report(to.place, "`" + to.value + "` is not the URL of a server");
    return nullptr;
  }

  // Once everything is in its final place.
  static void index(Inbound& entry) {
    for (auto& site : entry.sites) {
      for (Route& route : site->routes) route.site = site.get();
      site->table = std::make_unique<RouteTable>(site->routes);
      site->reverse = std::make_unique<ReverseTable>(site->routes);
    }
    entry.router = Router(entry.sites);
  }

  std::unique_ptr<Site> site(const config::InboundConfig& entry, const config::SiteConfig& config,
                             const config::TimeoutsConfig& timeouts) {
    auto result = std::make_unique<Site>();
    for (const config::Text& host : config.hosts) result->hosts.push_back(host.value);
    result->name = result->hosts.empty() ? "?" : result->hosts.front();
    result->https_redirect = config.https_redirect;
    result->place = config.place;
    result->place_text = file_and_line(config.place);
    Outer outer{entry, config, merged(timeouts, config.timeouts)};
    for (const config::RouteConfig& route : config.routes) {
      result->routes.push_back(this->route(outer, route, static_cast<std::uint32_t>(result->routes.size())));
    }
    return result;
  }

  Route route(const Outer& outer, const config::RouteConfig& config, std::uint32_t index) {
    Route result;
    result.index = index;
    result.place = config.place;
    result.place_text = file_and_line(config.place);
    match(config, result);
    target(config, result);
    edits(outer, config, result);
    result.access = access(outer.site, config);
    result.timeouts = merged(merged(outer.timeouts, upstream_timeouts(config.to)), config.timeouts);
    result.max_body = count(config.max_body       ? config.max_body
                            : outer.site.max_body ? outer.site.max_body
                                                  : outer.entry.max_body);
    result.encoded_slashes = config.encoded_slashes;
    result.upgrades = config.upgrades;
    return result;
  }

  // ---- what matches

  void match(const config::RouteConfig& config, Route& route) {
    if (!config.regex.empty()) return match_regex(config.regex, route);
    route.kind = config.exact.empty() ? MatchKind::prefix : MatchKind::exact;
    const config::Text& text = config.exact.empty() ? config.path : config.exact;
    route.pattern = normal(text.value, text.empty() ? config.place : text.place);
  }

  void match_regex(const config::Text& text, Route& route) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(re2::RE2::Options::EncodingLatin1);  // paths in normal form are ASCII
    route.kind = MatchKind::regex;
    route.pattern = text.value;
    route.regex = std::make_unique<re2::RE2>(text.value, options);
    if (!route.regex->ok()) report(text.place, "the regex is wrong: " + route.regex->error());
  }

  std::string normal(const std::string& path, const Place& place) {
    Arena arena;
    auto result = normalize_path(path, arena);
    if (result && path.starts_with('/')) return std::string(result->text);
    report(place, "`" + path +
                      "` is not a path that can match: " + (result ? "it begins with a slash" : result.error().where));
    return path;
  }

  // ---- what happens

  void target(const config::RouteConfig& config, Route& route) {
    if (config.redirect) {
      route.target = RedirectTarget{compiled(config.redirect->to), config.redirect->status};
    } else if (config.respond) {
      route.target =
          RespondTarget{config.respond->status, compiled(config.respond->body), config.respond->content_type};
    } else if (config.image_proxy) {
      route.target = images(*config.image_proxy);
    } else {
      route.target = forward(config);
    }
  }

  ImageTarget images(const config::ImageProxyConfig& config) {
    const auto entry = std::ranges::find(config_.outbound, config.outbound.value, &config::OutboundConfig::name);
    if (entry == config_.outbound.end()) report(config.outbound.place, "`outbound` names no entry");
    return {.key = config.key.value,
            .outbound = static_cast<std::size_t>(entry - config_.outbound.begin()),
            .max_size = config.max_size.count,
            .max_pixels = config.max_pixels,
            .max_redirects = config.max_redirects,
            .cache = config.cache.count};
  }

  Template compiled(const config::Text& text) {
    auto result = Template::compile(text.value);
    if (result) return *std::move(result);
    report(text.place, result.error());
    return {};
  }

  ForwardTarget forward(const config::RouteConfig& config) {
    ForwardTarget result;
    std::string path;
    if (config.to.value.find("://") != std::string::npos) {
      auto url = http::parse_url(config.to.value, http::UrlUse::target);
      if (!url || url->has_query) {
        report(config.to.place, "`" + config.to.value + "` is not a URL to forward to",
               "write https://host[:port][/path]");
        return result;
      }
      path = std::exchange(url->path, {});
      result.upstream = url_upstream(*url, {config.upstream_tls, config.send_proxy});
    } else {
      result.upstream = named_upstream(config.to.empty() ? config::Text{"", config.place} : config.to,
                                       {config.upstream_tls, config.send_proxy});
    }
    result.replaces_path = !path.empty();
    if (result.replaces_path) result.path = target_path(path, config.to.place);
    host(config.host, result);
    return result;
  }

  Template target_path(const std::string& path, const Place& place) {
    Template written = compiled({path, place});
    return written.is_literal() ? compiled({normal(path, place), place}) : written;
  }

  static void host(const config::Text& text, ForwardTarget& target) {
    if (text.empty() || text.value == "preserve") return;
    target.host = text.value == "upstream" ? HostMode::upstream : HostMode::literal;
    if (target.host == HostMode::literal) target.host_name = text.value;
  }

  // ---- upstreams

  config::TimeoutsOverride upstream_timeouts(const config::Text& to) const {
    const auto found = config_.upstreams.find(to.value);
    return found == config_.upstreams.end() ? config::TimeoutsOverride{} : found->second.timeouts;
  }

  // What a route or an entry says of its way to servers; where it says nothing, the named upstream has its own.
  struct Towards {
    config::UpstreamTlsConfig tls;
    config::SendProxyConfig send_proxy;
  };

  const Upstream* url_upstream(const http::Url& url, Towards towards) {
    config::UpstreamConfig alone;  // the defaults of failure marking and retries
    alone.name = url.origin();
    alone.servers.push_back({.url = {url.origin(), {}}});
    if (tls_of(url.scheme) == ServerTls::none) towards.tls = {};
    return upstream(alone, towards);
  }

  const Upstream* named_upstream(const config::Text& to, Towards towards) {
    const auto found = config_.upstreams.find(to.value);
    const bool known = found != config_.upstreams.end();
    if (known && !found->second.servers.empty()) {
      if (towards.tls.place.line == 0) towards.tls = found->second.upstream_tls;
      if (towards.send_proxy.place.line == 0) towards.send_proxy = found->second.send_proxy;
      return upstream(found->second, towards);
    }
    report(to.place,
           known ? "the upstream `" + to.value + "` has no servers" : "there is no upstream `" + to.value + "`");
    return nullptr;
  }

  const Upstream* upstream(const config::UpstreamConfig& config, const Towards& towards) {
    const std::string key = config.name + "|" + tls_key(towards.tls) + proxy_key(towards.send_proxy);
    const Upstream*& known = upstreams_[key];
    if (known != nullptr) return known;
    auto made = std::make_unique<Upstream>();
    made->id = static_cast<std::uint32_t>(policy_->upstreams.size());
    made->name = config.name;
    for (const config::ServerConfig& server : config.servers) add_server(server, *made);
    made->key = key + servers_key(made->servers);
    made->balance = config.balance;
    made->fail_for = config.fail_for;
    made->fail_after = config.fail_after;
    made->retries = config.retries;
    made->tls = towards.tls;
    made->send_proxy = send_proxy(towards.send_proxy);
    if (config.health) add_health(*config.health, towards, *made);
    known = made.get();
    policy_->upstreams.push_back(std::move(made));
    return known;
  }

  static void add_health(const config::HealthConfig& config, const Towards& towards, Upstream& upstream) {
    HealthCheck check{.path = config.path.value,
                      .host = config.host,
                      .every = config.every,
                      .timeout = config.timeout,
                      .fall = config.fall,
                      .rise = config.rise,
                      .expect = {},
                      .place_text = file_and_line(config.place)};
    for (const std::string& range : config.expect) {
      if (auto parsed = config::parse_status_range(range)) check.expect.push_back(*parsed);
    }
    const std::string key = "|" + health_key(config) + "|" + tls_key(towards.tls) + proxy_key(towards.send_proxy);
    for (Server& server : upstream.servers)
      server.check_id = std::max<std::uint64_t>(1, std::hash<std::string>()(server.name + key));
    upstream.health = std::move(check);
  }

  SendProxy send_proxy(const config::SendProxyConfig& config) {
    SendProxy result{.version = config.version,
                     .crc32c = config.crc32c == config::OnOff::on,
                     .unique_id = config.unique_id == config::OnOff::on,
                     .values = {},
                     .place_text = file_and_line(config.place)};
    for (const auto& [type, text] : config.tlvs) {
      const auto number = static_cast<std::uint8_t>(std::strtoul(type.c_str(), nullptr, 16));
      result.values.push_back({number, compiled(text)});
    }
    return result;
  }

  void add_server(const config::ServerConfig& config, Upstream& upstream) {
    auto url = http::parse_url(config.url.value);
    if (!url || url->has_query || (!url->path.empty() && url->path != "/")) {
      return report(config.url.place, "`" + config.url.value + "` is not the URL of a server",
                    "write http://host:port without a path");
    }
    url->path.clear();
    std::string authority = url->authority();
    std::string name = url->origin();
    const bool http2 = url->scheme == "h2c";
    if (http2) url->scheme = "http";  // what its URLs say
    const ServerTls tls = tls_of(url->scheme);
    upstream.servers.push_back(
        {*std::move(url), std::move(authority), std::move(name), config.weight, config.backup, http2, tls});
  }

  // ---- what else a route has

  void edits(const Outer& outer, const config::RouteConfig& config, Route& route) {
    bool first = route.index == 0;  // the site's edits are reported once
    std::vector<Finding> again;
    std::vector<Finding>& of_site = first ? findings_ : again;
    compile_edits(outer.site.request_headers, outer.site.place, route.request_edits, of_site);
    compile_edits(outer.site.response_headers, outer.site.place, route.response_edits, of_site);
    compile_edits(config.request_headers, config.place, route.request_edits, findings_);
    compile_edits(config.response_headers, config.place, route.response_edits, findings_);
  }

  AccessList access(const config::SiteConfig& site, const config::RouteConfig& route) {
    AccessList result;
    result.deny = addresses({&route.deny, &site.deny}, result.deny_rules, &result.deny_headers);
    result.allow =
        addresses({route.allow.empty() ? &site.allow : &route.allow}, result.allow_rules, &result.allow_headers);
    return result;
  }

  std::optional<HeaderRule> header_rule(const config::Text& text) {
    auto condition = config::parse_proxy_condition(text.value);
    if (condition) return HeaderRule{*std::move(condition), {text.value, file_and_line(text.place)}};
    report(text.place, condition.error().message, condition.error().remedy);
    return std::nullopt;
  }

  // `headers`: where conditions on the PROXY header may stand among them.
  AddressSet addresses(std::initializer_list<const std::vector<config::Text>*> lists, std::vector<AddressRule>& rules,
                       std::vector<HeaderRule>* headers = nullptr) {
    std::vector<config::Network> networks;
    for (const auto* list : lists) {
      for (const config::Text& text : *list) {
        if (headers != nullptr && config::is_proxy_condition(text.value)) {
          if (auto rule = header_rule(text)) headers->push_back(*std::move(rule));
          continue;
        }
        auto network = config::parse_network(text.value);
        if (!network) {
          report(text.place, network.error().message, network.error().remedy);
          continue;
        }
        networks.push_back(*network);
        rules.push_back({text.value, file_and_line(text.place)});
      }
    }
    return AddressSet(networks);
  }

  const config::Config& config_;
  std::unique_ptr<Policy> policy_ = std::make_unique<Policy>();
  std::map<std::string, const Upstream*> upstreams_;
  std::vector<Finding> findings_;
};

}  // namespace

std::expected<std::unique_ptr<const Policy>, std::vector<Finding>> compile(const config::Config& config) {
  return Compiler(config).run();
}

}  // namespace sp::policy
