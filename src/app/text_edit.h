// Changes to a text by lines, and how `diff -u` shows them, so that `patch` can make them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sp::app {

// From `line` on (the first is 0), `removed` lines make room for `added`, which have no ends.
struct TextEdit {
  std::size_t line = 0;
  std::size_t removed = 0;
  std::vector<std::string> added;
};

std::vector<std::string_view> lines_of(std::string_view text);

// Edits come in the order of their lines, and do not overlap.
std::string edited(std::string_view text, const std::vector<TextEdit>& edits);
// "--- name", "+++ name" and the hunks, with three lines around each; empty where there are no edits.
std::string unified_diff(const std::string& name, std::string_view text, const std::vector<TextEdit>& edits);

}  // namespace sp::app
