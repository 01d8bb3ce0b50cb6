#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>

#include "config/yaml_text.h"

namespace sp::config {
namespace {

// Where a bound is exceeded the parser is stopped with its own kind of exception: it has no other way.
[[noreturn]] void stop(const YAML::Mark& mark, const char* why) { throw YAML::ParserException(mark, why); }

constexpr const char* too_many = "the file is too large once its aliases are followed";
constexpr const char* too_deep = "this is nested too deeply";

// Builds the tree from the events of one document.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& name, Report& report, const YamlLimits& limits)
      : name_(&name), report_(&report), limits_(limits) {}

  Node take() { return std::move(root_); }

  // The last text in quotes: the parser takes the end of the file for the end of the quote.
  const Position& last_quoted() const { return last_quoted_; }
  // Where the `[` or `{` stands that the parser has not seen the end of; it says only where the text ends.
  YAML::Mark open_flow(const YAML::Mark& otherwise) const {
    const auto open = std::ranges::find(stack_.rbegin(), stack_.rend(), true, &Frame::flow);
    return open == stack_.rend() ? otherwise : open->mark;
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node = begin(Node::Kind::null, mark);
    if (!stack_.empty()) {
      // The parser gives the place of whatever follows, which may be lines away.
      const Frame& frame = stack_.back();
      node.at = frame.has_key ? frame.key_at : (frame.node.is_list() ? node.at : position(mark));
    }
    finish(std::move(node), anchor, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    if (tag == "!") last_quoted_ = position(mark);
    Node node = begin(Node::Kind::scalar, mark);
    node.text = value;
    finish(std::move(node), anchor, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    check_tag(mark, tag);
    push(begin(Node::Kind::list, mark), anchor, mark, style);
  }
  void OnSequenceEnd() override { pop(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    check_tag(mark, tag);
    push(begin(Node::Kind::map, mark), anchor, mark, style);
  }
  void OnMapEnd() override { pop(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(mark, "this alias names something that is not complete yet");
    const Anchored& target = found->second;
    if (static_cast<int>(stack_.size()) + target.height > limits_.depth) stop(mark, too_deep);
    spend(target.nodes, mark);
    add(target.node, mark);
  }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    bool flow;  // written with brackets
    bool has_key = false;
    bool bad_key = false;
    std::string key{};
    Position key_at{};
    std::unordered_map<std::string, int> lines{};  // of the keys so far
  };
  struct Anchored {
    Node node;
    std::size_t nodes;
    int height;
  };

  Position position(const YAML::Mark& mark) const { return {name_, mark.line + 1, mark.column + 1}; }

  void spend(std::size_t nodes, const YAML::Mark& mark) {
    if (nodes > limits_.nodes - spent_) stop(mark, too_many);
    spent_ += nodes;
  }

  Node begin(Node::Kind kind, const YAML::Mark& mark) {
    spend(1, mark);
    Node node;
    node.kind = kind;
    node.at = position(mark);
    return node;
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return;
    report_->error(position(mark), "the tag " + backquoted(tag) + " means nothing here", "leave it out");
  }

  void push(Node node, YAML::anchor_t anchor, const YAML::Mark& mark, YAML::EmitterStyle::value style) {
    if (static_cast<int>(stack_.size()) >= limits_.depth) stop(mark, too_deep);
    stack_.push_back(
        {.node = std::move(node), .anchor = anchor, .mark = mark, .flow = style == YAML::EmitterStyle::Flow});
  }

  void pop() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    if (frame.node.is_map()) merge_maps(frame.node);
    finish(std::move(frame.node), frame.anchor, frame.mark);
  }

  void finish(Node node, YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (anchor != 0) {
      const auto [nodes, height] = measure(node);
      spend(nodes, mark);  // the copy that is kept for the aliases
      anchors_.insert_or_assign(anchor, Anchored{node, nodes, height});
    }
    add(std::move(node), mark);
  }

  static std::pair<std::size_t, int> measure(const Node& node) {
    std::size_t nodes = 1;
    int height = 0;
    const auto below = [&](const Node& child) {
      const auto [n, h] = measure(child);
      nodes += n;
      height = std::max(height, h);
    };
    for (const Node& item : node.items) below(item);
    for (const NodeEntry& entry : node.entries) below(entry.value);
    return {nodes, height + 1};
  }

  // Puts a complete node where it belongs: it is the document, an item, a key or a value.
  void add(Node node, const YAML::Mark& mark) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.is_list()) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      take_key(frame, node, mark);
    } else {
      frame.has_key = false;
      if (!frame.bad_key) add_entry(frame, {std::move(frame.key), frame.key_at, std::move(node)});
    }
  }

