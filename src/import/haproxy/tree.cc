#include "import/haproxy/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "import/haproxy/words.h"

namespace sp::import::haproxy {
namespace {

constexpr std::array<std::string_view, 18> other_sections{
    "userlist",    "peers", "resolvers",   "mailers",    "cache",        "program",
    "http-errors", "ring",  "fcgi-app",    "traces",     "crt-store",    "log-profile",
    "log-forward", "acme",  "healthcheck", "spoe-agent", "spoe-message", "dynamic-update"};

std::optional<SectionKind> section_kind(std::string_view word) {
  if (word == "global") return SectionKind::global;
  if (word == "defaults") return SectionKind::defaults;
  if (word == "frontend") return SectionKind::frontend;
  if (word == "backend") return SectionKind::backend;
  if (word == "listen") return SectionKind::listen;
  if (std::ranges::find(other_sections, word) != other_sections.end()) return SectionKind::other;
  return std::nullopt;
}

std::string joined(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    const bool quotes = word.empty() || word.find(' ') != std::string::npos;
    text += (text.empty() ? "" : " ") + (quotes ? "\"" + word + "\"" : word);
  }
  return text;
}

// The argument of "name(argument)"; null for anything else.
std::optional<std::string_view> argument_of(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || !text.ends_with(')')) return std::nullopt;
  text.remove_prefix(name.size());
  if (!text.starts_with('(')) return std::nullopt;
  return text.substr(1, text.size() - 2);
}

// A condition of `.if`; null where only a running HAProxy knows.
std::optional<bool> decided(std::string_view text, const Variables& variables) {
  if (text.empty() || text == "0" || text == "false") return false;
  if (text == "1" || text == "true") return true;
  if (text.starts_with('!')) {
    const auto inner = decided(text.substr(1), variables);
    return inner ? std::optional(!*inner) : std::nullopt;
  }
  if (const auto name = argument_of(text, "defined")) return variables.has(std::string(*name));
  for (const auto& [word, same] : {std::pair{"streq", true}, std::pair{"strneq", false}}) {
    const auto both = argument_of(text, word);
    if (!both) continue;
    const auto comma = both->find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    return (both->substr(0, comma) == both->substr(comma + 1)) == same;
  }
  return std::nullopt;
}

class Reader {
 public:
  Reader(const config::FileSystem& disk, Report& report, const ReadLimits& limits)
      : disk_(disk), report_(report), limits_(limits), variables_(disk) {}

  void read(const std::string& path) {
    auto content = disk_.read(path, limits_.file_bytes);
    if (!content) return error(path, 0, fmt::format("{}: {}", path, content.error().where));
    has_section_ = false;
    blocks_.clear();
    std::string_view rest = *content;
    for (int number = 1; !rest.empty(); ++number) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      line(path, number, rest.substr(0, end));
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
    if (!blocks_.empty()) error(path, blocks_.back().line, "the .if is not closed");
  }

  Tree take() { return std::move(tree_); }

 private:
  struct Block {
    int line;
    bool taken;   // one of its branches was read
    bool active;  // this branch is
  };

  void error(const std::string& file, int line, std::string message) {
    tree_.errors.push_back({config::Finding::Severity::error, {file, line, 0}, std::move(message), {}});
  }

  void line(const std::string& file, int number, std::string_view text) {
    if (text.size() > limits_.line_bytes) return error(file, number, "the line is too long");
    Line parts = split_line(text, variables_);
    if (parts.words.empty()) return;
    const Origin at{file, number, joined(parts.words)};
    if (parts.words[0].starts_with('.')) return block(at, parts.words);
    if (!active()) return report_.changed(at, "left out: the .if around it does not hold");
    if (parts.open_quote) error(file, number, "a quote is not closed");
    for (const std::string& name : parts.missing)
      report_.lost(at, fmt::format("the environment variable {} is not set here: set it when importing", name));
    for (const std::string& name : parts.used)
      report_.changed(at, fmt::format("the value that the variable {} has now is written into the result", name));
    directive(std::move(parts.words), at);
  }

  bool active() const { return std::ranges::all_of(blocks_, &Block::active); }

