#include "app/rule_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/units.h"

namespace sp::app {
namespace {

bool is_plain(const std::string& text) {
  // Words and numbers of YAML 1.1 and 1.2.
  static constexpr std::array words{"yes", "no", "on", "off", "true", "false", "null", "y", "n"};
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || std::ranges::find(words, text) != words.end()) return false;
  if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_:") != std::string::npos) return false;
  return text.back() != ':' && std::ranges::any_of(text, letter) && (letter(text.front()) || text.contains('.'));
}

std::string remark(const policy::ProposedDestination& each) {
  std::string text = how_often(each.seen);
  if (!each.names.empty()) text = counted(each.names.size(), "name") + ", " + text;
  return text;
}

std::string listed(const std::vector<std::string>& texts) {
  std::vector<std::string> scalars;
  scalars.reserve(texts.size());
  for (const std::string& text : texts) scalars.push_back(yaml_scalar(text));
  return fmt::format("[ {} ]", fmt::join(scalars, ", "));
}

}  // namespace

std::string yaml_scalar(const std::string& text) {
  // JSON is YAML.
  return is_plain(text) ? text : nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string how_often(const policy::SeenCount& seen) {
  return fmt::format("{} on {}", counted(seen.count, "time"), counted(seen.days.size(), "day"));
}

std::vector<std::string> rule_lines(const std::vector<policy::ProposedRule>& rules, std::size_t indent) {
  const std::string margin(indent, ' ');
  std::vector<std::string> lines;
  for (const policy::ProposedRule& rule : rules) {
    if (rule.allow.size() == 1) {
      lines.push_back(fmt::format("{}- allow: [ {} ]  # {}", margin, yaml_scalar(rule.allow.front().pattern),
                                  remark(rule.allow.front())));
    } else {
      lines.push_back(margin + "- allow:");
      for (const policy::ProposedDestination& each : rule.allow)
        lines.push_back(fmt::format("{}    - {}  # {}", margin, yaml_scalar(each.pattern), remark(each)));
    }
    if (!rule.who.empty()) lines.push_back(fmt::format("{}  who: {}", margin, listed(rule.who)));
  }
  return lines;
}

}  // namespace sp::app
