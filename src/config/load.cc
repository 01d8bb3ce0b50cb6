#include "config/load.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "config/check.h"
#include "config/grammar.h"
#include "config/reader.h"
#include "config/tree.h"

namespace sp::config {
namespace {

// What the file may leave out, and everybody else wants to find.
void fill_in(Config& config) {
  int number = 0;
  for (InboundConfig& entry : config.inbound) {
    ++number;
    if (entry.name.empty()) entry.name = "inbound-" + std::to_string(number);
    for (SiteConfig& site : entry.sites) {
      if (site.hosts.empty()) site.hosts.push_back({"*", site.place});
    }
  }
  Text& log = config.log.access;
  if (is_log_path(log.value)) log.value = relative_to(log.place.file, log.value);
}

// By file and place, the first file first; the same thing found twice (through an alias) is said once.
void arrange(std::vector<Finding>& findings, const std::string& first_file) {
  const auto key = [&](const Finding& f) {
    return std::tuple(f.place.file != first_file, std::string_view(f.place.file), f.place.line, f.place.column);
  };
  // A map and not stable_sort, which asks this standard library for a function that the compiler warns of.
  std::multimap<decltype(key(Finding{})), const Finding*> by_place;
  for (const Finding& finding : findings) by_place.emplace(key(finding), &finding);
  std::vector<Finding> arranged;
  for (const auto& [place, finding] : by_place) {
    bool known = false;
    for (auto it = arranged.rbegin(); it != arranged.rend() && key(*it) == place; ++it)
      known |= it->message == finding->message;
    if (!known) arranged.push_back(*finding);
  }
  findings = std::move(arranged);
}

}  // namespace

Loaded load_file(const std::string& path, const FileSystem& files) {
  Loaded loaded;
  Report report(loaded.findings);
  const Position nowhere{&path, 0, 0};
  const auto text = read_reported(path, nowhere, files, report);
  if (!text) return loaded;
  return load_text(path, *text, files);
}

Loaded load_text(const std::string& name, std::string_view text, const FileSystem& files) {
  Loaded loaded;
  Report report(loaded.findings);
  if (const auto tree = load_tree(name, std::string(text), files, loaded.sources, report)) {
    loaded.config = read_config(*tree, files, report);
    fill_in(loaded.config);
    for (Finding& finding : check(loaded.config)) {
      if (!report.doubtful(finding.place)) loaded.findings.push_back(std::move(finding));
    }
  }
  arrange(loaded.findings, name);
  return loaded;
}

}  // namespace sp::config
