#include "config/reader.h"

#include <algorithm>

#include "config/scalar_reader.h"
#include "config/section_keys.h"
#include "config/tables.h"

namespace sp::config {
namespace {

// Walks the tree along the tables. Each function reads one shape of value; `spot` is how messages name it.
class Reader final {
 public:
  Reader(const FileSystem& files, Report& report) : scalars_(files, report), report_(&report) {}

  template <HasSchema T>
  void section(const Node& node, const Spot& spot, T& out) {
    if (!node.is_map()) return section_from_text(node, spot, out);
    if constexpr (requires { out.place; }) out.place = node.at.place();
    std::apply([&](const auto&... field) { (read_field(node, spot, field, out), ...); }, Schema<T>::fields);
    static constexpr auto keys = keys_of<T>();
    report_unknown_keys(node, spot, keys, later_of<T>(), *report_);
  }

 private:
  template <class T, class Member, class... Rules>
  void read_field(const Node& map, const Spot& spot, const Field<T, Member, Rules...>& field, T& out) {
    if (const NodeEntry* entry = map.find(field.key)) {
      if (entry->value.kind == Node::Kind::null) {
        report_->doubt(map.at);
        return report_no_value(entry->at, field.key, *report_);
      }
      // What was meant to be in the list is not known.
      if (Shape<Member>::list && entry->value.is_map()) report_->doubt(map.at);
      return value(entry->value, Spot::key(field.key), out.*(field.member), field.rules);
    }
    bool required = has_rule<Required, std::tuple<Rules...>>;
    std::string_view instead;
    if constexpr (has_rule<RequiredUnless, std::tuple<Rules...>>) {
      instead = std::get<RequiredUnless>(field.rules).other;
      required = map.find(instead) == nullptr;
    }
    if (!required) return;
    static constexpr auto keys = keys_of<T>();
    report_missing(map, spot, field.key, field.doc, keys, later_of<T>(), *report_, instead);
  }

  // A text where a map could be: it stands for the one key that is usually meant.
  template <HasSchema T>
  void section_from_text(const Node& node, const Spot& spot, T& out) {
    if constexpr (requires { out.place; }) out.place = node.at.place();
    if (node.broken) return;
    if constexpr (requires { Schema<T>::shorthand; }) {
      if (node.is_scalar()) {
        const auto read_shorthand = [&](const auto& field) {
          if (field.key == Schema<T>::shorthand) value(node, spot, out.*(field.member), field.rules);
        };
        return std::apply([&](const auto&... field) { (read_shorthand(field), ...); }, Schema<T>::fields);
      }
    }
    static constexpr auto keys = keys_of<T>();
    report_not_a_map(node, spot, keys, *report_);
  }

  template <class T, class Rules>
  void value(const Node& node, const Spot& spot, T& out, const Rules& rules) {
    if constexpr (HasSchema<T>) {
      section(node, spot, out);
    } else if constexpr (Shape<T>::optional) {
      typename Shape<T>::Element element{};
      value(node, spot, element, rules);
      out = std::move(element);
    } else if constexpr (Shape<T>::list) {
      list(node, spot, out, rules);
    } else if constexpr (Shape<T>::fields) {
      fields(node, spot, out, rules);
    } else if constexpr (Shape<T>::map) {
      map(node, spot, out, rules);
    } else {
      scalars_.read(node, spot, out, rules);
    }
  }

  template <class T, class Rules>
  void list(const Node& node, const Spot& spot, std::vector<T>& out, const Rules& rules) {
    out.clear();
    if (node.is_list()) {
      if (has_rule<NotEmpty, Rules> && node.items.empty())
        report_->error(node.at, spot.text() + " is empty", "add an item");
      for (const Node& item : node.items) value(item, Spot::item_of(spot), out.emplace_back(), rules);
      return;
    }
    constexpr bool takes_text = !HasSchema<T> || requires { Schema<T>::shorthand; };
    if (takes_text && node.is_scalar()) return value(node, spot, out.emplace_back(), rules);
    if (node.broken) return;
    report_->error(node.at, spot.text() + " wants a list, and this is " + node.described(),
                   "begin each item with `- `");
  }

  template <class T, class Rules>
  void fields(const Node& node, const Spot& spot, std::vector<std::pair<std::string, T>>& out, const Rules& rules) {
    out.clear();
    for_each_entry(node, spot, rules, [&](const NodeEntry& entry) {
      const std::string name = lower(entry.key);
      if (std::ranges::any_of(out, [&](const auto& known) { return lower(known.first) == name; })) {
        report_->error(entry.at, backquoted(entry.key) + " is given twice in " + spot.text(),
                       "upper and lower case are the same here: keep one of them");
        return;
      }
      out.emplace_back(entry.key, T{});
      value(entry.value, Spot::key(entry.key), out.back().second, rules);
    });
  }

  template <class T, class Rules>
  void map(const Node& node, const Spot& spot, std::map<std::string, T>& out, const Rules& rules) {
    out.clear();
    for_each_entry(node, spot, rules, [&](const NodeEntry& entry) {
      T& element = out[entry.key];
      if constexpr (requires { Schema<T>::key_member; }) element.*(Schema<T>::key_member) = entry.key;
      value(entry.value, Spot::key(entry.key), element, rules);
      // A list of servers is looked for by its name: that is where findings about it point.
      if constexpr (requires { element.place; }) element.place = entry.at.place();
    });
  }

  template <class Rules, class Read>
  void for_each_entry(const Node& node, const Spot& spot, const Rules& rules, Read read) {
    if (node.broken) return;
    if (!node.is_map()) {
      report_->error(node.at, spot.text() + " wants names with values, and this is " + node.described(),
                     "write `name: value` below it");
      return;
    }
    for (const NodeEntry& entry : node.entries) {
      scalars_.check_key(entry, rules);
      if (entry.value.kind == Node::Kind::null)
        report_no_value(entry.at, entry.key, *report_);
      else
        read(entry);
    }
  }

  ScalarReader scalars_;
  Report* report_;
};

}  // namespace

Config read_config(const Node& tree, const FileSystem& files, Report& report) {
  Config config;
  // An empty file lacks what is required, and is nothing worse.
  Node nothing;
  nothing.kind = Node::Kind::map;
  nothing.at = tree.at;
  Reader(files, report).section(tree.kind == Node::Kind::null ? nothing : tree, Spot::top(), config);
  return config;
}

}  // namespace sp::config
