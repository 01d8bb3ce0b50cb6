// Text in the pages that the gate makes itself.
#pragma once

#include <string>
#include <string_view>

namespace sp::http {

// `&`, `<`, `>` and `"` as entities: what comes from outside stays text, in content and in attributes with double
// quotes.
std::string escaped_html(std::string_view text);

}  // namespace sp::http
