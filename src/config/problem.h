// What is wrong with one value, before it is known where it stands.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sp::config {

struct Problem {
  std::string message;
  std::string remedy;
};

// Whether a text is what a key wants: null if it is.
using TextTest = std::optional<Problem> (*)(std::string_view text);

}  // namespace sp::config
