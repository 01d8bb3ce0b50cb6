// The stream block: each server an entry that passes octets on.
#include <algorithm>

#include "base/ip.h"
#include "config/grammar.h"
#include "import/apache/tree.h"
#include "import/nginx/http.h"
#include "import/nginx/values.h"
#include "import/nginx/variables.h"

namespace sp::import::nginx {
namespace {

using Targets = std::vector<std::pair<std::string, std::string>>;

constexpr std::pair<std::string_view, std::string_view> ports_of_mail[] = {
    {"25", "smtp"},   {"465", "submissions"}, {"587", "submission"}, {"143", "imap"},
    {"993", "imaps"}, {"110", "pop3"},        {"995", "pop3s"},      {"4190", "sieve"}};

std::string_view service_of(const std::string& port) {
  const auto known = std::ranges::find(ports_of_mail, port, &std::pair<std::string_view, std::string_view>::first);
  return known == std::end(ports_of_mail) ? std::string_view() : known->second;
}

const Directive* map_of(const Directive& stream, std::string_view variable) {
  const auto found = std::ranges::find_if(stream.children, [&](const Directive& each) {
    return each.block && each.is("map") && each.arg(1) == "$" + std::string(variable);
  });
  return found == stream.children.end() ? nullptr : &*found;
}

class StreamServer {
 public:
  StreamServer(const Directive& stream, const Scope& outer, const Directive& block, Upstreams& upstreams, Draft& draft,
               Report& report)
      : stream_(stream),
        scope_{.block = &block, .outer = &outer},
        upstreams_(upstreams),
        draft_(draft),
        report_(report) {}

  void build();

 private:
  bool read_target(const Directive& pass);
  std::string target(const std::string& text, const Directive& at, std::string_view scheme);
  bool by_map(const Directive& pass, std::string_view variable, std::string_view scheme);
  void by_name(const Directive& map, std::string_view scheme);
  void by_protocol(const Directive& map, std::string_view scheme);
  bool by_name_next(const std::string& value, std::string_view scheme);
  void names_of(const Directive& line, bool hostnames, std::string_view scheme);
  void server_tls(const Directive& pass);
  void settings();
  void add_entry(const std::vector<Listen>& listens, bool tls);

  const Directive& stream_;
  Scope scope_;
  Upstreams& upstreams_;
  Draft& draft_;
  Report& report_;
  DraftEntry entry_;
  std::string host_;  // of the server
};

// A server or an upstream as `to` has it; empty: it was reported.
std::string StreamServer::target(const std::string& text, const Directive& at, std::string_view scheme) {
  if (const Directive* block = Upstreams::find(stream_, text)) {
    host_ = text;
    const DraftUpstream* upstream = upstreams_.use(*block, std::string(scheme));
    if (upstream == nullptr) report_.lost(at, "no server of the upstream " + text + " could be translated");
    return upstream == nullptr ? "" : upstream->name;
  }
  const auto address = parse_server(text);
  if (!address || !address->unix_path.empty() || address->port == 0) {
    report_.lost(
        at, text.starts_with("unix:")
                ? "a Unix socket is for HTTP alone: let the server listen on 127.0.0.1, and write tcp://127.0.0.1:PORT"
            : text.contains('$') ? "where a connection goes is known by `ports`, `sni` and `alpn` alone"
                                 : "the address of the server is not understood");
    return {};
  }
  host_ = address->host;
  std::string url = server_url(*address, scheme, 0);
  if (const auto problem = config::relay_target(url)) {
    report_.lost(at, problem->message);
    return {};
  }
  return url;
}

// A line of a map with `hostnames`: ".example.com" is the name and all below it.
void StreamServer::names_of(const Directive& line, bool hostnames, std::string_view scheme) {
  std::string name = line.name;
  report_.used(line);
  if (name == "hostnames" || name == "volatile") return;
  if (line.args.size() != 1) return report_.lost(line, "it is not understood");
  if (name == "default") {
    entry_.to = target(line.arg(0), line, scheme);
    return;
  }
  if (name.starts_with('\\')) name.erase(0, 1);
  if (name == "\"\"") return report_.lost(line, "connections without a name go where no other entry fits: to `to`");
  if (name.starts_with('~'))
    return report_.lost(line, "names by expressions are not available: list them in `sni`, or write *.example.com");
  const bool wildcard = name.starts_with('.') || name.contains('*');
  if (wildcard && !hostnames) return report_.lost(line, "without `hostnames` NGINX knows no wildcards: it never fits");
  std::vector<std::string> names{name};
  if (name.starts_with('.')) names = {name.substr(1), "*" + name};
  for (const std::string& each : names) {
    if (const auto problem = config::host_pattern(each); problem || each == "*")
      return report_.lost(line, problem ? problem->message : "write `default`");
    const std::string lower = apache::lower(each);
    const bool again = std::ranges::any_of(entry_.sni, [&](const auto& known) { return known.first == lower; });
    if (again) return report_.changed(line, each + " stands in the map before");
    if (std::string to = target(line.arg(0), line, scheme); !to.empty()) entry_.sni.emplace_back(lower, std::move(to));
  }
}

void StreamServer::by_name(const Directive& map, std::string_view scheme) {
  const bool hostnames = has(map, "hostnames");
  for (const Directive& line : map.children) names_of(line, hostnames, scheme);
}

// "~\bacme-tls/1\b": the name of a protocol among those that are offered.
std::string protocol_meant(std::string text) {
  if (!text.starts_with('~')) return text;
  text.erase(0, 1);
  for (const std::string_view mark : {"\\b", "^", "$"}) {
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark)) text.erase(at, mark.size());
  }
  std::erase(text, '\\');
  return text.find_first_of("()[]*+?|{}") == std::string::npos ? text : "";
}