  void take_key(Frame& frame, Node& node, const YAML::Mark& mark) {
    frame.has_key = true;
    frame.key_at = position(mark);
    frame.key = std::move(node.text);
    frame.bad_key = !node.is_scalar();
    if (!frame.bad_key) return;
    report_->error(frame.key_at, "a key must be text, not " + node.described(), "write `key: value`");
  }

  void add_entry(Frame& frame, NodeEntry entry) {
    const auto [first, is_new] = frame.lines.emplace(entry.key, entry.at.line);
    if (is_new || entry.key == "<<") {
      frame.node.entries.push_back(std::move(entry));
      return;
    }
    report_->error(entry.at, "the key " + backquoted(entry.key) + " is given twice in one map",
                   "keep one of them; the other is on line " + std::to_string(first->second));
  }

  // `<<: *defaults`, or a list of such: keys that the map does not have itself.
  void merge_maps(Node& map) {
    std::vector<NodeEntry> merged;
    for (auto it = map.entries.begin(); it != map.entries.end();) {
      if (it->key != "<<") {
        ++it;
        continue;
      }
      merge_from(map, it->value, merged);
      it = map.entries.erase(it);
    }
    std::ranges::move(merged, std::back_inserter(map.entries));
  }

  void merge_from(const Node& map, Node& source, std::vector<NodeEntry>& merged) {
    if (source.is_list()) {
      for (Node& item : source.items) {
        if (item.is_map())
          merge_from(map, item, merged);
        else
          report_->error(item.at, "`<<` merges maps, and this is " + item.described());
      }
      return;
    }
    if (!source.is_map()) {
      report_->error(source.at, "`<<` merges maps, and this is " + source.described(),
                     "name an anchored map: `<<: *name`");
      return;
    }
    for (NodeEntry& entry : source.entries) {
      const bool known =
          map.find(entry.key) != nullptr || std::ranges::find(merged, entry.key, &NodeEntry::key) != merged.end();
      if (!known) merged.push_back(std::move(entry));
    }
  }

  Position last_quoted_;
  const std::string* name_;
  Report* report_;
  YamlLimits limits_;
  std::size_t spent_ = 0;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  Node root_;
};

// For what stands after the first document: only that it is there matters.
class Ignore final : public YAML::EventHandler {
 public:
  explicit Ignore(YAML::Mark& start) : start_(&start) {}
  void OnDocumentStart(const YAML::Mark& mark) override { *start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  YAML::Mark* start_;
};

}  // namespace

std::optional<Node> parse_yaml(const std::string& name, const std::string& text, Report& report,
                               const YamlLimits& limits) {
  if (!acceptable_text(name, text, report, limits.bytes)) return std::nullopt;
  TreeBuilder builder(name, report, limits);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      Node empty;
      empty.at = {&name, 1, 1};
      return empty;
    }
    YAML::Mark second;
    Ignore ignore(second);
    if (parser.HandleNextDocument(ignore)) {
      report.error({&name, second.line + 1, second.column + 1}, "a second YAML document begins here",
                   "remove the `---`; several files are joined with `include`");
    }
    if (!is_closed_quote(builder.last_quoted(), text))
      report.error(builder.last_quoted(), "this quote is not closed", "close it with the same kind of quote");
    return builder.take();
  } catch (const YAML::Exception& error) {
    const bool unclosed = error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW || error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW;
    const YAML::Mark mark = unclosed ? builder.open_flow(error.mark) : error.mark;
    report_syntax_error({&name, mark.line + 1, mark.column + 1}, error.msg, text, report);
  } catch (const std::exception& error) {
    report.error({&name, 1, 1}, std::string("the YAML cannot be read: ") + error.what());
  }
  return std::nullopt;
}

}  // namespace sp::config
