// What is wrong with a configuration: findings, and how they are shown to people and programs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"

namespace sp::config {

struct Finding {
  enum class Severity : std::uint8_t { error, warning };
  Severity severity = Severity::error;
  Place place;
  std::string message;  // what is wrong, without a full stop
  std::string remedy;   // what to do; may be empty
};

// The text of every file that was read, by the name that places use.
using Sources = std::map<std::string, std::string>;

bool has_errors(const std::vector<Finding>& findings);

// "file:line:column", or less where less is known.
std::string text(const Place& place);

// The findings in their order, each as
//   file:line:column: error: message
//     the line of the file
//        ^
//     remedy: what to do
enum class Color : std::uint8_t { none, ansi };
std::string print(const std::vector<Finding>& findings, const Sources& sources, Color color = Color::none);

// A JSON array of objects with severity, file, line, column, message and remedy; text that is not UTF-8 is replaced.
std::string print_json(const std::vector<Finding>& findings);

}  // namespace sp::config
