#include "config/tree.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "config/environment.h"
#include "config/yaml.h"

namespace sp::config {
namespace {

constexpr std::size_t most_files = 1000;
constexpr std::size_t most_levels = 16;
constexpr std::string_view include_key = "include";

// "a/../b.yaml" and "./b.yaml" are one file with "b.yaml": otherwise two files that include each other would go on for
// ever.
std::string normal(const std::string& path) { return std::filesystem::path(path).lexically_normal().string(); }

bool has_wildcard(std::string_view pattern) { return pattern.find_first_of("*?[") != std::string_view::npos; }

class TreeLoader final {
 public:
  TreeLoader(const FileSystem& files, Sources& sources, Report& report)
      : files_(&files), sources_(&sources), report_(&report) {}

  std::optional<Node> load(const std::string& name, std::string text) {
    const auto source = sources_->emplace(name, std::move(text)).first;
    std::optional<Node> tree = parse_yaml(source->first, source->second, *report_);
    if (!tree) return std::nullopt;
    expand_environment(*tree, *files_, *report_);
    if (tree->is_map()) follow_includes(*tree, source->first);
    return tree;
  }

 private:
  void follow_includes(Node& tree, const std::string& from) {
    const auto found = std::ranges::find(tree.entries, include_key, &NodeEntry::key);
    if (found == tree.entries.end()) return;
    const Node include = std::move(found->value);
    tree.entries.erase(found);
    open_.push_back(normal(from));
    if (include.is_list()) {
      for (const Node& item : include.items) follow_include(tree, item, from);
    } else {
      follow_include(tree, include, from);
    }
    open_.pop_back();
  }

  void follow_include(Node& tree, const Node& include, const std::string& from) {
    if (include.broken) return;
    if (!include.is_scalar() || include.text.empty()) {
      report_->error(include.at, "`include` wants the path of a file, and this is " + include.described(),
                     "write `include: conf.d/*.yaml`");
      return;
    }
    const std::string pattern = normal(relative_to(from, include.text));
    if (!has_wildcard(pattern)) return include_file(tree, pattern, include.at);
    // A pattern that matches nothing is how an empty conf.d looks.
    for (const std::string& path : files_->glob(pattern)) include_file(tree, path, include.at);
  }

  void include_file(Node& tree, const std::string& path, const Position& at) {
    if (std::ranges::find(open_, path) != open_.end()) {
      report_->error(at, "the file " + backquoted(path) + " includes itself", "remove one `include` of the circle");
      return;
    }
    if (sources_->contains(path)) {
      report_->error(at, "the file " + backquoted(path) + " is included twice", "remove one of the two");
      return;
    }
    if (sources_->size() >= most_files || open_.size() > most_levels) {
      report_->error(at, "there are too many included files", "join some of them");
      return;
    }
    std::optional<std::string> text = read_reported(path, at, *files_, *report_);
    if (!text) return;
    std::optional<Node> included = load(path, std::move(*text));
    if (!included || included->kind == Node::Kind::null) return;
    if (tree.kind == Node::Kind::map && !included->is_map()) {
      report_->error(included->at, "an included file must be a map of keys, and this is " + included->described());
      return;
    }
    merge(tree, std::move(*included));
  }

  // Lists are joined, maps are merged, and what is neither may be said once.
  void merge(Node& into, Node from) {
    for (NodeEntry& entry : from.entries) {
      NodeEntry* known = into.find(entry.key);
      if (known == nullptr) {
        into.entries.push_back(std::move(entry));
      } else if (known->value.is_list() && entry.value.is_list()) {
        std::ranges::move(entry.value.items, std::back_inserter(known->value.items));
      } else if (known->value.is_map() && entry.value.is_map()) {
        merge(known->value, std::move(entry.value));
      } else {
        report_->error(entry.at, "the key " + backquoted(entry.key) + " is given in two files",
                       "keep one of them; the other is at " + text(known->at.place()));
      }
    }
  }

  const FileSystem* files_;
  Sources* sources_;
  Report* report_;
  std::vector<std::string> open_;  // from the first file to the one that is being read
};

}  // namespace

std::optional<Node> load_tree(const std::string& name, std::string text, const FileSystem& files, Sources& sources,
                              Report& report) {
  return TreeLoader(files, sources, report).load(name, std::move(text));
}

std::optional<std::string> read_reported(const std::string& path, const Position& at, const FileSystem& files,
                                         Report& report) {
  Result<std::string> content = files.read(path, YamlLimits{}.bytes);
  if (content) return *std::move(content);
  std::string remedy = "check the file and its permissions";
  if (content.error().code == Code::not_found) {
    // The first file is named by nobody but the command line.
    remedy = at.line > 0 ? "relative paths start at the folder of the file that names them"
                         : "check the path; without -c FILE it is ./sallyport.yaml, else /etc/sallyport/sallyport.yaml";
  }
  report.error(at, "the file " + backquoted(path) + " cannot be used: " + content.error().where, std::move(remedy));
  return std::nullopt;
}

}  // namespace sp::config
