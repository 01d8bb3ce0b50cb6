// Frontends of mode tcp: entries that pass octets on.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "import/haproxy/build.h"

namespace sp::import::haproxy {
namespace {

const char* const looks_only = "a server is chosen by name (SNI), protocol (ALPN) and port, not by: ";

class Relay {
 public:
  Relay(const Proxy& frontend, const std::vector<Bind>& binds, Building& state)
      : frontend_(frontend), binds_(binds), state_(state) {}

  std::optional<DraftEntry> make(std::string_view suffix) {
    find_regions();
    decide_shape();
    DraftEntry entry = begin_entry(frontend_, binds_, suffix, Mode::tcp, state_);
    if (entry.listen.empty()) return std::nullopt;
    if (names_.empty() && protocols_.empty() && ports_.size() > 1)
      by_port(entry);
    else
      by_name(entry, start_);
    if (entry.to.empty() && entry.sni.empty() && entry.alpn.empty() && entry.ports.empty()) {
      state_.report.lost(frontend_.at, "no server is left to which connections could go: the section is left out");
      return std::nullopt;
    }
    finish(entry);
    return entry;
  }

 private:
  struct Result {
    const Proxy* backend = nullptr;  // null: the connection is closed
    Access access;
  };

  void find_regions() {
    std::vector<Pattern> protocols;
    for (const std::vector<Rule>* rules : {&frontend_.connection_rules, &frontend_.backends}) {
      for (const Rule& rule : *rules) {
        add_patterns(rule.condition, Fact::sni, names_);
        add_patterns(rule.condition, Fact::alpn, protocols);
      }
    }
    for (const Pattern& pattern : protocols) protocols_.push_back(pattern.text);
    start_.tls = binds_.front().ssl;
    for (const Bind& bind : binds_) {
      if (asks(frontend_, Fact::port, state_)) ports_.insert(bind.port);
      start_.port = bind.port;
    }
    if (ports_.size() > 1) start_.port = 0;
  }

  Result resolve(const Where& where) {
    Result result;
    for (const Rule& rule : frontend_.connection_rules) apply(rule, where, result.access);
    if (result.access.closed()) return result;
    for (const Rule& rule : frontend_.backends) {
      const auto left = left_of(rule.condition, where);
      if (left.empty()) continue;
      state_.used.insert(&rule);
      if (holds(left)) {
        remark_widened(rule);
        result.backend = find_backend(rule.backend, rule.at, Mode::tcp, state_);
        if (result.backend != nullptr) return result;
        continue;
      }
      state_.report.lost(rule.at, looks_only + rule.condition.text);
    }
    result.backend = rest();
    return result;
  }

  const Proxy* rest() {
    if (!frontend_.default_backend.empty())
      return find_backend(frontend_.default_backend, frontend_.default_backend_at, Mode::tcp, state_);
    return frontend_.has_backend() && !frontend_.servers.empty() ? &frontend_ : nullptr;
  }

  void apply(const Rule& rule, const Where& where, Access& access) {
    const auto left = left_of(rule.condition, where);
    if (left.empty() || access.decided()) return;
    state_.used.insert(&rule);
    std::string why;
    if (!access.add(rule, left, why)) state_.report.lost(rule.at, why);
  }

  void remark_widened(const Rule& rule) {
    for (const All& all : rule.condition.any) {
      if (std::ranges::any_of(all, [](const Literal& each) { return each.test.widened; }))
        state_.report.changed(
            rule.at, "only whole labels of a name are compared: not fooexample.com where it ends in example.com");
    }
  }

  // A URL says one way to servers for the whole entry.
  void decide_shape() {
    std::vector<const Proxy*> backends;
    for (const Rule& rule : frontend_.backends) {
      if (const Proxy* each = state_.configuration.backend(rule.backend)) backends.push_back(each);
    }
    if (const Proxy* each = state_.configuration.backend(frontend_.default_backend)) backends.push_back(each);
    std::erase_if(backends, [](const Proxy* each) { return each->servers.empty() || each->mode != Mode::tcp; });
    const auto same_way = [&](const Proxy* each) {
      const Server& a = each->servers.front();
      const Server& b = backends.front()->servers.front();
      return a.tls == b.tls && a.send_proxy == b.send_proxy && each->servers.size() == 1 &&
             each->timeouts == backends.front()->timeouts;
    };
    if (!std::ranges::all_of(backends, same_way)) shape_ = Shape::named;
  }

  std::string target(const Result& result, DraftEntry& entry) {
    if (result.backend == nullptr) return {};
    main_ = main_ == nullptr ? result.backend : main_;
    const auto target = target_of(*result.backend, Mode::tcp, shape_, 0, state_);
    if (!target) {
      state_.report.lost(result.backend->at, "it has no server that could be translated");
      return {};
    }
    if (target->is_url) {
      entry.upstream_tls = target->tls;
      entry.send_proxy = target->send_proxy;
    }
    backends_.emplace_back(target->to, result.backend);
    return target->to;
  }

