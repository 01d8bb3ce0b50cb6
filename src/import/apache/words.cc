#include "import/apache/words.h"

#include <algorithm>

namespace sp::import::apache {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes one word off the front of `text`, which does not begin with a blank.
std::string take_word(std::string_view& text) {
  std::string word;
  const char quote = text.front() == '"' || text.front() == '\'' ? text.front() : '\0';
  size_t at = quote != '\0' ? 1 : 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0' ? c == quote : is_blank(c)) break;
    const char following = at + 1 < text.size() ? text[at + 1] : '\0';
    if (c == '\\' && (following == '\\' || (quote != '\0' && following == quote))) ++at;
    word.push_back(text[at]);
  }
  // The closing quote goes; what follows it directly is the next word, as in Apache.
  text.remove_prefix(std::min(text.size(), at + (quote != '\0' ? 1 : 0)));
  return word;
}

}  // namespace

std::optional<LogicalLines::Line> LogicalLines::next() {
  while (!rest_.empty()) {
    Line line{.text = {}, .number = number_ + 1};
    bool more = true;
    while (more && !rest_.empty()) {
      const size_t end = std::min(rest_.find('\n'), rest_.size());
      std::string_view part = rest_.substr(0, end);
      rest_.remove_prefix(std::min(rest_.size(), end + 1));
      ++number_;
      if (part.ends_with('\r')) part.remove_suffix(1);
      more = part.ends_with('\\');
      if (more) part.remove_suffix(1);
      line.text += part;
    }
    line.text = std::string(trimmed(line.text));
    if (!line.text.empty() && line.text.front() != '#') return line;
  }
  return std::nullopt;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) words.push_back(take_word(text));
  return words;
}

}  // namespace sp::import::apache
