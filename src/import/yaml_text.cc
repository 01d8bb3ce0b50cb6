#include "import/yaml_text.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace sp::import {
namespace {

constexpr size_t line_width = 120;

// Fewer than YAML allows: regular expressions and patterns are clearer in quotes.
bool is_plain_char(unsigned char c) {
  return std::isalnum(c) != 0 || std::string_view("/._-+=").contains(static_cast<char>(c));
}

// Words and numbers that some reader of YAML takes for something else than a string.
bool looks_typed(std::string_view text) {
  static constexpr std::array words{"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"};
  const auto same = [&](std::string_view word) {
    return std::ranges::equal(text, word, [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
  };
  const bool number = std::ranges::all_of(text, [](unsigned char c) {
    return std::isdigit(c) != 0 || std::string_view("+-._eExX").contains(static_cast<char>(c));
  });
  const bool address = std::ranges::count(text, '.') > 1;  // 127.0.0.1 is no number
  return (number && !address) || std::ranges::any_of(words, same);
}

// A double-quoted scalar: the only form that can say every byte.
std::string quoted(std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      result.append("\\x").append(1, hex[byte >> 4]).append(1, hex[byte & 15]);
    } else {
      result += c;
    }
  }
  return result + '"';
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, is_plain_char) && !looks_typed(text) &&
                     (std::isalnum(static_cast<unsigned char>(text.front())) != 0 || text.front() == '/');
  if (plain) return std::string(text);
  // Regular expressions are read best in single quotes, where a backslash is a backslash.
  const bool printable = std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7f && c != '\''; });
  if (printable && text.contains('\\')) return "'" + std::string(text) + "'";
  return quoted(text);
}

std::string yaml_line_scalar(std::string_view text) {
  const size_t scheme = text.find("://");
  const bool plain_url =
      scheme != std::string_view::npos && scheme > 0 && text.size() > scheme + 3 && !text.ends_with(':') &&
      std::ranges::all_of(text, [](unsigned char c) { return is_plain_char(c) || c == ':'; }) &&
      std::ranges::all_of(text.substr(0, scheme), [](unsigned char c) { return std::isalpha(c) != 0 || c == '+'; });
  return plain_url ? std::string(text) : yaml_scalar(text);
}

std::string yaml_list(const std::vector<std::string>& items) {
  std::string result;
  for (const std::string& item : items) result += (result.empty() ? "[ " : ", ") + yaml_scalar(item);
  return result.empty() ? "[]" : result + " ]";
}

std::string YamlMap::flow() const {
  std::string result;
  for (const auto& [key, value] : pairs_) {
    result.append(result.empty() ? "{ " : ", ").append(key).append(": ").append(value);
  }
  return result.empty() ? "{}" : result + " }";
}

void YamlLines::comment(int indent, std::string_view text) {
  const std::string start = std::string(static_cast<size_t>(indent), ' ') + "#";
  std::string line = start;
  const auto flush = [&] {
    text_ += line + '\n';
    line = start + "  ";  // what goes on is indented, so that notes can be told apart
  };
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (line.size() + 1 + end > line_width && line.size() > start.size() + 2) flush();
    line.append(" ");
    // Control characters of a hostile file must not end the comment.
    for (const char c : text.substr(0, end)) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  text_ += line + '\n';
}

void YamlLines::line(int indent, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  text_.append(static_cast<size_t>(indent), ' ').append(yaml_scalar(key)).append(": ").append(value).append("\n");
}

void YamlLines::open(int indent, std::string_view key) {
  text_.append(static_cast<size_t>(indent), ' ').append(yaml_scalar(key)).append(":\n");
}

void YamlLines::item(int indent, std::string_view value) {
  text_.append(static_cast<size_t>(indent), ' ').append("- ").append(value).append("\n");
}

void YamlLines::mark_item(size_t start) {
  while (start < text_.size()) {
    const size_t first = text_.find_first_not_of(' ', start);
    if (first == std::string::npos) return;
    if (text_[first] != '#') {
      if (first >= start + 2) text_[first - 2] = '-';
      return;
    }
    start = std::min(text_.find('\n', first), text_.size() - 1) + 1;
  }
}

}  // namespace sp::import