  bool holds(const Origin& at, std::span<const std::string> words) {
    std::string text;
    for (const std::string& word : words.subspan(1)) text += word;
    const auto known = decided(text, variables_);
    if (!known)
      report_.lost(at, "only a running HAProxy can tell: taken as true");
    else
      report_.changed(at, *known ? "holds now, and was decided once for all" : "does not hold now");
    return known.value_or(true);
  }

  void block(const Origin& at, std::span<const std::string> words) {
    const std::string& word = words[0];
    if (word == ".if") {
      const bool now = active() && holds(at, words);
      return blocks_.push_back({at.line, now, now});
    }
    if (word != ".elif" && word != ".else" && word != ".endif")
      return report_.not_needed(at, "a message to who starts HAProxy");
    if (blocks_.empty()) return error(at.file, at.line, fmt::format("{} without .if", word));
    if (word == ".endif") return blocks_.pop_back();
    Block& last = blocks_.back();
    last.active = !last.taken && (word == ".else" || holds(at, words));
    last.taken = last.taken || last.active;
  }

  void directive(std::vector<std::string> words, const Origin& at) {
    if (++directives_ > limits_.directives) {
      if (directives_ == limits_.directives + 1) error(at.file, at.line, "too many directives");
      return;
    }
    if (const auto kind = section_kind(words[0])) return open(*kind, words, at);
    if (!has_section_) return error(at.file, at.line, fmt::format("{} stands before any section", words[0]));
    variables_set_by(words);
    tree_.sections.back().directives.push_back({std::move(words), at});
  }

  void open(SectionKind kind, const std::vector<std::string>& words, const Origin& at) {
    has_section_ = true;
    Section section{.kind = kind, .name = {}, .from = {}, .at = at, .directives = {}};
    size_t next = 1;
    if (words.size() > next && words[next] != "from") section.name = words[next++];
    if (words.size() > next + 1 && words[next] == "from") {
      section.from = words[next + 1];
      next += 2;
    }
    const bool named = kind == SectionKind::frontend || kind == SectionKind::backend || kind == SectionKind::listen;
    if (named && section.name.empty()) error(at.file, at.line, fmt::format("{} has no name", words[0]));
    if (words.size() > next) {
      // Before HAProxy 1.5, addresses could stand here.
      if (kind == SectionKind::frontend || kind == SectionKind::listen) {
        section.directives.push_back({{"bind", words[next]}, at});
      } else if (kind != SectionKind::other) {
        error(at.file, at.line, fmt::format("{} is too much here", words[next]));
      }
    }
    tree_.sections.push_back(std::move(section));
  }

  void variables_set_by(const std::vector<std::string>& words) {
    if (tree_.sections.back().kind != SectionKind::global || words.size() < 2) return;
    if (words[0] == "setenv" && words.size() > 2) variables_.set(words[1], words[2]);
    if (words[0] == "presetenv" && words.size() > 2 && !variables_.has(words[1])) variables_.set(words[1], words[2]);
    if (words[0] == "unsetenv") variables_.unset(words[1]);
  }

  const config::FileSystem& disk_;
  Report& report_;
  ReadLimits limits_;
  Variables variables_;
  Tree tree_;
  std::vector<Block> blocks_;
  size_t directives_ = 0;
  bool has_section_ = false;  // sections do not go on in the next file
};

}  // namespace

const std::string& Directive::word(size_t index) const {
  static const std::string none;
  return index < words.size() ? words[index] : none;
}

std::span<const std::string> Directive::from(size_t index) const {
  return std::span(words).subspan(std::min(index, words.size()));
}

Tree read_tree(std::span<const std::string> files, const config::FileSystem& disk, Report& report,
               const ReadLimits& limits) {
  Reader reader(disk, report, limits);
  for (const std::string& file : files) {
    // A folder is all its .cfg files, as with HAProxy's -f.
    if (!disk.has_folder(file)) {
      reader.read(file);
      continue;
    }
    for (const std::string& each : disk.glob(file + "/*.cfg")) reader.read(each);
  }
  return reader.take();
}

}  // namespace sp::import::haproxy
