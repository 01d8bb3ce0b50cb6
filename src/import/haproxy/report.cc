#include "import/haproxy/report.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <tuple>

#include "import/summary.h"

namespace sp::import::haproxy {
namespace {

void describe_lost(const std::vector<Untranslated>& notes, Comments& header) {
  if (std::ranges::count(notes, Fate::lost, &Untranslated::fate) == 0) return;
  header.push_back("");
  header.push_back("NOT TRANSLATED: decide about each of these.");
  for (const Untranslated& note : notes) {
    if (note.fate == Fate::lost)
      header.push_back(fmt::format("- {}: {}: {}", brief(note.file, note.line), note.directive, note.why));
  }
}

void describe_not_needed(const std::vector<Untranslated>& notes, Comments& header) {
  std::vector<std::string> names;
  for (const Untranslated& note : notes) {
    if (note.fate != Fate::not_needed) continue;
    const size_t first = note.directive.find(' ');
    std::string name = note.directive.substr(0, first);
    // Of these the second word is what matters.
    if (name == "option" || name == "timeout" || name == "stats" || name == "tcp-request") {
      name = note.directive.substr(0, note.directive.find(' ', first + 1));
    }
    // "http-request set-header X-Forwarded-Proto"
    if (name.starts_with("http-re")) {
      const size_t third = note.directive.find(' ', note.directive.find(' ', first + 1) + 1);
      name = note.directive.substr(0, third);
    }
    if (name == "bind" || name == "server" || name == "default-server") name = note.why;
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  if (names.empty()) return;
  std::string line = "Not needed here:";
  for (const std::string& name : names) line += (name == names.front() ? " " : "; ") + name;
  header.push_back("");
  header.push_back(line + ".");
}

}  // namespace

std::vector<Untranslated> Report::sorted() const {
  std::map<std::string, size_t> order;
  for (const Untranslated& note : notes_) order.try_emplace(note.file, order.size());
  // Of one line, in the order in which they came.
  std::vector<std::tuple<size_t, int, size_t>> places;
  places.reserve(notes_.size());
  for (const Untranslated& note : notes_) places.emplace_back(order[note.file], note.line, places.size());
  std::ranges::sort(places);
  std::set<std::tuple<std::string, int, std::string>> seen;
  std::vector<Untranslated> result;
  for (const auto& [file, line, index] : places) {
    const Untranslated& note = notes_[index];
    if (seen.insert({note.file, note.line, note.why}).second) result.push_back(note);
  }
  return result;
}

Comments describe(std::span<const std::string> files, const std::vector<Untranslated>& notes,
                  const std::vector<config::Finding>& errors, const Draft& draft) {
  Comments header = begin_summary("haproxy", files, errors);
  describe_lost(notes, header);
  add_changed(notes, header);
  describe_not_needed(notes, header);
  if (draft.entries.empty()) header.push_back("Nothing in these files is proxied.");
  return header;
}

}  // namespace sp::import::haproxy
