#include "config/section_keys.h"

#include <algorithm>

#include "config/describe.h"
#include "config/suggest.h"

namespace sp::config {
namespace {

// Where else in the configuration a key of this name stands: the sections, or empty.
std::string sections_with(std::string_view key) {
  std::string result;
  for (const SectionInfo& section : describe()) {
    const bool has_key = std::ranges::find(section.keys, key, &KeyInfo::key) != section.keys.end();
    if (has_key) result.append(result.empty() ? "" : ", ").append("`").append(section.name).append("`");
  }
  return result;
}

std::string remedy_for(std::string_view key, std::span<const std::string_view> keys) {
  if (key == "include") return "`include` stands at the top level of a file";
  const bool has_target = std::ranges::find(keys, "to") != keys.end();
  if (has_target && (key == "upstream" || key == "upstreams")) return "`to` names an upstream: `to: NAME`";
  // One slip is more likely than a key in the wrong place.
  const std::string_view best = nearest(key, keys);
  if (!best.empty() && edit_distance(key, best) <= 1) return did_you_mean(key, keys);
  const std::string elsewhere = sections_with(key);
  if (!elsewhere.empty()) return "it is a key of " + elsewhere;
  return did_you_mean(key, keys);
}

}  // namespace

std::string Spot::text() const {
  switch (kind_) {
    case Kind::top: return "the configuration";
    case Kind::item: return "an item of " + backquoted(key_);
    case Kind::key: break;
  }
  return backquoted(key_);
}

void report_unknown_keys(const Node& map, const Spot& spot, std::span<const std::string_view> keys,
                         std::span<const LaterKey> later, Report& report) {
  for (const NodeEntry& entry : map.entries) {
    if (std::ranges::find(keys, entry.key) != keys.end()) continue;
    report.doubt(map.at);
    const auto known = std::ranges::find(later, entry.key, &LaterKey::key);
    if (known == later.end()) {
      report.error(entry.at, "unknown key " + backquoted(entry.key) + " in " + spot.text(),
                   remedy_for(entry.key, keys));
      continue;
    }
    report.error(entry.at, backquoted(entry.key) + " is not available in this version",
                 known->instead.empty() ? "remove it" : std::string(known->instead));
  }
}

void report_missing(const Node& map, const Spot& spot, std::string_view key, std::string_view doc,
                    std::span<const std::string_view> keys, std::span<const LaterKey> later, Report& report,
                    std::string_view instead) {
  const auto is_meant = [&](const NodeEntry& entry) {
    if (std::ranges::find(later, entry.key, &LaterKey::key) != later.end()) return true;
    if (std::ranges::find(keys, entry.key) != keys.end()) return false;
    const std::string_view meant = nearest(entry.key, keys);
    return meant == key || (!instead.empty() && meant == instead);
  };
  if (std::ranges::any_of(map.entries, is_meant)) return;
  const std::string_view first_sentence = doc.substr(0, doc.find(". "));
  std::string remedy = "add " + backquoted(key) + ": " + std::string(first_sentence);
  if (remedy.ends_with('.')) remedy.pop_back();
  report.error(map.at, spot.text() + " has no " + backquoted(key), std::move(remedy));
}

void report_not_a_map(const Node& node, const Spot& spot, std::span<const std::string_view> keys, Report& report) {
  if (node.kind == Node::Kind::null) {
    report.error(node.at, spot.text() + " has no value", "write its keys below it");
    return;
  }
  report.error(node.at, spot.text() + " wants keys with values, and this is " + node.described(),
               (keys.size() == 1 ? "its key is " : "its keys are ") + listed(keys, "and"));
}

void report_no_value(const Position& at, std::string_view key, Report& report) {
  report.error(at, backquoted(key) + " has no value", "write it after the colon, or below; `\"\"` is an empty text");
}

}  // namespace sp::config