  void take_access(const Access& access, DraftEntry& entry) {
    entry.allow = access.allow();
    entry.deny = access.deny();
  }

  void by_port(DraftEntry& entry) {
    const Result others = resolve(start_);
    take_access(others.access, entry);
    entry.to = target(others, entry);
    for (const int port : ports_) {
      Where where = start_;
      where.port = port;
      const std::string to = target(resolve(where), entry);
      if (!to.empty() && to != entry.to) entry.ports.emplace_back(std::to_string(port), to);
    }
    // Where each port has its own, nothing is left for the others.
    if (entry.ports.size() == ports_.size()) entry.to.clear();
  }

  void by_name(DraftEntry& entry, const Where& start) {
    const Result others = resolve(start);
    take_access(others.access, entry);
    entry.to = target(others, entry);
    std::vector<std::pair<Pattern, std::string>> made;
    for (const Pattern& name : names_) {
      Where where = start;
      where.sni = name;
      const Result result = resolve(where);
      if (!result.access.allow().empty() || !result.access.deny().empty()) remark_access(others.access, result.access);
      made.emplace_back(name, target(result, entry));
    }
    for (const auto& [name, to] : made) add_name(name, to, made, entry);
    for (const std::string& protocol : protocols_) {
      Where where = start;
      where.alpn = protocol;
      const std::string to = target(resolve(where), entry);
      if (!to.empty() && to != entry.to) entry.alpn.emplace_back(protocol, to);
    }
  }

  void remark_access(const Access& whole, const Access& name) {
    if (whole.allow() == name.allow() && whole.deny() == name.deny()) return;
    state_.report.lost(frontend_.at, "who may come is said once for the entry, not for each name");
  }

  // A name that goes where its domain goes needs no line.
  void add_name(const Pattern& name, const std::string& to, const std::vector<std::pair<Pattern, std::string>>& all,
                DraftEntry& entry) {
    std::string covering = entry.to;
    size_t longest = 0;
    for (const auto& [other, there] : all) {
      if (other == name || covers_name(other, name) != Truth::yes || other.text.size() < longest) continue;
      longest = other.text.size();
      covering = there;
    }
    if (to == covering) return;
    if (to.empty())
      return state_.report.lost(frontend_.at, fmt::format("{} was refused: here it goes to {}", name.text, covering));
    entry.sni.emplace_back((name.form == Form::below ? "*." : "") + name.text, to);
  }

  void finish(DraftEntry& entry) {
    if (main_ == nullptr) return;
    entry.timeouts = timeouts_of(frontend_, *main_, Mode::tcp, state_.report);
    for (const auto& [to, backend] : backends_) {
      const DraftTimeouts own = timeouts_of(frontend_, *backend, Mode::tcp, state_.report);
      if (own == entry.timeouts) continue;
      for (DraftUpstream& upstream : state_.upstreams) {
        if (upstream.name != to) continue;
        if (own.connect != entry.timeouts.connect) upstream.timeouts.connect = own.connect;
        if (own.tunnel_idle != entry.timeouts.tunnel_idle) upstream.timeouts.tunnel_idle = own.tunnel_idle;
        if (own.half_closed != entry.timeouts.half_closed) upstream.timeouts.half_closed = own.half_closed;
      }
    }
    const auto speaks_tls = [&](const std::string& to) { return to.starts_with("tls://"); };
    const bool any = speaks_tls(entry.to) ||
                     std::ranges::any_of(entry.sni, speaks_tls, &std::pair<std::string, std::string>::second);
    if (!any && std::ranges::none_of(entry.ports, speaks_tls, &std::pair<std::string, std::string>::second))
      entry.upstream_tls = {};
  }

  const Proxy& frontend_;
  const std::vector<Bind>& binds_;
  Building& state_;
  std::vector<Pattern> names_;
  std::vector<std::string> protocols_;
  std::set<int> ports_;  // where rules ask for the port
  Where start_;
  Shape shape_ = Shape::any;
  const Proxy* main_ = nullptr;
  std::vector<std::pair<std::string, const Proxy*>> backends_;
};

}  // namespace

std::vector<DraftEntry> relay_entries(const Proxy& frontend, const std::vector<Bind>& binds, Building& state) {
  // Where rules ask for several things of which an entry can say one, each listener is an entry of its own.
  const bool names = asks(frontend, Fact::sni, state) || asks(frontend, Fact::alpn, state);
  const bool split = asks(frontend, Fact::tls, state) || (names && asks(frontend, Fact::port, state));
  std::vector<DraftEntry> entries;
  const auto add = [&](const std::vector<Bind>& some, const std::string& suffix) {
    if (auto entry = Relay(frontend, some, state).make(suffix)) entries.push_back(*std::move(entry));
  };
  if (!split || binds.size() == 1) {
    add(binds, "");
    return entries;
  }
  for (const Bind& bind : binds) add({bind}, fmt::format("-{}", bind.port));
  return entries;
}

}  // namespace sp::import::haproxy