void StreamServer::by_protocol(const Directive& map, std::string_view scheme) {
  for (const Directive& line : map.children) {
    report_.used(line);
    if (line.is("volatile") || line.is("hostnames")) continue;
    const std::string protocol = protocol_meant(line.name);
    if (line.is("default")) {
      if (!by_name_next(line.arg(0), scheme)) entry_.to = target(line.arg(0), line, scheme);
    } else if (protocol.empty() || protocol == "\"\"" || config::alpn_protocol(protocol)) {
      report_.lost(line, "write the one protocol that is meant into `alpn`");
    } else if (std::string to = target(line.arg(0), line, scheme); !to.empty()) {
      entry_.alpn.emplace_back(protocol, std::move(to));
    }
  }
}

bool is_of_names(const Directive& map) {
  return map.arg(0) == "$ssl_preread_server_name" || map.arg(0) == "$ssl_server_name";
}

// "default $name;": where the protocol decides nothing, the name does. So it is here: `alpn` wins over `sni`.
bool StreamServer::by_name_next(const std::string& value, std::string_view scheme) {
  const Found variable = find_variable(value);
  if (variable.begin != 0 || variable.end != value.size()) return false;
  const Directive* map = map_of(stream_, variable.name);
  if (map == nullptr || !is_of_names(*map)) return false;
  report_.used(*map);
  by_name(*map, scheme);
  return true;
}

bool StreamServer::by_map(const Directive& pass, std::string_view variable, std::string_view scheme) {
  const Directive* map = map_of(stream_, variable);
  const std::string source = map != nullptr ? map->arg(0) : "";
  const bool name = map != nullptr && is_of_names(*map);
  const bool protocol = source == "$ssl_preread_alpn_protocols" || source == "$ssl_alpn_protocol";
  if (!name && !protocol) {
    report_.lost(pass,
                 "$" + std::string(variable) +
                     " is not a map of $ssl_preread_server_name or $ssl_preread_alpn_protocols: where a connection "
                     "goes is known by `ports`, `sni` and `alpn` alone");
    return false;
  }
  report_.used(*map);
  if (name)
    by_name(*map, scheme);
  else
    by_protocol(*map, scheme);
  return true;
}

bool StreamServer::read_target(const Directive& pass) {
  const Directive* ssl = in_force(scope_, "proxy_ssl", report_);
  const std::string scheme = ssl != nullptr && ssl->arg(0) == "on" ? "tls" : "tcp";
  if (ssl != nullptr && scheme == "tcp")
    report_.not_needed(*ssl, "servers are spoken to without TLS unless `to` says tls://");
  const std::string text = with_set_variables(scope_, pass.arg(0), report_);
  const Found variable = find_variable(text);
  const bool whole = variable.begin == 0 && variable.end == text.size();
  if (whole) {
    by_map(pass, variable.name, scheme);
  } else {
    entry_.to = target(text, pass, scheme);
  }
  const bool any = !entry_.to.empty() || !entry_.sni.empty() || !entry_.alpn.empty();
  if (any && scheme == "tls") server_tls(pass);
  return any;
}

