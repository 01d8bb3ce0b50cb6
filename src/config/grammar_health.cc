// The grammars of `health`.
#include <algorithm>

#include "config/address.h"
#include "config/grammar.h"
#include "config/node.h"
#include "config/status_range.h"

namespace sp::config {

std::optional<Problem> health_path(std::string_view text) {
  const std::string shown = backquoted(text);
  if (looks_like_url(text)) return Problem{shown + " is a URL", "write its path alone: the servers are in `servers`"};
  const auto mark = std::min(text.find_first_of("?#"), text.size());
  if (auto problem = request_path(text.substr(0, mark), Variables::refused)) return problem;
  const bool sendable = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
  if (sendable) return std::nullopt;
  return Problem{shown + " holds a character that no request can have", "write it percent-encoded: `%20`"};
}

std::optional<Problem> health_host(std::string_view text) {
  if (text == "preserve" || text == "upstream") {
    return Problem{"a check has no client whose Host it could have",
                   "write the name that the server knows, or leave it out: then it is the server's own"};
  }
  return host_setting(text);
}

std::optional<Problem> status_range(std::string_view text) {
  if (parse_status_range(text)) return std::nullopt;
  return Problem{backquoted(text) + " is no status from 200 to 599, and no range of them", "write `200` or `200-399`"};
}

}  // namespace sp::config
