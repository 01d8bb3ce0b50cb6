#include "import/apache/tree.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <optional>

#include "import/apache/conditions.h"
#include "import/apache/words.h"

namespace sp::import::apache {

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

bool Directive::is(std::string_view other) const { return same_word(name, other); }

const std::string& Directive::arg(size_t index) const {
  static const std::string none;
  return index < args.size() ? args[index] : none;
}

std::string Directive::text() const {
  std::string result = section ? "<" + name : name;
  for (const std::string& word : args) {
    const bool quoted = word.empty() || word.find_first_of(" \t") != std::string::npos;
    result += quoted ? " \"" + word + '"' : " " + word;
  }
  return section ? result + '>' : result;
}

namespace {

namespace fs = std::filesystem;

std::string cannot_read(const std::string& path, const Error& error) {
  return path + " cannot be read: " + error.where;
}

// One open section while its lines are read.
struct Frame {
  enum class Use {
    keep,
    transparent,
    skip
  };  // transparent: a condition that holds; its content belongs to what is around
  Directive section;
  Use use = Use::keep;
};

class Reader {
 public:
  Reader(const config::FileSystem& disk, const ReadLimits& limits) : disk_(disk), limits_(limits) {}

  void read_top(const std::string& path) {
    if (first_folder_.empty()) first_folder_ = fs::path(path).parent_path().string();
    const auto text = disk_.read(path, limits_.file_bytes);
    if (!text) return error(path, 0, cannot_read(path, text.error()));
    read_text(path, *text, tree_.directives);
  }
  Tree take() { return std::move(tree_); }

 private:
  void read_text(const std::string& path, const std::string& text, std::vector<Directive>& into);
  void read_line(const std::string& path, const LogicalLines::Line& line, std::vector<Directive>& into);
  void open_section(Directive section);
  void close_section(const std::string& path, int line, std::string_view name, std::vector<Directive>& into);
  void add(Directive directive, std::vector<Directive>& into);
  void include(const Directive& directive, std::vector<Directive>& into);
  void include_file(const Directive& directive, const std::string& path, std::vector<Directive>& into);
  std::vector<std::string> files_of(const std::string& pattern) const;
  std::vector<std::string> included_files(const std::string& pattern) const;
  void error(const std::string& path, int line, std::string what) {
    tree_.errors.push_back({.place = {path, line, line > 0 ? 1 : 0}, .message = std::move(what), .remedy = {}});
  }
  bool skipping() const { return !open_.empty() && open_.back().use == Frame::Use::skip; }
  // Where the next directive belongs: the innermost section of this file that is kept, or the file's parent.
  std::vector<Directive>& current(std::vector<Directive>& into);

