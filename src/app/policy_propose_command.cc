#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <tuple>

#include "app/overlay_files.h"
#include "app/policy_command.h"
#include "app/rule_place.h"
#include "app/rule_text.h"
#include "app/user_standing.h"
#include "base/units.h"

namespace sp::app {
namespace {

using nlohmann::ordered_json;
using policy::Left;
using policy::Proposal;

constexpr std::size_t most_list_octets = std::size_t{16} * 1024 * 1024;
constexpr std::size_t most_left_shown = 40;

struct Proposed {
  const RecordedEntry* entry = nullptr;
  Proposal proposal;
  bool in_diff = false;
};

// Without it nobody knows below which names everybody can have one. Null where that was said.
std::optional<policy::PublicSuffixes> load_suffixes(const CommandWorld& world) {
  const auto text = world.files.read(policy::PublicSuffixes::usual_path, most_list_octets);
  auto suffixes = text ? policy::PublicSuffixes::parse(*text) : std::nullopt;
  if (!suffixes) {
    world.err << fmt::format(
        "There is no list of public suffixes at {}, and without it nobody knows below which names everybody can have "
        "one. Debian has it in its package publicsuffix.\n",
        policy::PublicSuffixes::usual_path);
  }
  return suffixes;
}

// ---- the diff

// Edits of each file; entries whose text nobody can edit are passed over.
std::map<std::string, std::vector<TextEdit>> edits_of(std::vector<Proposed>& all, const config::Sources& sources) {
  std::map<std::string, std::vector<TextEdit>> edits;
  for (Proposed& each : all) {
    const config::OutboundConfig& entry = *each.entry->config;
    const auto source = sources.find(entry.place.file);
    if (each.proposal.rules.empty() || source == sources.end()) continue;
    auto edit = edit_for_rules(source->second, entry, each.proposal.rules);
    if (!edit) continue;
    each.in_diff = true;
    edits[entry.place.file].push_back(*std::move(edit));
  }
  for (auto& [file, list] : edits) std::ranges::sort(list, {}, &TextEdit::line);
  return edits;
}

bool has_rules(const config::OutboundConfig& entry, const Proposed& proposed) {
  const std::size_t first = place_among_rules(*proposed.entry->config);
  const auto& rules = proposed.proposal.rules;
  if (entry.rules.size() != proposed.entry->config->rules.size() + rules.size()) return false;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto same = [](const config::Text& text, const policy::ProposedDestination& destination) {
      return text.value == destination.pattern;
    };
    const config::OutboundRuleConfig& rule = entry.rules[first + i];
    if (rule.who != rules[i].who || !std::ranges::equal(rule.allow, rules[i].allow, same)) return false;
  }
  return true;
}

// The text was edited by its lines: that it is read as it is meant is not taken for granted.
bool says_what_is_meant(const Recorded& recorded, const std::vector<Proposed>& all,
                        const std::map<std::string, std::vector<TextEdit>>& edits, const CommandWorld& world) {
  OverlayFiles files(world.files);
  for (const auto& [file, list] : edits) files.put(file, edited(recorded.loaded.sources.at(file), list));
  const config::Loaded loaded = config::load_file(recorded.path, files);
  if (!loaded.ok() || loaded.config.outbound.size() != recorded.loaded.config.outbound.size()) return false;
  const config::OutboundConfig* first = recorded.loaded.config.outbound.data();
  return std::ranges::all_of(all, [&](const Proposed& each) {
    return !each.in_diff ||
           has_rules(loaded.config.outbound[static_cast<std::size_t>(each.entry->config - first)], each);
  });
}

std::string diff_of(const Recorded& recorded, std::vector<Proposed>& all, const CommandWorld& world) {
  const auto edits = edits_of(all, recorded.loaded.sources);
  std::string diff;
  if (says_what_is_meant(recorded, all, edits, world)) {
    for (const auto& [file, list] : edits) diff += unified_diff(file, recorded.loaded.sources.at(file), list);
  } else {
    for (Proposed& each : all) each.in_diff = false;
  }
  return diff;
}

// ---- words

std::string left_line(const Left& left) {
  std::string line = fmt::format("#   {}", destination_text(left.host, left.port));
  if (!left.user.empty()) line += " for " + user_text(left.user);
  line += fmt::format(": {} ({}, last {})", text(left.why), how_often(left.seen), minute_text(left.seen.last));
  if (left.why == Left::Why::denied && !left.rule.empty()) line += ", " + left.rule;
  return line;
}

void print_left(const Proposal& proposal, const CommandWorld& world) {
  if (proposal.left.empty()) return;
  world.out << "# Left out:\n";
  std::vector<const Left*> order;
  order.reserve(proposal.left.size());
  for (const Left& left : proposal.left) order.push_back(&left);
  std::ranges::sort(order, [](const Left* a, const Left* b) {
    return std::tie(b->seen.count, a->host, a->port, a->user) < std::tie(a->seen.count, b->host, b->port, b->user);
  });
  const std::size_t shown = std::min(order.size(), most_left_shown);
  for (std::size_t i = 0; i < shown; ++i) world.out << left_line(*order[i]) << "\n";
  if (shown < order.size()) world.out << fmt::format("#   and {} more, which --json names.\n", order.size() - shown);
}

void print_unused(const Proposed& each, const CommandWorld& world) {
  for (const std::uint32_t rule : each.proposal.unused)
    world.out << fmt::format("# Nothing that was seen needs the rule at {}.\n",
                             config::text(each.entry->config->rules[rule].place));
}

void print_entry(const Proposed& each, const Recorded& recorded, const std::optional<std::string>& user,
                 const CommandWorld& world) {
  const Proposal& proposal = each.proposal;
  const config::OutboundConfig& entry = *each.entry->config;
  if (user && proposal.requests == 0) {
    const bool unknown = standing_of(*user, entry.users, world.files) == UserStanding::unknown;
    world.out << fmt::format("# {}: nothing was recorded of {} since {}{}.\n", entry.name, user_text(*user),
                             recorded.since, unknown ? ", who is not in " + entry.users.value : "");
    return;
  }
  world.out << fmt::format("# {}: {} since {}; the rules of today admit {} of them.\n", entry.name,
                           counted(proposal.requests, "request"), recorded.since, proposal.admitted);
  print_left(proposal, world);
  print_unused(each, world);
  if (proposal.rules.empty()) world.out << "# There is nothing to add.\n";
  if (proposal.rules.empty() || each.in_diff) return;
  const std::size_t place = place_among_rules(entry);
  world.out << (place == entry.rules.size()
                    ? std::string("# Put these behind the other rules:\n")
                    : fmt::format("# Put these before the rule at {}:\n", config::text(entry.rules[place].place)));
  for (const std::string& line : rule_lines(proposal.rules, 0)) world.out << line << "\n";
}

// ---- JSON

ordered_json seen_json(const policy::SeenCount& seen) {
  return {{"count", seen.count}, {"days", seen.days.size()}, {"last", minute_text(seen.last)}};
}

ordered_json rule_json(const policy::ProposedRule& rule) {
  ordered_json allow = ordered_json::array();
  for (const policy::ProposedDestination& each : rule.allow) {
    ordered_json one = {{"destination", each.pattern}};
    if (!each.names.empty()) one["names"] = each.names;
    one.update(seen_json(each.seen));
    allow.push_back(std::move(one));
  }
  ordered_json json = {{"allow", std::move(allow)}};
  if (!rule.who.empty()) json["who"] = rule.who;
  return json;
}

ordered_json left_json(const Left& left) {
  ordered_json json = {{"host", left.host}, {"port", left.port}};
  if (!left.user.empty()) json["user"] = left.user;
  json["why"] = text(left.why);
  if (!left.rule.empty()) json["rule"] = left.rule;
  json.update(seen_json(left.seen));
  return json;
}

ordered_json entry_json(const Proposed& each) {
  ordered_json json = {{"name", each.entry->config->name},   {"requests", each.proposal.requests},
                       {"admitted", each.proposal.admitted}, {"rules", ordered_json::array()},
                       {"left_out", ordered_json::array()},  {"unused_rules", ordered_json::array()}};
  for (const auto& rule : each.proposal.rules) json["rules"].push_back(rule_json(rule));
  for (const Left& left : each.proposal.left) json["left_out"].push_back(left_json(left));
  for (const std::uint32_t rule : each.proposal.unused)
    json["unused_rules"].push_back(config::text(each.entry->config->rules[rule].place));
  return json;
}

void print_json(const std::vector<Proposed>& all, const Recorded& recorded, const std::string& diff,
                const CommandWorld& world) {
  ordered_json json = {{"since", recorded.since}, {"entries", ordered_json::array()}, {"diff", diff}};
  for (const Proposed& each : all) json["entries"].push_back(entry_json(each));
  world.out << json.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

}  // namespace

Exit policy_propose_command(const PolicyProposeArguments& arguments, const CommandWorld& world) {
  const auto recorded = load_recorded(arguments.recorded, world);
  if (!recorded) return recorded.error();
  const auto suffixes = load_suffixes(world);
  if (!suffixes) return Exit::failed;
  std::vector<Proposed> all;
  for (const RecordedEntry& entry : (*recorded)->entries) {
    const auto today = enforced_rules((*recorded)->loaded, *entry.config, world);
    if (!today) return Exit::configuration;
    all.push_back({&entry,
                   policy::propose(entry.seen, *today, !entry.config->users.empty(), *suffixes, arguments.options),
                   false});
    // What one user needs says nothing about rules for the others.
    if (arguments.recorded.user) all.back().proposal.unused.clear();
  }
  const std::string diff = diff_of(**recorded, all, world);
  if (arguments.format == Format::json) {
    print_json(all, **recorded, diff, world);
    return Exit::ok;
  }
  for (const Proposed& each : all) print_entry(each, **recorded, arguments.recorded.user, world);
  world.out << diff;
  return Exit::ok;
}

}  // namespace sp::app
