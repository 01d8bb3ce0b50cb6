#include "config/environment.h"

#include <algorithm>

namespace sp::config {
namespace {

constexpr std::string_view opening = "${env.";
constexpr std::string_view fallback = ":-";

bool is_variable_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// The value of what stands between "${env." and "}".
std::optional<std::string> value_of(std::string_view inside, const Position& at, const FileSystem& files,
                                    Report& report) {
  const std::size_t mark = inside.find(fallback);
  const std::string name(inside.substr(0, mark));
  if (!is_variable_name(name)) {
    report.error(at, backquoted(name) + " is not the name of an environment variable", "write `${env.NAME}`");
    return std::nullopt;
  }
  if (auto value = files.variable(name)) return value;
  if (mark != std::string_view::npos) return std::string(inside.substr(mark + fallback.size()));
  report.error(at, "the environment variable " + backquoted(name) + " is not set",
               "set it, or give a default: `${env." + name + ":-default}`");
  return std::nullopt;
}

void expand_text(Node& node, const FileSystem& files, Report& report) {
  std::string result;
  std::string_view rest = node.text;
  std::size_t from = 0;
  for (;;) {
    const std::size_t start = rest.find(opening, from);
    if (start == std::string_view::npos) break;
    if (start > 0 && rest[start - 1] == '$') {  // $${ is a literal ${
      from = start + opening.size();
      continue;
    }
    const std::size_t end = rest.find('}', start);
    if (end == std::string_view::npos) {
      report.error(node.at, "a `${` is not closed", "write `${env.NAME}`");
      node.broken = true;
      break;
    }
    result.append(rest.substr(0, start));
    const std::size_t inside = start + opening.size();
    const auto value = value_of(rest.substr(inside, end - inside), node.at, files, report);
    if (!value) node.broken = true;
    result += value.value_or("");
    node.secret = true;
    rest.remove_prefix(end + 1);
    from = 0;
  }
  if (!node.secret) return;
  node.text = result.append(rest);
}

}  // namespace

void expand_environment(Node& tree, const FileSystem& files, Report& report) {
  if (tree.is_scalar()) expand_text(tree, files, report);
  for (Node& item : tree.items) expand_environment(item, files, report);
  for (NodeEntry& entry : tree.entries) expand_environment(entry.value, files, report);
}

}  // namespace sp::config
