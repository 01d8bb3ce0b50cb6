#include "import/squid/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>

namespace sp::import::squid {
namespace {

using About = Meaning::About;

// Requests that something holds for: all of its parts at once.
struct Box {
  std::vector<Destination> to{Destination{}};
  Ports ports = all_ports();
  std::optional<std::vector<config::Network>> from;
  std::optional<std::vector<std::string>> who;
  std::vector<std::string> methods;  // empty: all
  std::string hours;
  bool needs_user = false;
  bool empty = false;  // nothing is in it

  bool is_everything() const {
    return to == std::vector{Destination{}} && ports == all_ports() && !from && !who && methods.empty() &&
           hours.empty() && !needs_user;
  }
};

template <class Item, class Like>
bool has(const std::vector<Item>& list, const Like& item) {
  return std::ranges::find(list, item) != list.end();
}

std::vector<std::string> of_both(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string> both;
  std::ranges::copy_if(a, std::back_inserter(both), [&](const auto& each) { return has(b, each); });
  return both;
}

bool cut_users(Box& box, const std::vector<std::string>& who) {
  box.needs_user = true;
  if (who.empty()) return true;
  box.who = box.who ? of_both(*box.who, who) : who;
  box.empty = box.empty || box.who->empty();
  return true;
}

bool cut_destinations(Box& box, const std::vector<Destination>& to, Mixed mixed) {
  auto both = common(box.to, to, mixed);
  if (!both) return false;
  box.to = *std::move(both);
  box.empty = box.empty || box.to.empty();
  return true;
}

// What of the box is in the meaning too; false where no rule can say it.
bool cut(Box& box, const Meaning& meaning, Mixed mixed = Mixed::no_answer) {
  switch (meaning.about) {
    case About::everything:
    case About::step: return true;
    case About::nothing: return box.empty = true;
    case About::to: return cut_destinations(box, meaning.to, mixed);
    case About::who: return cut_users(box, meaning.who);
    case About::ports:
      box.ports = common(box.ports, meaning.ports);
      box.empty = box.empty || box.ports.empty();
      return true;
    case About::from:
      box.from = box.from ? common(*box.from, meaning.from) : meaning.from;
      box.empty = box.empty || box.from->empty();
      return true;
    case About::methods:
      box.methods = box.methods.empty() ? meaning.methods : of_both(box.methods, meaning.methods);
      box.empty = box.empty || box.methods.empty();
      return true;
    case About::hours:
      if (!box.hours.empty() && box.hours != meaning.hours) return false;
      box.hours = meaning.hours;
      return true;
    case About::connections:
    case About::unknown: break;
  }
  return false;
}

std::vector<std::string> texts_of(const std::vector<Destination>& to) {
  std::vector<std::string> texts;
  for (const Destination& each : to) {
    if (std::string text = each.text(); !has(texts, text)) texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<std::string> texts_of(const std::vector<config::Network>& networks) {
  std::vector<std::string> texts;
  texts.reserve(networks.size());
  for (const config::Network& each : networks) texts.push_back(each.is_everything() ? "*" : each.text());
  return texts;
}

DraftOutboundRule rule_of(const Box& box, bool allow) {
  DraftOutboundRule rule;
  rule.allow = allow;
  rule.to = texts_of(box.to);
  rule.who = box.who.value_or(std::vector<std::string>{});
  if (box.from) rule.from = texts_of(*box.from);
  // Without any, `allow` is for 80 and 443, and `deny` for all.
  if (allow || box.ports != all_ports()) rule.ports = squid::texts_of(box.ports);
  rule.methods = box.methods;
  rule.schedule = box.hours;
  return rule;
}

class Translator {
 public:
  Translator(const Configuration& configuration, const Listener& listener, Meanings& meanings, Report& report)
      : configuration_(configuration), listener_(listener), meanings_(meanings), report_(report) {}

  Access run() {
    for (const Rule& rule : configuration_.access) {
      if (closed_by_ != nullptr) {
        report_.not_needed(rule.at, fmt::format("nothing comes to it: line {} is for everything", closed_by_->line));
        continue;
      }
      translate(rule);
    }
    if (closed_by_ == nullptr) finish();
    remark_users();
    choose_clients();
    return std::move(access_);
  }

 private:
  struct Parts {
    Box box;                       // of the literals that hold by themselves
    std::vector<Meaning> without;  // those that are negated
    bool unclear = false;          // the rule has more than that
  };

  static Meaning complement(const Meaning& meaning) {
    Meaning result = meaning;
    result.ports = all_but(meaning.ports);
    return result;
  }

  Parts parts_of(const Rule& rule) {
    const bool allow = rule.action == "allow";
    Parts parts;
    for (const Literal& literal : rule.all) {
      const Meaning meaning = meanings_.of(literal.name, listener_, rule.at);
      // Of a list of which a part is missing, a refusal by it holds too little; so does an exception from what is
      // allowed.
      const bool must_be_whole = allow == literal.negated;
      if (meaning.about == About::unknown || (meaning.partial && must_be_whole)) {
        parts.unclear = true;
      } else if (!literal.negated) {
        take(parts, meaning);
      } else if (meaning.about == About::everything) {
        parts.box.empty = true;
      } else if (meaning.about == About::ports && rule.all.size() > 1) {
        take(parts, complement(meaning));
      } else if (meaning.about != About::nothing) {
        parts.without.push_back(meaning);
      }
    }
    return parts;
  }

  void take(Parts& parts, const Meaning& meaning) {
    if (meaning.about == About::connections) {
      most_connections_ = meaning.most;
      parts.unclear = parts.unclear || last_allows_;
      return;
    }
    if (meaning.about == About::who) access_.asks_users = true;
    if (!cut(parts.box, meaning)) parts.unclear = true;
  }

  void translate(const Rule& rule) {
    most_connections_ = 0;
    last_allows_ = rule.action == "allow";
    const Parts parts = parts_of(rule);
    for (const Meaning& each : parts.without) access_.asks_users = access_.asks_users || each.about == About::who;
    if (rule.action != "allow" && rule.action != "deny")
      return report_.lost(rule.at, "neither allow nor deny: left out");
    if (most_connections_ != 0 && !last_allows_) {
      access_.connections_per_address = std::to_string(most_connections_);
      return report_.changed(rule.at, "so many connections of one address are the limit of all clients");
    }
    if (parts.box.empty) return report_.not_needed(rule.at, "nothing that comes here is meant by it");
    if (last_allows_) {
      allow(rule, parts);
    } else {
      deny(rule, parts);
    }
  }

  void allow(const Rule& rule, const Parts& parts) {
    if (parts.unclear) {
      return report_.lost(rule.at,
                          "what it allows cannot be said in full, and is refused, unless another rule allows it");
    }
    for (const Meaning& each : parts.without) {
      Box except = parts.box;
      if (!cut(except, each)) {
        return report_.lost(rule.at, "what it excepts cannot be said, so that what it allows is refused");
      }
      if (except.empty) continue;
      emit(rule, except, false);
      report_.changed(rule.at, "what it excepts is refused; in Squid a later rule could allow it");
    }
    Box box = parts.box;
    for (const Meaning& each : required_) {
      // Of what is allowed, a part may be missing.
      const Box before = box;
      if (!cut(box, each, Mixed::left_out))
        return report_.lost(rule.at, "together with an earlier refusal it cannot be said: refused");
      if (each.about == About::to && !squid::common(before.to, each.to, Mixed::no_answer))
        report_.changed(rule.at, "names that lead into a network of an earlier refusal are not allowed for that");
    }
    if (box.empty) return report_.changed(rule.at, "left out: an earlier rule refuses all of it");
    emit_allowed(rule, box);
    if (box.is_everything()) closed_by_ = &rule.at;
  }

  void deny(const Rule& rule, const Parts& parts) {
    if (parts.unclear) {
      const bool all = parts.box.is_everything();
      report_.lost(rule.at, fmt::format("its conditions cannot be said in full: {} from here on, until you decide",
                                        all ? "EVERYTHING is refused" : "more than what Squid refused is refused"));
    } else if (!parts.without.empty()) {
      return require(rule, parts);
    }
    const bool all = parts.box.is_everything();
    if (all) closed_by_ = &rule.at;
    // What no rule allows is refused anyhow; where a person has to decide, it stands there.
    if (all && !parts.unclear) return report_.not_needed(rule.at, "what no rule allows is refused anyhow");
    emit(rule, parts.box, false);
    remark_denial(rule, parts.box);
  }

  // "deny !friends": whatever is allowed behind it has to be one of them.
  void require(const Rule& rule, const Parts& parts) {
    if (!parts.box.is_everything())
      report_.changed(rule.at, "all that later rules allow has to be among what is excepted here, not only this part");
    if (const auto either = of_either(parts.without)) {
      required_.push_back(*either);
      return;
    }
    if (parts.without.size() > 1)
      report_.changed(rule.at, "what later rules allow has to be in each of these lists; in Squid one was enough");
    for (const Meaning& each : parts.without) {
      if (each.about == About::who && each.who.empty())
        report_.changed(rule.at, "everybody has to say a user and a password: `users`");
    }
    required_.insert(required_.end(), parts.without.begin(), parts.without.end());
  }

  // "deny !here !there": lists of one kind are one list.
  static std::optional<Meaning> of_either(const std::vector<Meaning>& lists) {
    const About about = lists.front().about;
    const bool alike = (about == About::to || about == About::from) &&
                       std::ranges::all_of(lists, [&](const Meaning& each) { return each.about == about; });
    if (!alike) return std::nullopt;
    Meaning all{.about = about};
    for (const Meaning& each : lists) {
      all.to.insert(all.to.end(), each.to.begin(), each.to.end());
      all.from.insert(all.from.end(), each.from.begin(), each.from.end());
    }
    return all;
  }

  void remark_denial(const Rule& rule, const Box& box) {
    const auto exact = [](const Destination& each) { return each.kind == Destination::Kind::exact; };
    if (std::ranges::any_of(box.to, exact))
      report_.changed(rule.at, "names below these are refused as well; Squid meant each name alone");
    if (!box.methods.empty() && !has(box.methods, "CONNECT"))
      report_.changed(rule.at, "tunnels are refused as well, since nobody sees the methods in them");
  }

  // A host alone: what is below it is refused before it is allowed. Names that stand deeper come first.
  void emit_allowed(const Rule& rule, const Box& box) {
    std::map<std::ptrdiff_t, std::vector<Destination>, std::greater<>> layers;
    for (const Destination& each : box.to) layers[depth(each, box.to)].push_back(each);
    for (const auto& [depth, names] : layers) {
      Box here = box;
      here.to = names;
      emit_layer(rule, here, box.to);
    }
  }

  // Below how many of the hosts alone it stands.
  static std::ptrdiff_t depth(const Destination& each, const std::vector<Destination>& all) {
    return std::ranges::count_if(all, [&](const Destination& other) {
      const Destination below{.kind = Destination::Kind::below, .name = other.name, .network = {}};
      return other.kind == Destination::Kind::exact && squid::holds(below, each);
    });
  }

  void emit_layer(const Rule& rule, const Box& box, const std::vector<Destination>& all) {
    Box below = box;
    below.to.clear();
    for (const Destination& each : box.to) {
      Destination under{.kind = Destination::Kind::below, .name = each.name, .network = {}};
      const auto allows = [&](const Destination& other) { return squid::holds(other, under); };
      if (each.kind == Destination::Kind::exact && std::ranges::none_of(all, allows)) below.to.push_back(under);
    }
    if (!below.to.empty()) {
      emit(rule, below, false);
      report_.changed(
          rule.at, "Squid allows these names alone: what is below them is refused, also where a later rule allows it");
    }
    emit(rule, box, true);
    if (!box.needs_user) without_user_.push_back(&rule.at);
    allowed_.push_back(box);
  }

  void emit(const Rule& rule, const Box& box, bool allow) {
    DraftOutboundRule made = rule_of(box, allow);
    if (last_ != &rule) made.comments = {rule.at.text};
    last_ = &rule;
    access_.rules.push_back(std::move(made));
  }

  // Squid does with what no rule is for the opposite of its last rule.
  void finish() {
    if (configuration_.access.empty() || last_allows_) return;
    const Rule& last = configuration_.access.back();
    Box rest;
    for (const Meaning& each : required_) {
      if (!cut(rest, each))
        return report_.lost(last.at, "Squid allows what no rule is for; what that is cannot be said, and is refused");
    }
    if (rest.empty) return;
    const Rule made{.action = "allow", .all = {}, .at = last.at};
    emit_allowed(made, rest);
    access_.rules.back().comments = {"Squid allows what no rule is for, since its last rule denies."};
    report_.lost(last.at,
                 "since the last rule denies, Squid allows all that no rule is for, and so does this: is that meant? "
                 "Else remove the last rule of the result");
  }

  void remark_users() {
    if (!access_.asks_users || !configuration_.authenticates) return;
    for (const Origin* at : without_user_)
      report_.changed(*at, "everybody has to say a user and a password here, these clients too");
  }

  // Where each rule that allows has the clients that it is for, nobody else need connect.
  void choose_clients() {
    std::vector<std::string> clients;
    for (const Box& box : allowed_) {
      if (!box.from) {
        clients.clear();
        break;
      }
      for (const std::string& text : texts_of(*box.from)) {
        if (!has(clients, text)) clients.push_back(text);
      }
    }
    access_.clients = clients;
    if (clients.empty()) return;
    for (DraftOutboundRule& rule : access_.rules) {
      if (std::ranges::is_permutation(rule.from, clients)) rule.from.clear();
    }
  }

  const Configuration& configuration_;
  const Listener& listener_;
  Meanings& meanings_;
  Report& report_;
  Access access_;
  std::vector<Meaning> required_;
  std::vector<Box> allowed_;
  std::vector<const Origin*> without_user_;
  const Rule* last_ = nullptr;
  const Origin* closed_by_ = nullptr;
  int most_connections_ = 0;
  bool last_allows_ = false;
};

}  // namespace

Access translate_access(const Configuration& configuration, const Listener& listener, Meanings& meanings,
                        Report& report) {
  return Translator(configuration, listener, meanings, report).run();
}

}  // namespace sp::import::squid
