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

// The first of these variables that says anything. A client of a CGI program sets HTTP_PROXY by a field `Proxy` of its
// request ("httpoxy"): where there is a REQUEST_METHOD it is not believed.
Text proxy_variable(const FileSystem& files, std::initializer_list<const char*> names, const Place& place) {
  const bool cgi = files.variable("REQUEST_METHOD").has_value();
  for (const std::string_view name : names) {
    if (cgi && name == "HTTP_PROXY") continue;
    if (auto value = files.variable(std::string(name)); value && !value->empty())
      return {.value = *std::move(value), .place = place, .secret = true};
  }
  return {};
}

void fill_in(ParentConfig& parent, const FileSystem& files) {
  if (!parent.environment) return;
  parent.http_variable = proxy_variable(files, {"http_proxy", "HTTP_PROXY"}, parent.place);
  parent.https_variable = proxy_variable(files, {"https_proxy", "HTTPS_PROXY"}, parent.place);
  if (parent.no_proxy.place.line == 0) parent.no_proxy = proxy_variable(files, {"no_proxy", "NO_PROXY"}, parent.place);
}

// What the file may leave out, and everybody else wants to find.
void fill_in(Config& config, const FileSystem& files) {
  int number = 0;
  for (InboundConfig& entry : config.inbound) {
    ++number;
    if (entry.name.empty()) entry.name = "inbound-" + std::to_string(number);
    for (SiteConfig& site : entry.sites) {
      if (site.hosts.empty()) site.hosts.push_back({"*", site.place});
    }
  }
  number = 0;
  for (OutboundConfig& entry : config.outbound) {
    ++number;
    if (entry.name.empty()) entry.name = "outbound-" + std::to_string(number);
    if (entry.parent) fill_in(*entry.parent, files);
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

// Where a line begins in its file; npos: it has no such line.
std::size_t beginning_of(std::string_view source, int line) {
  std::size_t begin = 0;
  for (int i = 1; i < line && begin != std::string_view::npos; ++i) {
    begin = source.find('\n', begin);
    if (begin != std::string_view::npos) ++begin;
  }
  return begin;
}

// Puts asterisks in the place of a value.
void hide(const Text& text, Sources& sources) {
  const auto source = sources.find(text.place.file);
  if (source == sources.end() || text.place.column < 1 || text.empty()) return;
  std::string& all = source->second;
  const std::size_t line = beginning_of(all, text.place.line);
  if (line == std::string::npos) return;
  const std::size_t end_of_line = std::min(all.find('\n', line), all.size());
  const std::size_t begin = std::min(line + static_cast<std::size_t>(text.place.column) - 1, end_of_line);
  std::size_t end = begin + text.value.size();
  if (begin < end_of_line && (all[begin] == '"' || all[begin] == '\'')) end = all.find(all[begin], begin + 1);
  for (std::size_t i = begin; i < std::min(end, end_of_line); ++i) all[i] = '*';
}

// Keys that stand in the file are not for screens and logs of builds, either.
void hide_keys(const Config& config, Sources& sources) {
  for (const InboundConfig& entry : config.inbound) {
    for (const SiteConfig& site : entry.sites) {
      for (const RouteConfig& route : site.routes) {
        if (route.image_proxy && !route.image_proxy->key.secret) hide(route.image_proxy->key, sources);
      }
    }
  }
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
    fill_in(loaded.config, files);
    hide_keys(loaded.config, loaded.sources);
    for (Finding& finding : check(loaded.config)) {
      if (!report.doubtful(finding.place)) loaded.findings.push_back(std::move(finding));
    }
  }
  arrange(loaded.findings, name);
  return loaded;
}

}  // namespace sp::config
