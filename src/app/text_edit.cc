#include "app/text_edit.h"

#include <fmt/format.h>

#include <algorithm>

namespace sp::app {
namespace {

constexpr std::size_t context_lines = 3;

// Edits that are so near to each other that what is around them would overlap.
struct Hunk {
  std::size_t first = 0, last = 0;  // lines of the old text: [first, last)
  std::vector<const TextEdit*> edits;
};

std::vector<Hunk> hunks_of(const std::vector<TextEdit>& edits, std::size_t count) {
  std::vector<Hunk> hunks;
  for (const TextEdit& edit : edits) {
    const std::size_t first = edit.line > context_lines ? edit.line - context_lines : 0;
    const std::size_t last = std::min(edit.line + edit.removed + context_lines, count);
    if (hunks.empty() || hunks.back().last < first) hunks.push_back({first, last, {}});
    hunks.back().last = last;
    hunks.back().edits.push_back(&edit);
  }
  return hunks;
}

// A range as diff writes it: an empty one names the line before it.
std::string range(std::size_t first, std::size_t count) {
  return fmt::format("{},{}", count == 0 ? first : first + 1, count);
}

// A last line that has no end gets one when others come behind it: that is a change of this line, too.
TextEdit with_last_line(const TextEdit& edit, std::string_view last) {
  TextEdit made{.line = edit.line - 1, .removed = 1, .added = {std::string(last)}};
  made.added.insert(made.added.end(), edit.added.begin(), edit.added.end());
  return made;
}

class HunkWriter {
 public:
  HunkWriter(const std::vector<std::string_view>& lines, bool ends) : lines_(lines), ends_(ends) {}

  // `moved`: how many lines the hunks before have added, less those that they removed.
  std::string write(const Hunk& hunk, std::size_t moved) {
    body_.clear();
    std::size_t at = hunk.first, added = 0, removed = 0;
    for (const TextEdit* edit : hunk.edits) {
      for (; at < edit->line; ++at) old_line(' ', at);
      for (std::size_t i = 0; i < edit->removed; ++i, ++at) old_line('-', at);
      for (const std::string& line : edit->added) body_ += fmt::format("+{}\n", line);
      added += edit->added.size();
      removed += edit->removed;
    }
    for (; at < hunk.last; ++at) old_line(' ', at);
    const std::size_t count = hunk.last - hunk.first;
    return fmt::format("@@ -{} +{} @@\n{}", range(hunk.first, count),
                       range(hunk.first + moved, count + added - removed), body_);
  }

 private:
  void old_line(char mark, std::size_t line) {
    body_ += fmt::format("{}{}\n", mark, lines_[line]);
    if (!ends_ && line + 1 == lines_.size()) body_ += "\\ No newline at end of file\n";
  }
  const std::vector<std::string_view>& lines_;
  bool ends_;  // the last of them has an end
  std::string body_;
};

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

// A last line without an end gets one.
std::string edited(std::string_view text, const std::vector<TextEdit>& edits) {
  const std::vector<std::string_view> lines = lines_of(text);
  std::string result;
  std::size_t at = 0;
  const auto copy_until = [&](std::size_t end) {
    for (; at < end; ++at) result.append(lines[at]).append("\n");
  };
  for (const TextEdit& edit : edits) {
    copy_until(edit.line);
    at += edit.removed;
    for (const std::string& line : edit.added) result.append(line).append("\n");
  }
  copy_until(lines.size());
  return result;
}

std::string unified_diff(const std::string& name, std::string_view text, const std::vector<TextEdit>& edits) {
  if (edits.empty()) return {};
  const std::vector<std::string_view> lines = lines_of(text);
  const bool ends = text.empty() || text.ends_with('\n');
  if (!ends && edits.back().line == lines.size()) {
    std::vector<TextEdit> others = edits;
    others.back() = with_last_line(others.back(), lines.back());
    return unified_diff(name, text, others);
  }
  HunkWriter writer(lines, ends);
  std::string result = fmt::format("--- {0}\n+++ {0}\n", name);
  std::size_t moved = 0;
  for (const Hunk& hunk : hunks_of(edits, lines.size())) {
    result += writer.write(hunk, moved);
    for (const TextEdit* edit : hunk.edits) moved += edit->added.size() - edit->removed;  // it may wrap, and comes back
  }
  return result;
}

}  // namespace sp::app
