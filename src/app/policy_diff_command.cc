#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <tuple>

#include "app/policy_command.h"
#include "app/rule_text.h"
#include "base/units.h"
#include "policy/replay.h"

namespace sp::app {
namespace {

using nlohmann::ordered_json;
using policy::Observed;
using policy::Replayed;

// What becomes of a destination that was seen.
enum class Change : std::uint8_t { refused, passes, depends };

struct Changed {
  policy::SeenCount seen;
  std::set<std::string> users;
  std::string why;
};
using Changes = std::map<std::tuple<Change, std::string, std::uint16_t>, Changed>;

struct Judged {
  std::string name;  // of the entry
  std::uint64_t requests = 0;
  Changes changes;

  bool refuses_what_passed() const {
    return std::ranges::any_of(changes, [](const auto& each) { return std::get<0>(each.first) == Change::refused; });
  }
};

std::optional<Change> change_of(const Observed& seen, Replayed::Answer answer) {
  if (answer == Replayed::Answer::depends) return Change::depends;
  const bool passes = answer == Replayed::Answer::passes;
  if (passes == seen.passed()) return std::nullopt;
  return passes ? Change::passes : Change::refused;
}

Judged judge(const RecordedEntry& entry, const policy::OutboundRules& rules) {
  Judged judged{.name = entry.config->name, .changes = {}};
  for (const Observed& seen : entry.seen) {
    judged.requests += seen.count;
    const Replayed replayed = replay(rules, seen);
    const auto change = change_of(seen, replayed.answer);
    if (!change) continue;
    Changed& changed = judged.changes[{*change, seen.host, seen.port}];
    changed.seen.add({.count = seen.count, .days = {seen.day}, .last = seen.last});
    changed.users.insert(seen.user);
    changed.why = reason(rules, seen, replayed);
  }
  return judged;
}

// Entries are known by their names; where there is one each, they are the same.
const config::OutboundConfig* other_of(const config::OutboundConfig& entry, const Recorded& recorded,
                                       const config::Loaded& with) {
  const auto& others = with.config.outbound;
  const auto found = std::ranges::find(others, entry.name, &config::OutboundConfig::name);
  if (found != others.end()) return &*found;
  return others.size() == 1 && recorded.loaded.config.outbound.size() == 1 ? &others.front() : nullptr;
}

std::optional<Exit> judge_all(const Recorded& recorded, const config::Loaded& with, const std::string& path,
                              std::vector<Judged>& all, const CommandWorld& world) {
  for (const RecordedEntry& entry : recorded.entries) {
    const config::OutboundConfig* other = other_of(*entry.config, recorded, with);
    if (other == nullptr) {
      world.err << fmt::format("{} has no entry of `outbound` with the name `{}`.\n", path, entry.config->name);
      return Exit::failed;
    }
    const auto rules = enforced_rules(with, *other, world);
    if (!rules) return Exit::configuration;
    all.push_back(judge(entry, *rules));
  }
  return std::nullopt;
}

std::string_view heading(Change change) {
  switch (change) {
    case Change::refused: return "Would be refused, and has passed:";
    case Change::passes: return "Would pass, and was refused:";
    case Change::depends: return "Depends on the address, the method or the path, which are not recorded:";
  }
  return "";
}

std::string users_text(const std::set<std::string>& users) {
  std::vector<std::string> texts;
  for (const std::string& user : users) {
    if (!user.empty()) texts.push_back(user_text(user));
  }
  return texts.empty() ? std::string() : fmt::format(" for {}", fmt::join(texts, ", "));
}

void print_text(const Judged& judged, const Recorded& recorded, const std::string& with, const CommandWorld& world) {
  world.out << fmt::format("{}: {} since {}, by the rules of {}\n", judged.name, counted(judged.requests, "request"),
                           recorded.since, with);
  std::optional<Change> last;
  for (const auto& [key, changed] : judged.changes) {
    const auto& [change, host, port] = key;
    if (change != last) world.out << heading(change) << "\n";
    last = change;
    world.out << fmt::format("  {}{}: {}, last {}\n", destination_text(host, port), users_text(changed.users),
                             how_often(changed.seen), minute_text(changed.seen.last));
    if (change != Change::depends) world.out << "    " << changed.why << "\n";
  }
  if (judged.changes.empty()) world.out << "Nothing would change.\n";
}

ordered_json changes_json(const Judged& judged, Change which) {
  ordered_json list = ordered_json::array();
  for (const auto& [key, changed] : judged.changes) {
    const auto& [change, host, port] = key;
    if (change != which) continue;
    list.push_back({{"host", host},
                    {"port", port},
                    {"users", changed.users},
                    {"count", changed.seen.count},
                    {"days", changed.seen.days.size()},
                    {"last", minute_text(changed.seen.last)},
                    {"reason", changed.why}});
  }
  return list;
}

void print_json(const std::vector<Judged>& all, const Recorded& recorded, const CommandWorld& world) {
  ordered_json json = {{"since", recorded.since}, {"entries", ordered_json::array()}};
  for (const Judged& judged : all) {
    json["entries"].push_back({{"name", judged.name},
                               {"requests", judged.requests},
                               {"would_be_refused", changes_json(judged, Change::refused)},
                               {"would_pass", changes_json(judged, Change::passes)},
                               {"depends", changes_json(judged, Change::depends)}});
  }
  world.out << json.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

}  // namespace

Exit policy_diff_command(const PolicyDiffArguments& arguments, const CommandWorld& world) {
  const auto recorded = load_recorded(arguments.recorded, world);
  if (!recorded) return recorded.error();
  const config::Loaded with = config::load_file(arguments.with, world.files);
  if (!with.ok()) {
    world.err << config::print(with.findings, with.sources, world.err_color);
    return Exit::configuration;
  }
  std::vector<Judged> all;
  if (const auto failed = judge_all(**recorded, with, arguments.with, all, world)) return *failed;
  if (arguments.format == Format::json) {
    print_json(all, **recorded, world);
  } else {
    for (const Judged& judged : all) print_text(judged, **recorded, arguments.with, world);
  }
  return std::ranges::any_of(all, &Judged::refuses_what_passed) ? Exit::failed : Exit::ok;
}

}  // namespace sp::app
