#include "import/haproxy/collect.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace sp::import::haproxy {
namespace {

void collect_mode(const Directive& directive, Proxy& proxy, Report& report) {
  const std::string& mode = directive.word(1);
  if (mode == "http")
    proxy.mode = Mode::http;
  else if (mode == "tcp")
    proxy.mode = Mode::tcp;
  else {
    proxy.mode = Mode::other;
    report.lost(directive.at, fmt::format("the mode `{}` is not available: the section is left out", mode));
  }
}

void collect_timeout(const Directive& directive, Proxy& proxy, Report& report) {
  static constexpr std::string_view unused[] = {"queue", "check", "tarpit", "client-hs"};
  static constexpr std::string_view known[] = {"client",     "server",     "connect",      "tunnel",
                                               "client-fin", "server-fin", "http-request", "http-keep-alive"};
  std::string name = directive.word(1);
  if (name == "clitimeout") name = "client";
  if (std::ranges::find(unused, name) != std::end(unused))
    return report.not_needed(directive.at, "nothing here waits for this");
  if (std::ranges::find(known, name) == std::end(known))
    return report.lost(directive.at, fmt::format("the timeout `{}` is not known", name));
  const auto value = our_duration(directive.word(2));
  if (!value)
    return report.lost(directive.at,
                       fmt::format("`{}` is not a duration that a timeout here can have", directive.word(2)));
  proxy.timeouts[name] = *value;
  proxy.timeout_places[name] = directive.at;
}

// clitimeout 5000, as it was written before HAProxy 1.3.14.
void collect_old_timeout(const Directive& directive, std::string_view name, Proxy& proxy, Report& report) {
  collect_timeout(Directive{{"timeout", std::string(name), directive.word(1)}, directive.at}, proxy, report);
}

void collect_acl(const Directive& directive, Proxy& proxy, Collecting& state) {
  if (directive.words.size() < 3) return state.report.lost(directive.at, "an argument is missing");
  Test test = read_test(directive.from(2), state.disk);
  test.text = directive.word(1);
  proxy.acls[directive.word(1)].push_back(std::move(test));
  proxy.acl_places.emplace(directive.word(1), directive.at);
}

void collect_backend_rule(const Directive& directive, Proxy& proxy, Collecting& state) {
  if (directive.words.size() < 2) return state.report.lost(directive.at, "an argument is missing");
  if (directive.word(1).find('%') != std::string::npos)
    return state.report.lost(directive.at,
                             "the backend's name is made anew for each request: write a site or a route for each");
  auto condition = condition_of(directive, 2, proxy, state);
  if (!condition) return;
  proxy.backends.push_back({.does = Does::use_backend,
                            .at = directive.at,
                            .condition = *std::move(condition),
                            .backend = directive.word(1)});
}

void collect_balance(const Directive& directive, Proxy& proxy, Report& report) {
  const std::string& how = directive.word(1);
  proxy.balance_at = directive.at;
  if (how == "roundrobin" || how == "static-rr")
    proxy.balance = "round_robin";
  else if (how == "leastconn")
    proxy.balance = "least_requests";
  else if (how.starts_with("random"))
    proxy.balance = "random";
  else {
    proxy.balance = "round_robin";
    report.lost(directive.at,
                fmt::format("`{}`: no server is chosen by a hash in this version; round_robin instead, so "
                            "that a client may meet another server each time",
                            how));
  }
}

// How long a list like "conn_cur,conn_rate(10s)" counts, in milliseconds.
void collect_table(const Directive& directive, Proxy& proxy, Report& report) {
  const auto words = directive.from(1);
  const auto store = std::ranges::find(words, "store");
  if (store == words.end() || store + 1 == words.end())
    return report.lost(directive.at, "clients do not stick to a server in this version");
  bool only_connections = true;
  std::string_view rest = *(store + 1);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(','), rest.size());
    const std::string_view what = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    const bool rate = what.starts_with("conn_rate(") && what.ends_with(')');
    if (rate) {
      const auto period = our_duration(what.substr(10, what.size() - 11));
      const auto parsed = period ? parse_duration(*period) : std::nullopt;
      if (parsed) proxy.rate_period_ms = static_cast<int>(std::min<std::int64_t>(parsed->count(), 86'400'000));
    }
    only_connections = only_connections && (rate || what == "conn_cur" || what == "conn_cnt");
  }
  if (only_connections)
    report.not_needed(directive.at, "connections are counted by themselves where there is a limit");
  else
    report.lost(directive.at, "only connections of an address are counted: see `limits`");
}

