#include "import/squid/tree.h"

#include <fmt/format.h>

#include <algorithm>

namespace sp::import::squid {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Words between spaces; a quoted one keeps its quotes, by which a file of values is known.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false, any = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ' ' || c == '\t')) {
      if (any) words.push_back(std::exchange(word, {}));
      any = false;
      continue;
    }
    if (!quoted && c == '#' && !any) break;
    word += c;
    any = true;
  }
  if (any) words.push_back(std::move(word));
  return words;
}

// The line, without what nobody is to read over somebody's shoulder.
std::string shown(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    const bool secret = word.starts_with("login=") && word.contains(':');
    text += (text.empty() ? "" : " ") + (secret ? std::string("login=...") : word);
  }
  return text;
}

class Reader {
 public:
  Reader(const config::FileSystem& disk, Report& report, const ReadLimits& limits)
      : disk_(disk), report_(report), limits_(limits) {}

  void read(const std::string& path, int depth) {
    if (++files_ > limits_.files) {
      if (files_ == limits_.files + 1) error(path, 0, "too many files");
      return;
    }
    const auto content = disk_.read(path, limits_.file_bytes);
    if (!content) return error(path, 0, fmt::format("{}: {}", path, content.error().where));
    std::string_view rest = *content;
    std::string joined;  // of lines that end with a backslash
    int begun = 0;
    for (int number = 1; !rest.empty(); ++number) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(rest.size(), end + 1));
      if (begun == 0) begun = number;
      // In Squid a comment does not go on, whatever it ends with.
      const bool goes_on = line.ends_with('\\') && !line.starts_with('#');
      if (goes_on) line.remove_suffix(1);
      joined += (joined.empty() ? "" : " ") + std::string(line);
      if (goes_on && !rest.empty()) continue;
      take(path, begun, joined, depth);
      joined.clear();
      begun = 0;
    }
  }

  Tree take() { return std::move(tree_); }

 private:
  void error(const std::string& file, int line, std::string message) {
    tree_.errors.push_back({config::Finding::Severity::error, {file, line, 0}, std::move(message), {}});
  }

  void take(const std::string& path, int number, std::string_view line, int depth) {
    std::vector<std::string> words = words_of(line);
    if (words.empty()) return;
    const Origin at{path, number, shown(words)};
    if (words[0] == "include") return include(words, at, depth);
    if (words[0] == "if" || words[0] == "else" || words[0] == "endif")
      return report_.lost(at, "only a running Squid can tell: all branches were taken");
    if (tree_.directives.size() >= limits_.directives) {
      if (!std::exchange(too_many_, true)) error(path, number, "too many directives");
      return;
    }
    tree_.directives.push_back({std::move(words), at});
  }

  void include(std::span<const std::string> words, const Origin& at, int depth) {
    if (depth >= limits_.depth) return error(at.file, at.line, "files include each other too deeply");
    for (const std::string& word : words.subspan(1)) {
      std::string pattern = word;
      std::erase(pattern, '"');
      const std::vector<std::string> found = disk_.glob(config::relative_to(at.file, pattern));
      // As with Squid, a pattern may find nothing; a name may not.
      if (found.empty() && pattern.find_first_of("*?[") == std::string::npos)
        error(at.file, at.line, fmt::format("{} is not there", pattern));
      for (const std::string& each : found) read(each, depth + 1);
    }
  }

  const config::FileSystem& disk_;
  Report& report_;
  ReadLimits limits_;
  Tree tree_;
  std::size_t files_ = 0;
  bool too_many_ = false;
};

}  // namespace

const std::string& Directive::word(std::size_t index) const {
  static const std::string none;
  return index < words.size() ? words[index] : none;
}

std::span<const std::string> Directive::from(std::size_t index) const {
  return std::span(words).subspan(std::min(index, words.size()));
}

Tree read_tree(std::span<const std::string> files, const config::FileSystem& disk, Report& report,
               const ReadLimits& limits) {
  Reader reader(disk, report, limits);
  for (const std::string& file : files) reader.read(file, 0);
  return reader.take();
}

std::vector<std::string> values_of_file(std::string_view content) {
  std::vector<std::string> values;
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(content.size(), end + 1));
    line = trimmed(line.substr(0, line.find('#')));
    if (!line.empty()) values.emplace_back(line);
  }
  return values;
}

}  // namespace sp::import::squid
