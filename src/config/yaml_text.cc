#include "config/yaml_text.h"

#include <array>

#include "base/units.h"

namespace sp::config {
namespace {

// The length of the UTF-8 sequence at the start of `text`, or 0 if there is none that is well-formed (RFC 3629).
std::size_t utf8_length(std::string_view text) {
  const auto octet = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (octet(i) & 0xC0u) == 0x80u; };
  const unsigned first = octet(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    const bool overlong = first == 0xE0 && octet(1) < 0xA0;
    const bool surrogate = first == 0xED && octet(1) > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    const bool overlong = first == 0xF0 && octet(1) < 0x90;
    const bool beyond = first == 0xF4 && octet(1) > 0x8F;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

bool forbidden(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return (octet < 0x20 && c != '\t' && c != '\n' && c != '\r') || octet == 0x7f;
}

// The first line, up to `last`, that is indented with a tab; 0 if none is.
int line_indented_by_tab(std::string_view text, int last, int& column) {
  int line = 1;
  while (!text.empty() && line <= last) {
    const std::size_t blank = text.find_first_not_of(' ');
    if (blank != std::string_view::npos && text[blank] == '\t') {
      column = static_cast<int>(blank) + 1;
      return line;
    }
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return 0;
    text.remove_prefix(end + 1);
    ++line;
  }
  return 0;
}

struct Hint {
  std::string_view what;  // of the parser's description
  std::string_view message;
  std::string_view remedy;
};

constexpr std::array hints{
    Hint{"illegal map value", "a `:` where no key can be",
         "indent the keys of one map by the same number of spaces, and quote text that holds `: `"},
    Hint{"end of map not found", "this does not continue the map that it is in",
         "indent the keys of one map by the same number of spaces"},
    Hint{"end of sequence not found", "this does not continue the list that it is in",
         "indent the items of one list by the same number of spaces, and begin each with `- `"},
    Hint{"end of map flow not found", "this `{` is not closed, or a quote within it",
         "close it with `}`, with `,` between the keys"},
    Hint{"end of sequence flow not found", "this `[` is not closed, or a quote within it",
         "close it with `]`, with `,` between the items"},
    Hint{"illegal flow end", "a `]` or `}` without its beginning", "remove it, or quote the text that holds it"},
    Hint{"illegal block entry", "a list begins where none can be",
         "put `- ` on a line of its own, indented below its key"},
    Hint{"illegal EOF in scalar", "a quote is not closed", "close it with the same kind of quote"},
    Hint{"illegal document indicator in scalar", "a quote is not closed", "close it with the same kind of quote"},
    Hint{"unknown escape character", "an unknown escape in a text in double quotes",
         "write `\\\\` for a backslash, or use single quotes"},
    Hint{"the referenced anchor is not defined", "this alias names no anchor",
         "define it above with `&name`, or quote text that begins with `*`"},
    Hint{"alias not found after *", "a `*` without quotes begins an alias, and here is none",
         "quote text that begins with `*`: `\"*\"`"},
    Hint{"illegal tab", "a tab where YAML wants spaces", "indent with spaces"},
    Hint{"unknown token", "text without quotes cannot hold this character here", "put the text in quotes"},
    Hint{"not complete yet", "this alias is within what it names", "name something that ends before"},
    Hint{"too deeply", "this is nested too deeply", "no configuration needs as many levels"},
    Hint{"too large once its aliases", "the file is too large once its aliases are followed",
         "use fewer anchors and aliases"},
};

}  // namespace

bool acceptable_text(const std::string& name, std::string_view text, Report& report, std::size_t limit_bytes) {
  if (text.size() > limit_bytes) {
    report.error({&name, 0, 0}, "the file is larger than " + format_size(Bytes{limit_bytes}),
                 "split it, or check that this is the right file");
    return false;
  }
  Position at{&name, 1, 1};
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      report.error(at, "this is not UTF-8 text", "save the file as UTF-8");
      return false;
    }
    if (forbidden(text.front())) {
      report.error(at, "a control character (" + std::to_string(static_cast<int>(text.front())) + ")", "remove it");
      return false;
    }
    at = text.front() == '\n' ? Position{&name, at.line + 1, 1}
                              : Position{&name, at.line, at.column + static_cast<int>(length)};
    text.remove_prefix(length);
  }
  return true;
}

bool is_closed_quote(const Position& at, std::string_view text) {
  for (int line = 1; line < at.line; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
  if (at.column < 1 || static_cast<std::size_t>(at.column) > text.size()) return true;
  text.remove_prefix(static_cast<std::size_t>(at.column) - 1);
  const char quote = text.front();
  if (quote != '"' && quote != '\'') return true;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\')
      ++i;
    else if (text[i] == quote)
      return true;  // of a doubled one, too: another follows then, or the end
  }
  return false;
}

void report_syntax_error(const Position& at, const std::string& what, std::string_view text, Report& report) {
  int column = 0;
  if (const int line = line_indented_by_tab(text, at.line, column); line != 0) {
    report.error({at.file, line, column}, "a tab in the indentation", "indent with spaces: YAML knows no tabs there");
    return;
  }
  for (const Hint& hint : hints) {
    if (what.find(hint.what) == std::string::npos) continue;
    report.error(at, std::string(hint.message), std::string(hint.remedy));
    return;
  }
  report.error(at, "this is not YAML: " + what, "see the line, and the one above it");
}

}  // namespace sp::config
