// What is wrong with an argument of the command line, in the form of the findings of a configuration.
#pragma once

#include <string>
#include <utility>

#include "config/finding.h"

namespace sp::app {

// `argument`: as it is written, "--only".
inline config::Finding wrong_argument(const char* argument, std::string message, std::string remedy) {
  return {
      .place = {.file = argument, .line = 0, .column = 0}, .message = std::move(message), .remedy = std::move(remedy)};
}

}  // namespace sp::app
