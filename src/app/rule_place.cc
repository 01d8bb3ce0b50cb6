#include "app/rule_place.h"

#include <algorithm>
#include <string>

#include "app/rule_text.h"
#include "policy/destination_pattern.h"

namespace sp::app {
namespace {

using Lines = std::vector<std::string_view>;

std::size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }
bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }
bool is_comment(std::string_view line) { return !is_blank(line) && line[indent_of(line)] == '#'; }

// Behind the last line of the block that begins at `line`: what follows it and is further to the right than `column`.
std::size_t end_of_block(const Lines& lines, std::size_t line, std::size_t column) {
  std::size_t end = line + 1;
  for (std::size_t at = line + 1; at < lines.size(); ++at) {
    if (is_blank(lines[at]) || is_comment(lines[at])) continue;
    if (indent_of(lines[at]) <= column) break;
    end = at + 1;
  }
  return end;
}

// The column of the `-` before the item at this place; null: it is written in another way.
std::optional<std::size_t> dash_before(const Lines& lines, const config::Place& place) {
  const auto line = static_cast<std::size_t>(place.line - 1), column = static_cast<std::size_t>(place.column - 1);
  if (place.line < 1 || line >= lines.size() || column > lines[line].size()) return std::nullopt;
  const std::string_view before = lines[line].substr(0, column);
  const auto dash = before.find_first_not_of(' ');
  if (dash == std::string_view::npos || before[dash] != '-') return std::nullopt;
  return is_blank(before.substr(dash + 1)) ? std::optional(dash) : std::nullopt;
}

bool denies_everything(const config::OutboundRuleConfig& rule) {
  return std::ranges::any_of(rule.deny, [](const config::Text& text) {
    const auto pattern = policy::parse_destination(text.value);
    return pattern && pattern->kind == policy::DestinationPattern::Kind::everything;
  });
}

// Remarks above a rule are about it.
std::size_t above_comments(const Lines& lines, std::size_t line) {
  while (line > 0 && is_comment(lines[line - 1])) --line;
  return line;
}

std::optional<TextEdit> among_rules(const Lines& lines, const config::OutboundConfig& entry,
                                    const std::vector<policy::ProposedRule>& rules) {
  const std::size_t number = place_among_rules(entry);
  const bool behind = number == entry.rules.size();
  const config::Place& place = entry.rules[behind ? number - 1 : number].place;
  const auto dash = dash_before(lines, place);
  if (!dash) return std::nullopt;
  const auto line = static_cast<std::size_t>(place.line - 1);
  return TextEdit{.line = behind ? end_of_block(lines, line, *dash) : above_comments(lines, line),
                  .removed = 0,
                  .added = rule_lines(rules, *dash)};
}

// `rules:` and `rules: []`, at the column of the keys of the entry.
bool is_empty_rules(std::string_view line, std::size_t column) {
  if (indent_of(line) != column && !line.substr(0, std::min(column, line.size())).ends_with("- ")) return false;
  std::string_view rest = line.substr(std::min(column, line.size()));
  if (!rest.starts_with("rules:")) return false;
  rest = rest.substr(6, rest.find('#') == std::string_view::npos ? rest.npos : rest.find('#') - 6);
  return rest.find_first_not_of(" []\t\r") == std::string_view::npos;
}

std::optional<TextEdit> first_rules(const Lines& lines, const config::OutboundConfig& entry,
                                    const std::vector<policy::ProposedRule>& rules) {
  const auto dash = dash_before(lines, entry.place);
  if (!dash) return std::nullopt;
  const auto begin = static_cast<std::size_t>(entry.place.line - 1);
  const auto column = static_cast<std::size_t>(entry.place.column - 1);
  if (lines[begin].substr(column).starts_with('{')) return std::nullopt;
  const std::size_t end = end_of_block(lines, begin, *dash);
  TextEdit edit{.line = end, .removed = 0, .added = rule_lines(rules, column + 2)};
  edit.added.insert(edit.added.begin(), std::string(column, ' ') + "rules:");
  for (std::size_t line = begin; line < end; ++line) {
    if (!is_empty_rules(lines[line], column)) continue;
    edit.line = line;
    edit.removed = 1;
    edit.added.front() = std::string(lines[line].substr(0, column)) + "rules:";
    const auto remark = lines[line].find('#');
    if (remark != std::string_view::npos) edit.added.front().append("  ").append(lines[line].substr(remark));
  }
  return edit;
}

}  // namespace

std::size_t place_among_rules(const config::OutboundConfig& entry) {
  return static_cast<std::size_t>(std::ranges::find_if(entry.rules, denies_everything) - entry.rules.begin());
}

std::optional<TextEdit> edit_for_rules(std::string_view text, const config::OutboundConfig& entry,
                                       const std::vector<policy::ProposedRule>& rules) {
  const Lines lines = lines_of(text);
  return entry.rules.empty() ? first_rules(lines, entry, rules) : among_rules(lines, entry, rules);
}

}  // namespace sp::app
