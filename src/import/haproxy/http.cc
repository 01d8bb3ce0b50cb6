// The rules of a frontend of mode http, played through.
//
// HAProxy asks its rules one after the other; here a host, and then a path, is looked up. So the rules are played
// through once for each class of requests that they tell apart: for each name and each path that a rule asks for, and
// for what none asks for. What comes out is the route of that class.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/grammar.h"
#include "import/apache/patterns.h"
#include "import/haproxy/http.h"

namespace sp::import::haproxy {
namespace {

const char* const looks_only = "routes look at host and path only, not at: ";
const Pattern every_path{Form::prefix, "/"};

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

// A later edit of a field takes the place of an earlier one.
void put(std::vector<std::pair<std::string, std::string>>& fields, const std::pair<std::string, std::string>& field) {
  std::erase_if(fields, [&](const auto& each) { return same_name(each.first, field.first); });
  fields.push_back(field);
}

void merge(DraftEdits& to, const DraftEdits& more) {
  for (const auto& each : more.set) {
    put(to.set, each);
    std::erase_if(to.remove, [&](const std::string& name) { return same_name(name, each.first); });
  }
  for (const auto& each : more.add) to.add.push_back(each);
  for (const std::string& each : more.remove) {
    std::erase_if(to.set, [&](const auto& set) { return same_name(set.first, each); });
    if (std::ranges::find(to.remove, each) == to.remove.end()) to.remove.push_back(each);
  }
}

bool same_outcome(const Outcome& a, const Outcome& b) {
  const bool same_map = a.path.has_value() == b.path.has_value() &&
                        (!a.path || (a.path->from == b.path->from && a.path->to == b.path->to));
  return same_map && a.rule == b.rule && a.to_https == b.to_https;
}

// Whether certainly no path is in both.
bool apart(const Pattern& a, const Pattern& b) {
  const bool expressions = a.form == Form::regex || b.form == Form::regex;
  if (!expressions) return covers_path(a, b) == Truth::no && covers_path(b, a) == Truth::no;
  const auto begin = [](const Pattern& each) {
    return each.form == Form::regex ? apache::literal_prefix(each.text) : each.text;
  };
  const std::string first = begin(a), second = begin(b);
  return !first.starts_with(second) && !second.starts_with(first);
}

class Http {
 public:
  Http(const Proxy& frontend, const std::vector<Bind>& binds, Building& state)
      : frontend_(frontend), state_(state), port_(binds.front().port) {
    Where base;
    base.tls = binds.front().ssl;
    base.port = port_;
    base_ = base;
    find_regions();
    // Its timeouts are those of the entry; the others' stand in their routes.
    const Proxy* rest = state_.configuration.backend(frontend_.default_backend);
    if (rest != nullptr && rest->mode == Mode::http && !rest->servers.empty()) main_ = rest;
  }

  std::vector<BuiltSite> sites() {
    std::vector<BuiltSite> result;
    constexpr size_t most = 100'000;  // far above what real servers have
    if ((hosts_.size() + 1) * paths_.size() > most) {
      state_.report.lost(frontend_.at, "too many names and paths to play all rules through");
      return result;
    }
    for (const Pattern& host : hosts_) result.push_back(site(host));
    result.push_back(site(std::nullopt));
    drop_needless(result);
    std::erase_if(result, [](const BuiltSite& each) { return each.routes.empty(); });
    return result;
  }

  const Proxy* main_backend() const { return main_; }

 private:
  // A name that is treated like all others needs no site.
  static void drop_needless(std::vector<BuiltSite>& sites) {
    const BuiltSite others = sites.back();
    if (others.routes.empty()) return;
    std::vector<BuiltSite> needed;
    for (const BuiltSite& each : sites) {
      const bool needless = each.host && same_routes(each, others) && !covered_otherwise(each, sites);
      if (!needless) needed.push_back(each);
    }
    sites = std::move(needed);
  }
  // Whether a domain above it has a site of its own, which would take it.
  static bool covered_otherwise(const BuiltSite& site, const std::vector<BuiltSite>& all) {
    return std::ranges::any_of(all, [&](const BuiltSite& other) {
      return other.host && !(*other.host == *site.host) && covers_name(*other.host, *site.host) == Truth::yes;
    });
  }

  // ---- classes

