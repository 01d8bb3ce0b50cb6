// A configuration file as a tree: what YAML says, before anyone asks what it means. Every node keeps its place.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "config/finding.h"

namespace sp::config {

// A Place that costs no string for each node: `file` points to a key of the Sources, which outlive the tree.
struct Position {
  const std::string* file = nullptr;
  int line = 0;
  int column = 0;
  Place place() const { return {file != nullptr ? *file : std::string(), line, column}; }
};

struct NodeEntry;

struct Node {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  Kind kind = Kind::null;
  bool secret = false;  // the text is from a file or the environment: it is not repeated in messages
  bool broken = false;  // already reported: nobody need look at the value
  Position at;
  std::string text;                // of a scalar
  std::vector<Node> items;         // of a list
  std::vector<NodeEntry> entries;  // of a map, in file order, keys unique

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  const NodeEntry* find(std::string_view key) const;
  NodeEntry* find(std::string_view key);
  // "a list", "a map", "nothing", or the text itself in backquotes, shortened.
  std::string described() const;
};

struct NodeEntry {
  std::string key;
  Position at;  // of the key
  Node value;
};

// Takes findings at positions. Borrows the list.
class Report final {
 public:
  explicit Report(std::vector<Finding>& findings) : findings_(&findings) {}
  void error(const Position& at, std::string message, std::string remedy = {}) {
    findings_->push_back({Finding::Severity::error, at.place(), std::move(message), std::move(remedy)});
  }
  void warning(const Position& at, std::string message, std::string remedy = {}) {
    findings_->push_back({Finding::Severity::warning, at.place(), std::move(message), std::move(remedy)});
  }

  // A map with a key that is wrong: that it lacks another key is then no news. Findings of later checks about the map
  // itself are left out.
  void doubt(const Position& map) { doubtful_.emplace(map.place().file, map.line, map.column); }
  bool doubtful(const Place& place) const { return doubtful_.contains({place.file, place.line, place.column}); }

 private:
  std::vector<Finding>* findings_;
  std::set<std::tuple<std::string, int, int>> doubtful_;
};

// `text` in backquotes, shortened to what fits a message.
std::string backquoted(std::string_view text);

}  // namespace sp::config