void collect_max(const Directive& directive, Proxy& proxy, Report& report) {
  const auto most = number(directive.word(1));
  if (!most || *most < 1 || *most > 10'000'000)
    return report.lost(directive.at, fmt::format("`{}` is not a number of connections", directive.word(1)));
  proxy.max_connections = std::to_string(*most);
  report.changed(directive.at, "counted by each worker");
}

void collect_retries(const Directive& directive, Proxy& proxy, Report& report) {
  const auto retries = number(directive.word(1));
  if (!retries || *retries > 100)
    return report.lost(directive.at, fmt::format("`{}` is not a number of retries", directive.word(1)));
  proxy.retries = retries;
  proxy.retries_at = directive.at;
}

void collect_monitor(const Directive& directive, Proxy& proxy, Report& report) {
  if (!directive.word(1).starts_with('/')) return report.lost(directive.at, "a path is missing");
  Rule rule{.does = Does::respond, .at = directive.at, .status = 200};
  rule.condition.text = "monitor-uri";
  rule.condition.any = {{Literal{Test{Fact::path, {{Form::exact, directive.word(1)}}, "monitor-uri"}}}};
  // Before everything else, as in HAProxy.
  proxy.rules.insert(proxy.rules.begin(), std::move(rule));
}

// What a line says once only: words behind it would be dropped in silence.
void look_behind(const Directive& directive, size_t expected, Report& report) {
  for (const std::string& word : directive.from(expected))
    report.lost(directive.at, fmt::format("`{}` is too much here", word));
}

bool collect_first(const Directive& directive, Proxy& proxy, Collecting& state) {
  const std::string& word = directive.words[0];
  Report& report = state.report;
  if (word == "mode")
    collect_mode(directive, proxy, report), look_behind(directive, 2, report);
  else if (word == "timeout")
    collect_timeout(directive, proxy, report), look_behind(directive, 3, report);
  else if (word == "clitimeout" || word == "contimeout" || word == "srvtimeout")
    collect_old_timeout(directive,
                        word == "clitimeout"   ? "client"
                        : word == "contimeout" ? "connect"
                                               : "server",
                        proxy, report);
  else if (word == "maxconn")
    collect_max(directive, proxy, report), look_behind(directive, 2, report);
  else if (word == "retries")
    collect_retries(directive, proxy, report), look_behind(directive, 2, report);
  else if (word == "balance")
    collect_balance(directive, proxy, report);
  else if (word == "acl")
    collect_acl(directive, proxy, state);
  else if (word == "option")
    collect_option(directive, proxy, state);
  else if (word == "default-server")
    state.default_server.insert(state.default_server.end(), directive.words.begin() + 1, directive.words.end());
  else
    return false;
  return true;
}

bool collect_second(const Directive& directive, Proxy& proxy, Collecting& state) {
  const std::string& word = directive.words[0];
  if (word == "bind")
    collect_bind(directive, proxy, state);
  else if (word == "server")
    collect_server(directive, proxy, state);
  else if (word == "use_backend")
    collect_backend_rule(directive, proxy, state);
  else if (word == "default_backend") {
    proxy.default_backend = directive.word(1);
    proxy.default_backend_at = directive.at;
    look_behind(directive, 2, state.report);
  } else if (word == "tcp-request")
    collect_tcp_request(directive, proxy, state);
  else if (word == "http-request")
    collect_http_request(directive, proxy, state);
  else if (word == "http-response")
    collect_http_response(directive, proxy, state);
  else if (word == "redirect")
    collect_redirect(directive, 1, proxy, state);
  else if (word == "stick-table")
    collect_table(directive, proxy, state.report);
  else if (word == "monitor-uri")
    collect_monitor(directive, proxy, state.report), look_behind(directive, 2, state.report);
  else
    return false;
  return true;
}