  const config::FileSystem& disk_;
  ReadLimits limits_;
  Tree tree_;
  Definitions definitions_;
  std::string server_root_, first_folder_;
  std::vector<std::string> reading_;  // files that are open, outermost first: a file within itself is a cycle
  std::vector<Frame> open_;           // sections of the innermost file
  int depth_ = 0;                     // open sections of the files around it
  size_t count_ = 0;
};

std::vector<Directive>& Reader::current(std::vector<Directive>& into) {
  for (auto frame = open_.rbegin(); frame != open_.rend(); ++frame) {
    if (frame->use == Frame::Use::keep) return frame->section.children;
  }
  return into;
}

void Reader::read_text(const std::string& path, const std::string& text, std::vector<Directive>& into) {
  reading_.push_back(path);
  std::vector<Frame> outer;
  outer.swap(open_);
  depth_ += static_cast<int>(outer.size());
  LogicalLines lines(text);
  while (auto line = lines.next()) {
    if (++count_ > limits_.directives) {
      error(path, line->number, "more directives than any real server has: the rest is not read");
      break;
    }
    read_line(path, *line, into);
  }
  while (!open_.empty()) {
    const Directive& section = open_.back().section;
    error(path, section.line, section.text() + " is not closed");
    close_section(path, section.line, std::string(section.name), into);
  }
  depth_ -= static_cast<int>(outer.size());
  open_.swap(outer);
  reading_.pop_back();
}

void Reader::read_line(const std::string& path, const LogicalLines::Line& line, std::vector<Directive>& into) {
  if (line.text.size() > limits_.line_bytes) return error(path, line.number, "the line is too long");
  const bool is_section = line.text.starts_with('<');
  std::string_view rest = line.text;
  if (is_section) {
    if (rest.ends_with('>')) rest.remove_suffix(1);
    rest.remove_prefix(1);
  }
  const size_t name_end = std::min(rest.find_first_of(" \t"), rest.size());
  Directive directive{.name = std::string(rest.substr(0, name_end)),
                      .args = {},
                      .file = path,
                      .line = line.number,
                      .section = is_section,
                      .children = {}};
  if (is_section && directive.name.starts_with('/')) {
    return close_section(path, line.number, std::string_view(directive.name).substr(1), into);
  }
  directive.args = split_words(definitions_.substitute(rest.substr(name_end)));
  if (is_section) return open_section(std::move(directive));
  if (!skipping()) add(std::move(directive), into);
}

void Reader::open_section(Directive section) {
  Frame frame;
  if (static_cast<int>(open_.size()) + depth_ >= limits_.depth) {
    error(section.file, section.line, "sections are nested too deeply: this one is left out");
    frame.use = Frame::Use::skip;
  } else if (skipping()) {
    frame.use = Frame::Use::skip;
  } else if (is_condition(section)) {
    Condition condition = decide(section, definitions_, disk_);
    frame.use = condition.holds ? Frame::Use::transparent : Frame::Use::skip;
    if (!condition.note.empty()) {
      tree_.notes.push_back({section.file, section.line, section.text(), std::move(condition.note), Fate::changed});
    }
  }
  frame.section = std::move(section);
  open_.push_back(std::move(frame));
}

void Reader::close_section(const std::string& path, int line, std::string_view name, std::vector<Directive>& into) {
  if (open_.empty()) return error(path, line, "</" + std::string(name) + "> closes nothing");
  if (!open_.back().section.is(name)) {
    error(path, line, "</" + std::string(name) + "> stands where </" + open_.back().section.name + "> was expected");
    // A stray end is passed over; an end that fits a section further out closes those within it too.
    const auto fits = [&](const Frame& frame) { return frame.section.is(name); };
    if (std::ranges::none_of(open_, fits)) return;
    while (!open_.back().section.is(name)) {
      close_section(path, line, std::string(open_.back().section.name), into);
    }
  }
  Frame closed = std::move(open_.back());
  open_.pop_back();
  if (closed.use == Frame::Use::keep) current(into).push_back(std::move(closed.section));
}

void Reader::add(Directive directive, std::vector<Directive>& into) {
  if (directive.is("Include") || directive.is("IncludeOptional")) return include(directive, into);
  if (directive.is("Define")) return definitions_.define(directive.arg(0), directive.arg(1));
  if (directive.is("UnDefine")) return definitions_.undefine(directive.arg(0));
  if (directive.is("ServerRoot")) server_root_ = directive.arg(0);
  current(into).push_back(std::move(directive));
}

// A folder stands for the files in it.
std::vector<std::string> Reader::files_of(const std::string& pattern) const {
  std::vector<std::string> inside = disk_.glob((fs::path(pattern) / "*").string());
  return inside.empty() ? disk_.glob(pattern) : inside;
}

std::vector<std::string> Reader::included_files(const std::string& pattern) const {
  if (pattern.starts_with('/')) return files_of(pattern);
  // Without ServerRoot, Apache takes a path that was compiled in. What stands beside the first file, or beside its
  // folder (sites-enabled/x.conf and conf-enabled/), is what a person who runs this on a copy of the files means.
  std::vector<std::string> roots{server_root_};
  if (server_root_.empty())
    roots = {first_folder_, (fs::path(first_folder_) / "..").lexically_normal().string(), "/etc/apache2"};
  for (const std::string& root : roots) {
    const std::string path = root.empty() ? pattern : (fs::path(root) / pattern).lexically_normal().string();
    if (auto found = files_of(path); !found.empty()) return found;
  }
  return {};
}

void Reader::include(const Directive& directive, std::vector<Directive>& into) {
  const std::string& pattern = directive.arg(0);
  const std::vector<std::string> found = included_files(pattern);
  if (found.empty() && directive.is("Include")) {
    error(directive.file, directive.line, "Include " + pattern + ": no such file");
  }
  for (const std::string& path : found) include_file(directive, path, into);
}

void Reader::include_file(const Directive& directive, const std::string& path, std::vector<Directive>& into) {
  if (std::ranges::find(reading_, path) != reading_.end()) {
    return error(directive.file, directive.line, path + " includes itself");
  }
  if (static_cast<int>(reading_.size() + open_.size()) + depth_ >= limits_.depth) {
    return error(directive.file, directive.line, path + " is not read: includes are nested too deeply");
  }
  const auto text = disk_.read(path, limits_.file_bytes);
  if (!text) return error(directive.file, directive.line, cannot_read(path, text.error()));
  // The file's directives go where the Include stands; `current` is looked up first, since the file has its own
  // sections.
  std::vector<Directive> content;
  read_text(path, *text, content);
  std::vector<Directive>& target = current(into);
  for (Directive& each : content) target.push_back(std::move(each));
}

}  // namespace

Tree read_tree(std::span<const std::string> files, const config::FileSystem& disk, const ReadLimits& limits) {
  Reader reader(disk, limits);
  for (const std::string& file : files) reader.read_top(file);
  return reader.take();
}

}  // namespace sp::import::apache
