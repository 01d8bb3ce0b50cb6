#include "policy/compile.h"

#include <re2/re2.h>

#include <map>
#include <utility>

#include "base/arena.h"
#include "config/network.h"
#include "policy/field_edits.h"
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
    result->timeouts = merged(config_.timeouts, entry.timeouts);
    result->max_body = count(entry.max_body);
    for (const config::SiteConfig& site : entry.sites)
      result->sites.push_back(this->site(entry, site, result->timeouts));
    return result;
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
    result.timeouts = merged(merged(outer.timeouts, upstream_timeouts(config)), config.timeouts);
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
    } else {
      route.target = forward(config);
    }
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
      result.upstream = url_upstream(*url, config.upstream_tls);
    } else {
      result.upstream = named_upstream(config);
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

  const config::UpstreamConfig* configured_upstream(const config::RouteConfig& config) const {
    auto found = config_.upstreams.find(config.to.value);
    return found == config_.upstreams.end() ? nullptr : &found->second;
  }

  config::TimeoutsOverride upstream_timeouts(const config::RouteConfig& config) const {
    const config::UpstreamConfig* upstream = configured_upstream(config);
    return upstream == nullptr ? config::TimeoutsOverride{} : upstream->timeouts;
  }

  const Upstream* url_upstream(const http::Url& url, const config::UpstreamTlsConfig& tls) {
    config::UpstreamConfig alone;  // the defaults of failure marking and retries
    alone.name = url.origin();
    alone.servers.push_back({.url = {url.origin(), {}}});
    return upstream(alone, url.scheme == "https" ? tls : config::UpstreamTlsConfig{});
  }

  const Upstream* named_upstream(const config::RouteConfig& config) {
    const config::UpstreamConfig* found = configured_upstream(config);
    if (found != nullptr && !found->servers.empty()) {
      bool route_says = config.upstream_tls.place.line != 0;
      return upstream(*found, route_says ? config.upstream_tls : found->upstream_tls);
    }
    report(config.to.empty() ? config.place : config.to.place,
           found == nullptr ? "there is no upstream `" + config.to.value + "`"
                            : "the upstream `" + config.to.value + "` has no servers");
    return nullptr;
  }

  const Upstream* upstream(const config::UpstreamConfig& config, const config::UpstreamTlsConfig& tls) {
    const Upstream*& known = upstreams_[config.name + "|" + tls_key(tls)];
    if (known != nullptr) return known;
    auto made = std::make_unique<Upstream>();
    made->id = static_cast<std::uint32_t>(policy_->upstreams.size());
    made->name = config.name;
    for (const config::ServerConfig& server : config.servers) add_server(server, *made);
    made->key = config.name + "|" + tls_key(tls) + servers_key(made->servers);
    made->balance = config.balance;
    made->fail_for = config.fail_for;
    made->fail_after = config.fail_after;
    made->retries = config.retries;
    made->tls = tls;
    known = made.get();
    policy_->upstreams.push_back(std::move(made));
    return known;
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
    upstream.servers.push_back(
        {*std::move(url), std::move(authority), std::move(name), config.weight, config.backup, http2});
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
    result.deny = addresses({&route.deny, &site.deny}, result.deny_rules);
    result.allow = addresses({route.allow.empty() ? &site.allow : &route.allow}, result.allow_rules);
    return result;
  }

  AddressSet addresses(std::initializer_list<const std::vector<config::Text>*> lists, std::vector<AddressRule>& rules) {
    std::vector<config::Network> networks;
    for (const auto* list : lists) {
      for (const config::Text& text : *list) {
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
