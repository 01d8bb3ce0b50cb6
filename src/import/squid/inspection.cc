#include "import/squid/inspection.h"

#include <algorithm>

namespace sp::import::squid {
namespace {

using About = Meaning::About;

enum class Does : std::uint8_t { looks, opens, passes, ends, unknown };

Does does(std::string_view action) {
  if (action == "peek" || action == "stare") return Does::looks;
  if (action == "bump" || action == "client-first" || action == "server-first" || action == "allow") return Does::opens;
  if (action == "splice" || action == "none" || action == "deny") return Does::passes;
  if (action == "terminate") return Does::ends;
  return Does::unknown;
}

// The names that a rule is for; empty: everything. Its steps are passed through by each handshake.
struct Scope {
  std::vector<std::string> names;
  bool clear = true;
  bool nothing = false;
};

void add(std::vector<std::string>& list, const std::vector<std::string>& more, const std::vector<std::string>& but) {
  for (const std::string& each : more) {
    const auto in = [&](const auto& other) { return std::ranges::find(other, each) != other.end(); };
    if (!in(list) && !in(but)) list.push_back(each);
  }
}

class Translator {
 public:
  Translator(const Configuration& configuration, const Listener& listener, Meanings& meanings, Report& report)
      : configuration_(configuration), listener_(listener), meanings_(meanings), report_(report) {}

  Inspection run() {
    for (const Rule& rule : configuration_.bump) {
      if (rest_) {
        report_.not_needed(rule.at, "nothing comes to it");
      } else {
        translate(rule);
      }
    }
    if (rest_ == Does::ends)
      report_.lost(last_, "all tunnels are ended by Squid: deny them by a rule with `methods: [ CONNECT ]`");
    const bool all = rest_ == Does::opens;
    if (!all && only_.empty()) return std::move(result_);
    DraftInspect inspect{.cert = listener_.cert, .key = listener_.key, .only = {}, .except = {}, .upstream_tls = {}};
    inspect.upstream_tls = configuration_.upstream_tls;
    (all ? inspect.except : inspect.only) = all ? except_ : only_;
    if (inspect.cert.empty()) {
      inspect.cert = "/etc/sallyport/ca.pem";
      report_.lost(listener_.at, "no certificate of an authority is named: `sallyport ca create` makes one");
    }
    if (inspect.key.empty()) inspect.key = inspect.cert;
    result_.inspect = std::move(inspect);
    return std::move(result_);
  }

 private:
  Scope scope_of(const Rule& rule) {
    Scope scope;
    for (const Literal& literal : rule.all) {
      const Meaning meaning = meanings_.of(literal.name, listener_, rule.at);
      const bool always = meaning.about == About::everything || meaning.about == About::step;
      if (meaning.about == About::to && !literal.negated && scope.names.empty()) {
        for (const Destination& each : meaning.to) scope.names.push_back(each.text());
        exact_ = exact_ || std::ranges::any_of(meaning.to, [](const Destination& each) {
                   return each.kind == Destination::Kind::exact;
                 });
        scope.clear = scope.clear && !meaning.partial;
      } else if (meaning.about == About::nothing || (meaning.about == About::everything && literal.negated)) {
        scope.nothing = scope.nothing || (meaning.about == About::nothing) != literal.negated;
      } else if (!always) {
        scope.clear = false;
      }
    }
    return scope;
  }

  void translate(const Rule& rule) {
    last_ = rule.at;
    const Does what = does(rule.action);
    if (what == Does::unknown) return report_.lost(rule.at, "not known: left out");
    if (what == Does::looks) return report_.not_needed(rule.at, "the name that TLS asks for is looked at anyhow");
    exact_ = false;
    const Scope scope = scope_of(rule);
    if (scope.nothing) return report_.not_needed(rule.at, "it is not for this port");
    if (!scope.clear) {
      return report_.lost(rule.at, what == Does::opens
                                       ? "its conditions cannot be said: by this rule nothing is opened"
                                       : "its conditions cannot be said: by this rule nothing passes unopened");
    }
    if (exact_) report_.changed(rule.at, "names below these are meant as well; Squid meant each name alone");
    if (scope.names.empty()) {
      rest_ = what;
    } else if (what == Does::opens) {
      add(only_, scope.names, except_);
    } else if (what == Does::passes) {
      add(except_, scope.names, only_);
    } else {
      result_.terminated.push_back({.allow = false,
                                    .to = scope.names,
                                    .who = {},
                                    .from = {},
                                    .ports = {},
                                    .methods = {"CONNECT"},
                                    .schedule = {},
                                    .comments = {rule.at.text}});
    }
  }

  const Configuration& configuration_;
  const Listener& listener_;
  Meanings& meanings_;
  Report& report_;
  Inspection result_;
  std::vector<std::string> only_, except_;
  std::optional<Does> rest_;
  Origin last_;
  bool exact_ = false;
};

}  // namespace

Inspection translate_inspection(const Configuration& configuration, const Listener& listener, Meanings& meanings,
                                Report& report) {
  return Translator(configuration, listener, meanings, report).run();
}

}  // namespace sp::import::squid
