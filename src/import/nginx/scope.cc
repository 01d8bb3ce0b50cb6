#include "import/nginx/scope.h"

#include <algorithm>

namespace sp::import::nginx {

bool has(const Directive& block, std::string_view name) {
  return std::ranges::any_of(block.children, [&](const Directive& each) { return each.name == name; });
}

std::string condition_of(const Directive& block) {
  std::string text;
  for (const std::string& word : block.args) text += (text.empty() ? "" : " ") + word;
  if (text.starts_with('(')) text.erase(0, 1);
  if (text.ends_with(')')) text.pop_back();
  std::erase(text, '"');
  while (text.starts_with(' ')) text.erase(0, 1);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::vector<const Directive*> all_own(const Scope& scope, std::string_view name, Report& report) {
  std::vector<const Directive*> found;
  for (const Directive& each : scope.block->children) {
    if (each.name != name) continue;
    report.used(each);
    found.push_back(&each);
  }
  return found;
}

// NGINX refuses most directives that stand twice in a block; the last one is as good as another.
const Directive* own(const Scope& scope, std::string_view name, Report& report) {
  const auto found = all_own(scope, name, report);
  if (found.empty()) return nullptr;
  for (const Directive* each : found) {
    if (each != found.back()) report.changed(*each, "it stands twice in its block: the last one counts");
  }
  return found.back();
}

const Directive* in_force(const Scope& scope, std::string_view name, Report& report) {
  for (const Scope* each = &scope; each != nullptr; each = each->outer) {
    if (const Directive* found = own(*each, name, report)) return found;
  }
  return nullptr;
}

std::vector<const Directive*> all_in_force(const Scope& scope, std::string_view name, Report& report) {
  for (const Scope* each = &scope; each != nullptr; each = each->outer) {
    if (auto found = all_own(*each, name, report); !found.empty()) return found;
  }
  return {};
}

}  // namespace sp::import::nginx
