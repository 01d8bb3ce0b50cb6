#include "import/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace sp::import {
namespace {

std::string places_text(const std::vector<std::string>& places) {
  constexpr std::size_t shown = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(places.size(), shown); ++i) text += (i == 0 ? "" : ", ") + places[i];
  if (places.size() > shown) text += fmt::format(" and {} more", places.size() - shown);
  return text;
}

}  // namespace

std::string brief(std::string_view file, int line) {
  return fmt::format("{}:{}", file.substr(file.rfind('/') + 1), line);
}

Comments begin_summary(std::string_view proxy, std::span<const std::string> files,
                       std::span<const config::Finding> errors) {
  std::string names;
  for (const std::string& file : files) names += (names.empty() ? "" : ", ") + file;
  Comments summary{fmt::format("Made by `sallyport import {}` from {}.", proxy, names),
                   "Check it with `sallyport check`, and ask it with `sallyport explain URL`."};
  for (const config::Finding& error : errors) {
    summary.push_back(
        fmt::format("ERROR: {}: {}", config::text({error.place.file, error.place.line, 0}), error.message));
  }
  return summary;
}

void add_changed(const std::vector<Untranslated>& notes, Comments& summary) {
  std::map<std::string, std::vector<std::string>> by_reason;
  std::vector<std::string> reasons;
  for (const Untranslated& note : notes) {
    if (note.fate != Fate::changed) continue;
    auto& places = by_reason[note.why];
    if (places.empty()) reasons.push_back(note.why);
    std::string place = brief(note.file, note.line);
    if (std::ranges::find(places, place) == places.end()) places.push_back(std::move(place));
  }
  if (reasons.empty()) return;
  summary.push_back("");
  summary.push_back("Done otherwise, or by itself:");
  for (const std::string& why : reasons) summary.push_back(fmt::format("- {} ({})", why, places_text(by_reason[why])));
}

bool refuses_names(const DraftEntry& entry) {
  return !entry.sites.empty() && std::ranges::none_of(entry.sites, [](const DraftSite& site) {
    return std::ranges::find(site.hosts, "*") != site.hosts.end();
  });
}

}  // namespace sp::import