void collect_one(const Directive& directive, Proxy& proxy, Collecting& state) {
  if (collect_first(directive, proxy, state) || collect_second(directive, proxy, state)) return;
  const std::string& word = directive.words[0];
  if (word == "no" && directive.word(1) == "option")
    return state.report.not_needed(directive.at, "takes an option away");
  if (word == "no" && directive.word(1) == "log") return state.report.not_needed(directive.at, "logs: see `log:`");
  if (word == "disabled") {
    proxy.mode = Mode::other;
    return state.report.changed(directive.at, "the section is disabled, and left out");
  }
  if (word == "enabled") return state.report.not_needed(directive.at, "as by itself");
  if (const auto known = known_directive(word))
    return state.report.add(directive.at, std::string(known->why), known->fate);
  state.report.lost(directive.at, fmt::format("`{}` is not known", word));
}

// ---- sections

// `server` lines may stand before the mode, so that this is looked for first.
const Directive* last_of(const Section& section, std::string_view word) {
  const Directive* found = nullptr;
  for (const Directive& directive : section.directives) {
    if (directive.words[0] == word) found = &directive;
  }
  return found;
}

void collect_section(const Section& section, Proxy& proxy, Collecting& state) {
  if (const Directive* mode = last_of(section, "mode")) collect_mode(*mode, proxy, state.report);
  for (const Directive& directive : section.directives) collect_one(directive, proxy, state);
}

class Sections {
 public:
  Sections(const Tree& tree, Collecting& state) : tree_(tree), state_(state) {}

  void read() {
    for (const Section& section : tree_.sections) {
      if (section.kind != SectionKind::global) continue;
      for (const Directive& directive : section.directives) collect_global(directive, state_);
    }
    for (const Section& section : tree_.sections) one(section);
  }

 private:
  void one(const Section& section) {
    switch (section.kind) {
      case SectionKind::global: return;
      case SectionKind::defaults: {
        defaults_ = &section;
        // Once for itself, so that it is remarked upon even where nothing uses it.
        Proxy alone;
        state_.default_server.clear();
        collect_section(section, alone, state_);
        return;
      }
      case SectionKind::other: return other(section);
      default: return proxy(section);
    }
  }

  void other(const Section& section) {
    static constexpr std::string_view silent[] = {"peers",  "resolvers",   "mailers", "ring",
                                                  "traces", "log-profile", "program", "healthcheck"};
    const std::string word = section.at.text.substr(0, section.at.text.find(' '));
    const bool needless = std::ranges::find(silent, word) != std::end(silent);
    const std::string why = needless ? "the section is about HAProxy itself" : "the section has no equivalent here";
    state_.report.add(section.at, why, needless ? Fate::not_needed : Fate::lost);
    for (const Directive& directive : section.directives)
      state_.report.not_needed(directive.at, fmt::format("belongs to `{}`", section.at.text));
  }

  const Section* defaults_of(const Section& section) {
    if (section.from.empty()) return defaults_;
    for (const Section& each : tree_.sections) {
      if (each.kind == SectionKind::defaults && each.name == section.from) return &each;
    }
    state_.report.lost(section.at, fmt::format("there is no `defaults {}`", section.from));
    return nullptr;
  }

  void proxy(const Section& section) {
    Proxy proxy{.kind = section.kind, .name = section.name, .at = section.at};
    state_.default_server.clear();
    if (const Section* defaults = defaults_of(section)) inherit(*defaults, proxy);
    collect_section(section, proxy, state_);
    finish(proxy);
    state_.result.proxies.push_back(std::move(proxy));
  }

