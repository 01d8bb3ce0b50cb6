// What both kinds of entries are made of: targets, timeouts, limits, listeners.
#include "import/haproxy/build.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "config/grammar.h"

namespace sp::import::haproxy {
namespace {

std::string simple_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    name += good ? c : '-';
  }
  constexpr size_t longest = 56;  // room for a number behind it
  name.resize(std::min(name.size(), longest));
  if (config::simple_name(name)) name.insert(0, "x");
  return name;
}

template <class Taken>
std::string free_name(const std::string& name, const Taken& taken) {
  std::string result = name;
  for (int i = 2; taken(result); ++i) result = fmt::format("{}-{}", name, i);
  return result;
}

std::string url_of(const Server& server, Mode mode, int port) {
  std::string scheme = server.ssl ? "tls" : "tcp";
  if (mode == Mode::http) scheme = server.ssl ? "https" : server.http2 ? "h2c" : "http";
  if (!server.unix_path.empty()) return fmt::format("{}+unix://{}", scheme, server.unix_path);
  const int written = server.port != 0 || mode == Mode::tcp ? server.port : port;
  const int normal = scheme == "https" ? 443 : 80;
  if (written == 0 || (mode == Mode::http && written == normal)) return fmt::format("{}://{}", scheme, server.host);
  return fmt::format("{}://{}:{}", scheme, server.host, written);
}

void add_servers(const Proxy& backend, Mode mode, int port, DraftUpstream& upstream) {
  const bool all_backup = std::ranges::all_of(backend.servers, &Server::backup);
  for (const Server& server : backend.servers) {
    upstream.servers.push_back(
        {.url = url_of(server, mode, port), .weight = server.weight, .backup = server.backup && !all_backup});
  }
}

// One way to all servers of an upstream.
void remark_differences(const Proxy& backend, Report& report) {
  const Server& first = backend.servers.front();
  for (const Server& server : backend.servers) {
    if (server.tls == first.tls && server.send_proxy == first.send_proxy) continue;
    report.lost(server.at,
                fmt::format("TLS and PROXY protocol are said once for all servers: as with line {}", first.at.line));
  }
}

DraftUpstream make_upstream(const Proxy& backend, Mode mode, int port, Report& report) {
  DraftUpstream upstream;
  add_servers(backend, mode, port, upstream);
  const bool several = backend.servers.size() > 1;
  if (several) upstream.balance = backend.balance.empty() ? "round_robin" : backend.balance;
  if (several) upstream.retries = backend.retries;
  for (const Server& server : backend.servers) {
    if (upstream.upstream_tls.empty() && server.ssl) upstream.upstream_tls = server.tls;
  }
  upstream.send_proxy = backend.servers.front().send_proxy;
  if (several) remark_differences(backend, report);
  return upstream;
}

void remark_alone(const Proxy& backend, Report& report) {
  if (!backend.balance.empty()) report.not_needed(backend.balance_at, "there is one server");
  if (backend.retries) report.not_needed(backend.retries_at, "there is one server");
}

struct Shorter {
  std::string operator()(const std::string& a, const std::string& b) const {
    if (a.empty() || b.empty()) return a.empty() ? b : a;
    return *parse_duration(a) <= *parse_duration(b) ? a : b;
  }
};

std::string timeout(const Proxy& proxy, const std::string& name) {
  const auto found = proxy.timeouts.find(name);
  return found == proxy.timeouts.end() ? std::string() : found->second;
}

// A timeout that others took the place of.
void remark_timeout(const Proxy& proxy, const std::string& name, const char* why, Report& report) {
  const auto found = proxy.timeout_places.find(name);
  if (found != proxy.timeout_places.end()) report.changed(found->second, why);
}

DraftTimeouts relay_timeouts(const Proxy& frontend, const Proxy& backend, Report& report) {
  DraftTimeouts result{.connect = timeout(backend, "connect")};
  const std::string client = timeout(frontend, "client");
  const std::string server = timeout(backend, "server");
  const std::string tunnel = timeout(backend, "tunnel");
  result.tunnel_idle = tunnel.empty() ? Shorter{}(client, server) : tunnel;
  result.half_closed = Shorter{}(timeout(frontend, "client-fin"), timeout(backend, "server-fin"));
  static constexpr const char* one = "one time-out for both directions: `tunnel_idle`, `half_closed`";
  for (const auto& [name, used] :
       {std::pair{"client", client}, std::pair{"client-fin", timeout(frontend, "client-fin")}}) {
    if (!used.empty() && used != result.tunnel_idle && used != result.half_closed)
      remark_timeout(frontend, name, one, report);
  }
  for (const auto& [name, used] :
       {std::pair{"server", server}, std::pair{"server-fin", timeout(backend, "server-fin")}}) {
    if (!used.empty() && used != result.tunnel_idle && used != result.half_closed)
      remark_timeout(backend, name, one, report);
  }
  for (const char* name : {"http-request", "http-keep-alive"})
    remark_timeout(frontend, name, "says something about HTTP only", report);
  return result;
}

