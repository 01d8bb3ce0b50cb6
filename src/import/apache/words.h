// The lowest layer of Apache's syntax: logical lines, and words with quotes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sp::import::apache {

// Lines joined where one ends in a backslash, without surrounding white space. Comments and empty lines are left out
// (in Apache a comment goes on after a backslash too; there are no comments behind a directive).
class LogicalLines {
 public:
  explicit LogicalLines(std::string_view text) : rest_(text) {}
  struct Line {
    std::string text;
    int number;  // of its first physical line, from 1
  };
  std::optional<Line> next();

 private:
  std::string_view rest_;
  int number_ = 0;
};

// "..." and '...' hold white space; in them a backslash escapes the quote, and everywhere another backslash.
std::vector<std::string> split_words(std::string_view text);

}  // namespace sp::import::apache