  // `defaults` may themselves have others.
  void inherit(const Section& defaults, Proxy& proxy) {
    if (!defaults.from.empty() && defaults.from != defaults.name && depth_ < 8) {
      for (const Section& each : tree_.sections) {
        if (each.kind != SectionKind::defaults || each.name != defaults.from) continue;
        ++depth_;
        inherit(each, proxy);
        --depth_;
        break;
      }
    }
    collect_section(defaults, proxy, state_);
  }

  void finish(Proxy& proxy) {
    if (!proxy.has_frontend()) {
      for (const Bind& bind : proxy.binds) state_.report.lost(bind.at, "a backend listens on nothing");
      proxy.binds.clear();
    }
    if (proxy.has_backend()) return;
    for (const Server& server : proxy.servers) state_.report.lost(server.at, "a frontend has no servers: use `listen`");
    proxy.servers.clear();
  }

  const Tree& tree_;
  Collecting& state_;
  const Section* defaults_ = nullptr;
  int depth_ = 0;
};

}  // namespace

void collect_global(const Directive& directive, Collecting& state) {
  const std::string& word = directive.words[0];
  if (word == "ca-base")
    state.globals.ca_base = directive.word(1);
  else if (word == "crt-base")
    state.globals.crt_base = directive.word(1);
  else if (word == "ssl-server-verify" && directive.word(1) == "none")
    state.globals.servers_unverified = true;
  else if (word == "ssl-server-verify")
    state.report.not_needed(directive.at, "servers are verified by themselves");
  else if (word == "ssl-default-bind-options") {
    const auto options = directive.from(1);
    const auto minimum = std::ranges::find(options, "ssl-min-ver");
    const bool modern = minimum != options.end() && minimum + 1 != options.end() && *(minimum + 1) == "TLSv1.3";
    if (modern || std::ranges::find(options, "no-tlsv12") != options.end())
      state.globals.modern_tls = true;
    else
      state.report.not_needed(directive.at, "TLS follows Mozilla's intermediate profile");
  } else if (const auto known = known_global(word)) {
    state.report.add(directive.at, std::string(known->why), known->fate);
  } else {
    state.report.lost(directive.at, fmt::format("`{}` is not known", word));
  }
}

void collect_option(const Directive& directive, Proxy& proxy, Collecting& state) {
  const std::string& option = directive.word(1);
  if (option != "forwardfor") {
    const auto known = known_option(option);
    if (known) return state.report.add(directive.at, std::string(known->why), known->fate);
    return state.report.lost(directive.at, fmt::format("the option `{}` is not known", option));
  }
  bool remarked = false;
  for (size_t at = 2; at < directive.words.size(); ++at) {
    const std::string& word = directive.word(at);
    if (word == "header") {
      proxy.client_address_field = directive.word(++at);
      continue;
    }
    remarked = true;
    if (word == "if-none") {
      state.report.changed(
          directive.at, "what a client says of X-Forwarded-For is replaced; `trusted_proxies` names whom to believe");
    } else if (word == "except") {
      state.report.changed(directive.at,
                           "X-Forwarded-For is sent for all; `trusted_proxies` names whose own is extended");
      ++at;
    } else {
      state.report.lost(directive.at, fmt::format("`{}` is not known", word));
    }
  }
  if (!remarked && proxy.client_address_field.empty())
    state.report.not_needed(directive.at, "X-Forwarded-For is sent by itself");
}

const Proxy* Configuration::backend(std::string_view name) const {
  for (const Proxy& proxy : proxies) {
    if (proxy.has_backend() && proxy.name == name) return &proxy;
  }
  return nullptr;
}

Configuration collect(const Tree& tree, const config::FileSystem& disk, Report& report) {
  Configuration result;
  Collecting state{.disk = disk, .report = report, .result = result};
  Sections(tree, state).read();
  return result;
}

}  // namespace sp::import::haproxy