DraftTimeouts http_timeouts(const Proxy& frontend, const Proxy& backend, Report& report) {
  DraftTimeouts result{.client_head = timeout(frontend, "http-request"), .connect = timeout(backend, "connect")};
  const std::string client = timeout(frontend, "client");
  const std::string server = timeout(backend, "server");
  result.response_head = server;
  // A slow one of the two must not be cut off.
  result.body_idle = client.empty() || server.empty()                     ? client + server
                     : *parse_duration(client) >= *parse_duration(server) ? client
                                                                          : server;
  if (!client.empty() && client != result.body_idle)
    remark_timeout(frontend, "client", "one time-out for bodies of both directions, `body_idle`: the longer one",
                   report);
  result.keep_alive = timeout(frontend, "http-keep-alive");
  result.tunnel_idle = timeout(backend, "tunnel");
  result.half_closed = Shorter{}(timeout(frontend, "client-fin"), timeout(backend, "server-fin"));
  if (const std::string fin = timeout(frontend, "client-fin"); !fin.empty() && fin != result.half_closed)
    remark_timeout(frontend, "client-fin", "one time-out for both directions: `half_closed`", report);
  if (const std::string fin = timeout(backend, "server-fin"); !fin.empty() && fin != result.half_closed)
    remark_timeout(backend, "server-fin", "one time-out for both directions: `half_closed`", report);
  return result;
}

