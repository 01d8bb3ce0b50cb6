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
  const std::string elsewhere = sections_with(key);
  if (!elsewhere.empty()) return "it is a key of " + elsewhere;
  return did_you_mean(key, keys);
}

}  // namespace

std::string Spot::text() const {
  switch (kind_) {
    case Kind::top: return "the configuration";
    case Kind::item: return "an item of " + quoted(key_);
    case Kind::key: break;
  }
  return quoted(key_);
}

void report_unknown_keys(const Node& map, const Spot& spot, std::span<const std::string_view> keys,
                         std::span<const LaterKey> later, Report& report) {
  for (const NodeEntry& entry : map.entries) {
    if (std::ranges::find(keys, entry.key) != keys.end()) continue;
    report.doubt(map.at);
    const auto known = std::ranges::find(later, entry.key, &LaterKey::key);
    if (known == later.end()) {
      report.error(entry.at, "unknown key " + quoted(entry.key) + " in " + spot.text(), remedy_for(entry.key, keys));
      continue;
    }
    report.error(entry.at, quoted(entry.key) + " is not available in this version",
                 known->instead.empty() ? "remove it" : std::string(known->instead));
  }
}

void report_missing(const Node& map, const Spot& spot, std::string_view key, std::string_view doc,
                    std::span<const std::string_view> keys, Report& report) {
  const auto is_meant = [&](const NodeEntry& entry) {
    return std::ranges::find(keys, entry.key) == keys.end() && nearest(entry.key, keys) == key;
  };
  if (std::ranges::any_of(map.entries, is_meant)) return;
  const std::string_view first_sentence = doc.substr(0, doc.find(". "));
  std::string remedy = "add " + quoted(key) + ": " + std::string(first_sentence);
  if (remedy.ends_with('.')) remedy.pop_back();
  report.error(map.at, spot.text() + " has no " + quoted(key), std::move(remedy));
}

void report_not_a_map(const Node& node, const Spot& spot, std::span<const std::string_view> keys, Report& report) {
  if (node.kind == Node::Kind::null) {
    report.error(node.at, spot.text() + " has no value", "write its keys below it");
    return;
  }
  report.error(node.at, spot.text() + " wants keys with values, and this is " + node.described(), "its keys are " + listed(keys, "and"));
}

void report_no_value(const Position& at, std::string_view key, Report& report) {
  report.error(at, quoted(key) + " has no value", "give it one (`\"\"` is an empty text), or leave the key out");
}

}  // namespace sp::config