  // What keeps out comes first, so that no other expression opens what it closes.
  void find_regions() {
    const auto add = [&](auto fits) {
      for (const Proxy* each : reachable(frontend_, state_)) {
        for (const std::vector<Rule>* rules : {&each->rules, &each->backends}) {
          for (const Rule& rule : *rules) {
            if (fits(rule)) add_regions(rule);
          }
        }
      }
    };
    add([](const Rule& rule) { return is_access(rule) && !asks_address(rule); });
    add([](const Rule& rule) { return is_access(rule) && asks_address(rule); });
    add([](const Rule& rule) { return !is_access(rule); });
    if (std::ranges::find(paths_, every_path) == paths_.end()) paths_.push_back(every_path);
    order();
  }

  static bool is_access(const Rule& rule) { return rule.does == Does::deny || rule.does == Does::auth; }
  static bool asks_address(const Rule& rule) {
    return std::ranges::any_of(rule.condition.any, [](const All& all) {
      return std::ranges::any_of(all, [](const Literal& each) { return each.test.fact == Fact::source; });
    });
  }
  static bool is_edit(const Rule& rule) {
    return rule.does == Does::edit || rule.does == Does::edit_response || rule.does == Does::set_host;
  }

  void add_regions(const Rule& rule) {
    add_patterns(rule.condition, Fact::host, hosts_);
    add_patterns(rule.condition, Fact::sni, hosts_);
    std::vector<Pattern> paths;
    add_patterns(rule.condition, Fact::path, paths);
    // A class for an expression that only sets a field would take requests from where they belong.
    if (is_edit(rule)) std::erase_if(paths, [](const Pattern& each) { return each.form == Form::regex; });
    if (rule.does == Does::map_path) paths.push_back({Form::prefix, rule.path.from});
    for (const Pattern& path : paths) {
      if (std::ranges::find(paths_, path) == paths_.end()) paths_.push_back(path);
    }
  }

  // Whether a rule that asks for this expression says anything of these requests at all.
  bool matters(const Where& where) const {
    for (const Proxy* each : reachable(frontend_, state_)) {
      for (const std::vector<Rule>* rules : {&each->rules, &each->backends}) {
        if (std::ranges::any_of(*rules, [&](const Rule& rule) { return !is_edit(rule) && is_decided_by(rule, where); }))
          return true;
      }
    }
    return false;
  }
  static bool is_decided_by(const Rule& rule, const Where& where) {
    std::vector<Pattern> paths;
    add_patterns(rule.condition, Fact::path, paths);
    if (std::ranges::find(paths, *where.path) == paths.end()) return false;
    Where elsewhere = where;
    elsewhere.path = std::nullopt;
    const auto here = left_of(rule.condition, where);
    const auto there = left_of(rule.condition, elsewhere);
    return here.empty() != there.empty() || here.size() != there.size() || holds(here) != holds(there);
  }

  // An expression of the rule may match some of these requests, and they will not meet its own class first.
  void remark_overlap(const Rule& rule, Where where) {
    where.overlapping = true;
    if (left_of(rule.condition, where).empty()) return;
    std::vector<Pattern> paths;
    add_patterns(rule.condition, Fact::path, paths);
    const auto here = std::ranges::find(paths_, *where.path);
    for (const Pattern& each : paths) {
      if (covers_path(each, *where.path) != Truth::open) continue;
      const auto place = std::ranges::find(paths_, each);
      if (place != paths_.end() && place < here) continue;
      state_.report.lost(rule.at,
                         fmt::format("what both it and {} match is treated as if it did not match", where.path->text));
    }
  }

  // What is within another comes before it; the others as the rules have them.
  void order() {
    std::vector<Pattern> ordered;
    for (const Pattern& path : paths_) {
      const auto wider =
          std::ranges::find_if(ordered, [&](const Pattern& other) { return covers_path(other, path) == Truth::yes; });
      ordered.insert(wider, path);
    }
    paths_ = std::move(ordered);
  }

  BuiltSite site(const std::optional<Pattern>& host) {
    BuiltSite result{.host = host, .routes = {}};
    for (const Pattern& path : paths_) {
      Where where = base_;
      where.host = where.sni = host;
      where.path = path;
      if (path.form == Form::regex && !matters(where)) continue;
      Outcome outcome = play(where);
      if (outcome.answered) result.routes.emplace_back(path, std::move(outcome));
    }
    drop_needless(result);
    return result;
  }