void StreamServer::server_tls(const Directive& pass) {
  entry_.upstream_tls = upstream_tls_of(scope_, "proxy", host_, false, pass, entry_.comments, report_);
}

void StreamServer::settings() {
  const Access access = access_of(scope_, report_);
  entry_.allow = access.allow;
  entry_.deny = access.deny;
  if (const Directive* sends = in_force(scope_, "proxy_protocol", report_)) {
    if (sends->arg(0) == "on")
      entry_.send_proxy = "v1";
    else
      report_.not_needed(*sends, "no header is sent unless `send_proxy` says so");
  }
  entry_.limits.connections_per_address = connections_per_address(scope_, stream_, report_);
  const auto time = [&](std::string_view name, std::string& into) {
    const Directive* at = in_force(scope_, name, report_);
    const auto value = at != nullptr ? parse_time(at->arg(0)) : std::nullopt;
    if (value && value->count() > 0)
      into = time_text(*value);
    else if (at != nullptr)
      report_.lost(*at, "the time is not understood: the default holds");
  };
  time("proxy_timeout", entry_.timeouts.tunnel_idle);
  time("proxy_connect_timeout", entry_.timeouts.connect);
}

// Entries are of one kind: what is decrypted here, or what passes as it is.
void StreamServer::add_entry(const std::vector<Listen>& listens, bool tls) {
  std::vector<Listen> own;
  for (const Listen& each : listens) {
    if (each.ssl != tls) continue;
    if (each.unix_path.empty())
      own.push_back(each);
    else
      report_.lost(*each.at, "a Unix socket to listen on is for HTTP alone");
  }
  if (own.empty()) return;
  DraftEntry entry = entry_;
  for (const Listen& each : own) entry.listen.push_back(each.url(tls ? "tls" : "tcp"));
  const std::string_view service = service_of(own.front().port);
  entry.name = entry_name(draft_, service.empty() ? (tls ? "tls-" : "tcp-") + own.front().port : std::string(service));
  entry.accept_proxy_from = accept_proxy_from(scope_, own, report_);
  if (entry.accept_proxy_from == std::vector<std::string>{"*"} && !service.empty()) {
    const auto at = std::ranges::find_if(own, &Listen::proxy_protocol)->at;
    report_.lost(*at,
                 "mail clients send no header of the PROXY protocol, and are not served without one. Unless another "
                 "proxy stands in front, remove `accept_proxy`; to tell the server who connects, `send_proxy` is what "
                 "is meant");
    entry.comments.push_back(brief(*at) +
                             ": NGINX expects a header of the PROXY protocol from everybody who connects, "
                             "which mail clients do not send. Unless another proxy stands in front, remove "
                             "accept_proxy.");
  }
  if (tls) {
    const TlsSettings settings = tls_of(scope_, report_);
    entry.modern_tls = settings.modern;
    entry.client_certificates = settings.clients;
    add_certificates(settings, *scope_.block, draft_, report_);
  }
  draft_.entries.push_back(std::move(entry));
}

void StreamServer::build() {
  report_.used(*scope_.block);
  const std::vector<Listen> listens = listens_of(scope_, "", report_);
  const Directive* pass = own(scope_, "proxy_pass", report_);
  if (listens.empty()) return report_.lost(*scope_.block, "nothing in it listens on an address that is available");
  if (pass == nullptr) return report_.lost(*scope_.block, "it has no proxy_pass: there is nothing to pass on to");
  if (!read_target(*pass))
    return report_.lost(*scope_.block, "it is left out, since its servers could not be translated");
  if (const Directive* preread = in_force(scope_, "ssl_preread", report_))
    report_.not_needed(*preread, "names are read without decrypting anything where `sni` or `alpn` stand");
  settings();
  add_entry(listens, false);
  add_entry(listens, true);
}

}  // namespace

// Two servers on one socket are one too many for NGINX as well, unless they have names.
void add_stream(const Directive& stream, Upstreams& upstreams, Draft& draft, Report& report) {
  const Scope scope{.block = &stream};
  for (const Directive& block : stream.children) {
    if (block.block && block.is("server")) StreamServer(stream, scope, block, upstreams, draft, report).build();
  }
}

}  // namespace sp::import::nginx
