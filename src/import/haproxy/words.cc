#include "import/haproxy/words.h"

#include <algorithm>
#include <utility>

namespace sp::import::haproxy {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

class Splitter {
 public:
  Splitter(std::string_view text, const Variables& variables) : text_(text), variables_(variables) {}

  Line run() {
    while (at_ < text_.size() && step()) {
    }
    end_word();
    line_.open_quote = quote_ != '\0';
    return std::move(line_);
  }

 private:
  // False: a comment begins.
  bool step() {
    const char c = text_[at_];
    if (quote_ == '\'') {
      c == '\'' ? close_quote() : take(c);
      return true;
    }
    if (c == '\\') return escape();
    if (c == '$' && variable()) return true;
    if (quote_ == '"') {
      c == '"' ? close_quote() : take(c);
      return true;
    }
    if (c == '#') return false;
    if (c == '"' || c == '\'') {
      quote_ = c;
      in_word_ = true;
      ++at_;
    } else if (is_blank(c)) {
      end_word();
      ++at_;
    } else {
      take(c);
    }
    return true;
  }

  void take(char c) {
    word_ += c;
    in_word_ = true;
    ++at_;
  }
  void close_quote() {
    quote_ = '\0';
    ++at_;
  }
  void end_word() {
    if (in_word_) line_.words.push_back(std::exchange(word_, {}));
    in_word_ = false;
  }
  char following(size_t distance) const { return at_ + distance < text_.size() ? text_[at_ + distance] : '\0'; }

  // An escape that HAProxy does not know keeps its backslash: `\.` of a regular expression needs no second one.
  bool escape() {
    in_word_ = true;
    const char next = following(1);
    static constexpr std::string_view named = "nrt";
    static constexpr std::string_view meant = "\n\r\t";
    const auto index = named.find(next);
    if (next != '\0' && index != std::string_view::npos) {
      word_ += meant[index];
    } else if (next == 'x' && hex_digit(following(2)) >= 0 && hex_digit(following(3)) >= 0) {
      word_ += static_cast<char>(hex_digit(following(2)) * 16 + hex_digit(following(3)));
      at_ += 2;
    } else if (next != '\0' && std::string_view(" \\#'\"$").find(next) != std::string_view::npos) {
      word_ += next;
    } else {
      word_ += '\\';
      at_ -= 1;
    }
    at_ += 2;
    return true;
  }

  // "$NAME" within double quotes, ${NAME} and ${NAME-else} everywhere: HAProxy reads it in addresses without quotes
  // too.
  bool variable() {
    const bool braces = following(1) == '{';
    if (!braces && (quote_ != '"' || !is_name(following(1)))) return false;
    size_t end = at_ + (braces ? 2 : 1);
    const size_t start = end;
    while (end < text_.size() && is_name(text_[end])) ++end;
    const std::string name(text_.substr(start, end - start));
    std::string otherwise;
    bool has_otherwise = false;
    if (braces) {
      const size_t close = text_.find('}', end);
      if (close == std::string_view::npos || name.empty()) return false;
      std::string_view rest = text_.substr(end, close - end);
      if (rest.starts_with("[*]")) rest.remove_prefix(3);
      has_otherwise = rest.starts_with('-');
      if (has_otherwise) otherwise = rest.substr(1);
      end = close + 1;
    }
    put(name, has_otherwise, otherwise);
    at_ = end;
    return true;
  }

  void put(const std::string& name, bool has_otherwise, const std::string& otherwise) {
    const auto value = variables_.find(name);
    if (value) line_.used.push_back(name);
    if (!value && !has_otherwise) line_.missing.push_back(name);
    word_ += value ? *value : otherwise;
    in_word_ = in_word_ || quote_ != '\0' || !word_.empty();
  }

  std::string_view text_;
  const Variables& variables_;
  size_t at_ = 0;
  char quote_ = '\0';
  bool in_word_ = false;
  std::string word_;
  Line line_;
};

}  // namespace

std::optional<std::string> Variables::find(const std::string& name) const {
  if (const auto own = own_.find(name); own != own_.end()) return own->second;
  return disk_.variable(name);
}

Line split_line(std::string_view text, const Variables& variables) { return Splitter(text, variables).run(); }

}  // namespace sp::import::haproxy
