// Writing YAML as a person would: quotes only where they are needed, short maps and lists on one line.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sp::import {

// A string as a scalar, within [ ] or { }, or alone on its line. Quoted where it could be read as something else.
std::string yaml_scalar(std::string_view text);
// The same where it is alone on its line: URLs need no quotes there.
std::string yaml_line_scalar(std::string_view text);
std::string yaml_list(const std::vector<std::string>& items);  // "[ a, b ]", its items being strings

// A map in the making: pairs of key and text that is YAML already.
class YamlMap {
 public:
  void add(std::string_view key, std::string yaml) { pairs_.emplace_back(yaml_scalar(key), std::move(yaml)); }
  void add_string(std::string_view key, std::string_view value) {
    if (!value.empty()) add(key, yaml_scalar(value));
  }
  bool empty() const { return pairs_.empty(); }
  std::string flow() const;  // "{ a: 1, b: 2 }"

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// Lines with indentation.
class YamlLines {
 public:
  void comment(int indent, std::string_view text);  // wrapped at 120 columns
  // "key: value"; nothing where the value is empty.
  void line(int indent, std::string_view key, std::string_view value);
  void open(int indent, std::string_view key);    // "key:"
  void item(int indent, std::string_view value);  // "- value"
  void blank() { text_ += '\n'; }
  // Turns the white space before the first key that was written since `start` into "- ".
  void mark_item(size_t start);
  size_t position() const { return text_.size(); }
  std::string take() { return std::exchange(text_, {}); }

 private:
  std::string text_;
};

}  // namespace sp::import
