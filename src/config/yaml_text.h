// What is looked at in the text of a YAML file itself: its encoding, and why the parser may have stumbled.
#pragma once

#include <string>
#include <string_view>

#include "config/node.h"

namespace sp::config {

// Reports a file that is too large, not UTF-8, or holds control characters; true if it may be parsed. The parser takes
// U+0004 for the end of the file, so that a stray one would silently cut the configuration.
bool acceptable_text(const std::string& name, std::string_view text, Report& report, std::size_t limit_bytes);

// Whether the text in quotes that begins at `at` ends; also true where no quote begins.
bool is_closed_quote(const Position& at, std::string_view text);

// A syntax error in words that help: `what` is the parser's own description.
void report_syntax_error(const Position& at, const std::string& what, std::string_view text, Report& report);

}  // namespace sp::config