// So many in a period that is none of ours: as many in a minute, or an hour.
std::string rate_text(int most, int period_ms) {
  for (const auto& [unit, length] : {std::pair{"s", 1000}, std::pair{"m", 60'000}, std::pair{"h", 3'600'000}}) {
    if (length == period_ms) return fmt::format("{}/{}", most, unit);
  }
  const std::int64_t longer = period_ms < 60'000 ? 60'000 : 3'600'000;
  const std::int64_t count = std::max<std::int64_t>(1, most * longer / period_ms);
  return fmt::format("{}/{}", count, longer == 60'000 ? "m" : "h");
}

std::string listen_url(const Bind& bind, Mode mode) {
  std::string scheme = bind.ssl ? "tls" : "tcp";
  if (mode == Mode::http) scheme = bind.ssl ? "https" : "http";
  if (!bind.unix_path.empty()) return fmt::format("{}+unix://{}", scheme, bind.unix_path);
  return fmt::format("{}://{}:{}", scheme, bind.address, bind.port);
}

bool has_test(const Condition& condition, Fact fact) {
  for (const All& all : condition.any) {
    if (std::ranges::any_of(all, [&](const Literal& each) { return each.test.fact == fact; })) return true;
  }
  return false;
}

}  // namespace

const Proxy* find_backend(const std::string& name, const Origin& at, Mode mode, Building& state) {
  const Proxy* backend = state.configuration.backend(name);
  if (backend == nullptr) {
    state.report.lost(at,
                      name.empty() ? "the name of a backend is missing" : fmt::format("there is no backend {}", name));
  } else if (backend->mode != mode) {
    state.report.lost(at, fmt::format("the backend {} is of another mode", name));
  } else {
    state.used_backends.insert(backend->name);
    return backend;
  }
  return nullptr;
}

std::optional<Target> target_of(const Proxy& backend, Mode mode, Shape shape, int port, Building& state) {
  if (backend.servers.empty()) return std::nullopt;
  if (backend.servers.size() == 1) remark_alone(backend, state.report);
  const Server& first = backend.servers.front();
  const auto known = state.upstream_names.find(backend.name);
  if (backend.servers.size() == 1 && shape == Shape::any)
    return Target{url_of(first, mode, port), first.ssl ? first.tls : DraftUpstreamTls{}, first.send_proxy, true};
  if (known != state.upstream_names.end()) return Target{.to = known->second};
  DraftUpstream upstream = make_upstream(backend, mode, port, state.report);
  upstream.name = free_name(simple_name(backend.name), [&](const std::string& name) {
    return std::ranges::any_of(state.upstreams, [&](const DraftUpstream& each) { return each.name == name; });
  });
  state.upstream_names[backend.name] = upstream.name;
  state.upstreams.push_back(upstream);
  return Target{.to = upstream.name};
}

DraftTimeouts timeouts_of(const Proxy& frontend, const Proxy& backend, Mode mode, Report& report) {
  return mode == Mode::http ? http_timeouts(frontend, backend, report) : relay_timeouts(frontend, backend, report);
}

DraftLimits limits_of(const Proxy& frontend, Building& state) {
  DraftLimits limits{.connections = frontend.max_connections};
  if (frontend.connections_per_address)
    limits.connections_per_address = std::to_string(frontend.connections_per_address->most);
  if (!frontend.rate_per_address) return limits;
  int period = frontend.rate_period_ms;
  for (const Proxy& other : state.configuration.proxies) {
    if (!frontend.rate_table.empty() && other.name == frontend.rate_table) period = other.rate_period_ms;
  }
  const AddressLimit& rate = *frontend.rate_per_address;
  if (period <= 0)
    state.report.lost(rate.at, "no stick-table says in which time: write `limits: { rate_per_address: 20/m }`");
  else
    limits.rate_per_address = rate_text(rate.most, period);
  return limits;
}

DraftEntry begin_entry(const Proxy& frontend, const std::vector<Bind>& binds, std::string_view suffix, Mode mode,
                       Building& state) {
  DraftEntry entry;
  for (const Bind& bind : binds) {
    const std::string url = listen_url(bind, mode);
    if (!state.sockets.insert(url.substr(url.find("://"))).second) {
      state.report.lost(bind.at, fmt::format("another entry listens on {} already", url));
      continue;
    }
    entry.listen.push_back(url);
    if (bind.ssl && state.configuration.certificates.empty())
      state.report.lost(bind.at, "no certificate is named: add it under `certificates`");
  }
  if (entry.listen.empty()) return entry;
  const auto taken = [&](const std::string& name) { return state.entry_names.contains(name); };
  entry.name = free_name(simple_name(frontend.name) + std::string(suffix), taken);
  state.entry_names.insert(entry.name);
  const Bind& first = binds.front();
  const auto secure = std::ranges::find_if(binds, &Bind::ssl);
  if (secure != binds.end()) {
    entry.modern_tls = secure->tls.modern;
    entry.client_certificates = secure->tls.clients;
  }
  if (!frontend.proxies.empty())
    entry.accept_proxy_from = frontend.proxies;
  else if (first.accept_proxy)
    entry.accept_proxy_from = {"*"};
  if (first.accept_proxy && frontend.proxies.empty()) {
    state.report.changed(first.at,
                         "`*` may say by the PROXY protocol who connects, as in HAProxy: name the addresses of your "
                         "proxies in accept_proxy.from, so that nobody else can");
  }
  entry.limits = limits_of(frontend, state);
  return entry;
}

std::vector<const Proxy*> reachable(const Proxy& frontend, const Building& state) {
  std::vector<const Proxy*> result{&frontend};
  const auto add = [&](const std::string& name) {
    const Proxy* backend = state.configuration.backend(name);
    if (backend != nullptr && std::ranges::find(result, backend) == result.end()) result.push_back(backend);
  };
  for (const Rule& rule : frontend.backends) add(rule.backend);
  add(frontend.default_backend);
  return result;
}

void add_patterns(const Condition& condition, Fact fact, std::vector<Pattern>& patterns) {
  for (const All& all : condition.any) {
    for (const Literal& each : all) {
      if (each.test.fact != fact) continue;
      for (const Pattern& pattern : each.test.patterns) {
        if (pattern.form != Form::any && std::ranges::find(patterns, pattern) == patterns.end())
          patterns.push_back(pattern);
      }
    }
  }
}

bool asks(const Proxy& frontend, Fact fact, const Building& state) {
  const auto any = [&](const std::vector<Rule>& rules) {
    return std::ranges::any_of(rules, [&](const Rule& rule) { return has_test(rule.condition, fact); });
  };
  for (const Proxy* each : reachable(frontend, state)) {
    if (any(each->rules) || any(each->backends) || any(each->connection_rules)) return true;
  }
  return false;
}

}  // namespace sp::import::haproxy
