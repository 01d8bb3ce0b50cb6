// International names as DNS has them: "bücher.example" is "xn--bcher-kva.example" (IDNA2008, UTS 46).
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace sp::policy {

// Of a whole name in UTF-8, in lower case; or a sentence's end about what is wrong with it. Whether the result is a
// name at all is for the caller to see: characters that stand for '/' or for digits become those.
std::expected<std::string, std::string> to_a_labels(std::string_view name);

}  // namespace sp::policy