  // A path that is treated like the one that it would fall to.
  void drop_needless(BuiltSite& site) const {
    for (size_t i = site.routes.size(); i-- > 0;) {
      const auto& [path, outcome] = site.routes[i];
      bool needless = false;
      for (size_t j = i + 1; j < site.routes.size(); ++j) {
        const auto& [other, there] = site.routes[j];
        if (apart(other, path)) continue;
        if (!same_outcome(there, outcome)) break;
        if (covers_path(other, path) != Truth::yes) continue;
        needless = true;
        break;
      }
      if (needless) site.routes.erase(site.routes.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  // ---- one request

  Outcome play(const Where& where) {
    Outcome outcome;
    Access access;
    if (run(frontend_, where, outcome, access)) return outcome;
    const Proxy* backend = choose(where);
    if (backend != nullptr && backend != &frontend_ && run(*backend, where, outcome, access)) return outcome;
    outcome.rule.allow = access.allow();
    outcome.rule.deny = access.closed() ? std::vector<std::string>{"*"} : access.deny();
    if (backend != nullptr) send(*backend, outcome);
    return outcome;
  }

  // True where the rules of this section answer by themselves.
  bool run(const Proxy& proxy, const Where& where, Outcome& outcome, Access& access) {
    if (!proxy.client_address_field.empty() && !config::editable_field(proxy.client_address_field))
      put(outcome.rule.request_headers.set, {proxy.client_address_field, "${client.address}"});
    Access own;  // `allow` ends the rules of its section alone
    for (const Rule& rule : proxy.connection_rules) apply_access(rule, where, own);
    bool allowed = false;
    for (const Rule& rule : proxy.rules) {
      const auto left = left_of(rule.condition, where);
      if (left.empty()) remark_overlap(rule, where);
      if (left.empty() || (allowed && rule.does != Does::edit_response)) continue;
      state_.used.insert(&rule);
      if (one(rule, left, where, outcome, own)) {
        // Who was kept out before gets no answer either.
        outcome.rule.allow = own.allow();
        outcome.rule.deny = own.closed() ? std::vector<std::string>{"*"} : own.deny();
        return true;
      }
      allowed = allowed || (own.decided() && rule.does == Does::allow);
    }
    if (access.allow().empty() && access.deny().empty() && !access.closed())
      access = own;
    else if (!own.allow().empty() || !own.deny().empty() || own.closed())
      join(proxy, own, access);
    return false;
  }

  void join(const Proxy& proxy, const Access& own, Access& access) {
    if (own.closed())
      access = own;
    else
      state_.report.lost(proxy.at, "who may come is decided by the frontend already: join the two lists");
  }

  void apply_access(const Rule& rule, const Where& where, Access& access) {
    const auto left = left_of(rule.condition, where);
    if (left.empty()) return;
    state_.used.insert(&rule);
    std::string why;
    if (!access.add(rule, left, why)) state_.report.lost(rule.at, why);
  }

  // True where it answers the request.
  bool one(const Rule& rule, const std::vector<All>& left, const Where& where, Outcome& outcome, Access& access) {
    const bool certain = holds(left);
    if (certain) remark_widened(rule);
    if (rule.does == Does::allow || rule.does == Does::auth || (rule.does == Does::deny && !certain)) {
      std::string why;
      // That passwords are not asked for was said where the rule was read.
      if (!access.add(rule, left, why) && rule.does != Does::auth) state_.report.lost(rule.at, why);
      return false;
    }
    if (!certain) {
      state_.report.lost(rule.at, looks_only + rule.condition.text);
      return false;
    }
    return does(rule, where, outcome);
  }

  bool does(const Rule& rule, const Where& where, Outcome& outcome) {
    switch (rule.does) {
      case Does::deny:
      case Does::respond: outcome.rule = {.respond = rule.status}; break;
      case Does::redirect:
        outcome.rule = {.redirect = DraftRedirect{rule.target, rule.status}};
        outcome.to_https = rule.to_https;
        break;
      case Does::edit: edit(rule, where, outcome); return false;
      case Does::edit_response: merge(outcome.rule.response_headers, rule.edits); return false;
      case Does::set_host: outcome.rule.host = rule.target; return false;
      case Does::map_path:
        if (where.path && covers_path({Form::prefix, rule.path.from}, *where.path) == Truth::yes)
          outcome.path = rule.path;
        return false;
      default: return false;
    }
    outcome.answered = true;
    return true;
  }

  // The scheme is told to servers by itself.
  void edit(const Rule& rule, const Where& where, Outcome& outcome) {
    DraftEdits edits = rule.edits;
    const auto own = [&](const std::pair<std::string, std::string>& field) {
      if (!same_name(field.first, "X-Forwarded-Proto")) return false;
      return field.second == (where.tls ? "https" : "http") || field.second.starts_with("${");
    };
    const size_t erased = std::erase_if(edits.set, own) + std::erase_if(edits.add, own);
    if (erased > 0) state_.report.not_needed(rule.at, "X-Forwarded-Proto is sent by itself");
    merge(outcome.rule.request_headers, edits);
  }

  void remark_widened(const Rule& rule) {
    for (const All& all : rule.condition.any) {
      for (const Literal& each : all) {
        if (each.test.widened)
          state_.report.changed(
              rule.at, "only whole labels of a name are compared: not fooexample.com where it ends in example.com");
        if (each.test.fact == Fact::sni)
          state_.report.changed(rule.at, "the Host of the request decides, not the name that TLS was begun with");
      }
    }
  }

  const Proxy* choose(const Where& where) {
    for (const Rule& rule : frontend_.backends) {
      const auto left = left_of(rule.condition, where);
      if (left.empty()) remark_overlap(rule, where);
      if (left.empty()) continue;
      state_.used.insert(&rule);
      if (!holds(left)) {
        state_.report.lost(rule.at, looks_only + rule.condition.text);
        continue;
      }
      remark_widened(rule);
      if (const Proxy* backend = find_backend(rule.backend, rule.at, Mode::http, state_)) return backend;
    }
    if (!frontend_.default_backend.empty())
      return find_backend(frontend_.default_backend, frontend_.default_backend_at, Mode::http, state_);
    return frontend_.has_backend() && !frontend_.servers.empty() ? &frontend_ : nullptr;
  }

  void send(const Proxy& backend, Outcome& outcome) {
    if (main_ == nullptr) main_ = &backend;
    const auto target = target_of(backend, Mode::http, Shape::any, port_, state_);
    outcome.answered = true;
    if (!target) {
      state_.report.lost(backend.at, "it has no server that could be translated: 503 instead");
      outcome.rule = {.respond = 503};
      return;
    }
    outcome.rule.to = target->to;
    outcome.rule.send_proxy = target->send_proxy;
    outcome.rule.upstream_tls = target->tls;
    if (target->is_url) outcome.server_url = target->to;
    set_timeouts(backend, outcome);
  }

  void set_timeouts(const Proxy& backend, Outcome& outcome) {
    const DraftTimeouts entry = timeouts_of(frontend_, *main_, Mode::http, state_.report);
    const DraftTimeouts own = timeouts_of(frontend_, backend, Mode::http, state_.report);
    DraftTimeouts& timeouts = outcome.rule.timeouts;
    if (own.connect != entry.connect) timeouts.connect = own.connect;
    if (own.response_head != entry.response_head) timeouts.response_head = own.response_head;
    if (own.body_idle != entry.body_idle) timeouts.body_idle = own.body_idle;
    if (own.tunnel_idle != entry.tunnel_idle) timeouts.tunnel_idle = own.tunnel_idle;
  }

  const Proxy& frontend_;
  Building& state_;
  int port_ = 0;
  Where base_;
  std::vector<Pattern> hosts_, paths_;
  const Proxy* main_ = nullptr;
};

}  // namespace

bool same_routes(const BuiltSite& a, const BuiltSite& b) {
  return std::ranges::equal(a.routes, b.routes, [](const auto& x, const auto& y) {
    return x.first == y.first && same_outcome(x.second, y.second);
  });
}

Played play_rules(const Proxy& frontend, const std::vector<Bind>& binds, Building& state) {
  Http http(frontend, binds, state);
  Played result{.sites = http.sites()};
  result.main_backend = http.main_backend();
  return result;
}

}  // namespace sp::import::haproxy
