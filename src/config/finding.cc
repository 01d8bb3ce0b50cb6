#include "config/finding.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sp::config {
namespace {

// Longer lines are cut around the column: a minified file must not fill the screen.
constexpr std::size_t shown_width = 160;
constexpr std::string_view indent = "  ";

std::string_view name(Finding::Severity severity) { return severity == Finding::Severity::error ? "error" : "warning"; }

// The line-th line of `source`, without its end; empty when there is none.
std::string_view line_of(std::string_view source, int line) {
  for (int i = 1; i < line; ++i) {
    const auto end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  source = source.substr(0, source.find('\n'));
  if (source.ends_with('\r')) source.remove_suffix(1);
  return source;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// What stands under `before` so that the next character is below the one after it: tabs stay tabs, and a character of
// several octets takes one place.
std::string padding(std::string_view before) {
  std::string result;
  for (char c : before) {
    if (!is_continuation(c)) result += c == '\t' ? '\t' : ' ';
  }
  return result;
}

// Terminals obey control characters, and the file is not ours: they are shown as '?'.
std::string printable(std::string_view line) {
  std::string result(line);
  std::ranges::replace_if(
      result, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }, '?');
  return result;
}

// The names and passwords of URLs are not for screens and logs of builds: nothing of what may be one is shown.
std::string without_passwords(std::string_view line) {
  std::string result(line);
  constexpr std::string_view slashes = "://";
  for (auto begin = result.find(slashes); begin != std::string::npos;) {
    begin += slashes.size();
    const auto next = result.find(slashes, begin);
    const auto at = result.rfind('@', next);
    if (at != std::string::npos && at > begin)
      std::fill(result.begin() + static_cast<std::ptrdiff_t>(begin), result.begin() + static_cast<std::ptrdiff_t>(at),
                '*');
    begin = next;
  }
  return result;
}

void append_excerpt(std::string& out, const Place& place, const Sources& sources, bool ansi) {
  const auto source = sources.find(place.file);
  if (source == sources.end() || place.line <= 0) return;
  const std::string shown = without_passwords(line_of(source->second, place.line));
  std::string_view line = shown;
  if (line.empty()) return;
  std::size_t column = std::min(static_cast<std::size_t>(std::max(place.column, 1) - 1), line.size());
  if (line.size() > shown_width) {
    std::size_t start = column > shown_width / 2 ? column - shown_width / 2 : 0;
    while (start > 0 && is_continuation(line[start])) --start;
    line = line.substr(start, shown_width);
    column -= start;
  }
  out.append(indent).append(printable(line)).append("\n").append(indent).append(padding(line.substr(0, column)));
  out.append(ansi ? "\033[32m^\033[0m\n" : "^\n");
}

}  // namespace

bool has_errors(const std::vector<Finding>& findings) {
  return std::ranges::any_of(findings, [](const Finding& f) { return f.severity == Finding::Severity::error; });
}

std::string text(const Place& place) {
  std::string result = place.file;
  if (place.line <= 0) return result;
  result.append(":").append(std::to_string(place.line));
  if (place.column > 0) result.append(":").append(std::to_string(place.column));
  return result;
}

std::string print(const std::vector<Finding>& findings, const Sources& sources, Color color) {
  const bool ansi = color == Color::ansi;
  std::string out;
  for (const Finding& finding : findings) {
    const std::string where = text(finding.place);
    if (!where.empty()) out.append(where).append(": ");
    const bool error = finding.severity == Finding::Severity::error;
    if (ansi) out.append(error ? "\033[1;31m" : "\033[1;33m");
    out.append(name(finding.severity)).append(": ");
    if (ansi) out.append("\033[0m");
    out.append(printable(finding.message)).append("\n");
    append_excerpt(out, finding.place, sources, ansi);
    if (!finding.remedy.empty()) out.append(indent).append("remedy: ").append(printable(finding.remedy)).append("\n");
  }
  return out;
}

std::string print_json(const std::vector<Finding>& findings) {
  auto list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"severity", name(finding.severity)},
                    {"file", finding.place.file},
                    {"line", finding.place.line},
                    {"column", finding.place.column},
                    {"message", finding.message},
                    {"remedy", finding.remedy}});
  }
  return list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sp::config
