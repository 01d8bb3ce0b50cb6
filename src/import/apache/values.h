// Values as Apache writes them, and as Sallyport does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sp::import::apache {

bool is_on(std::string_view text);
std::optional<std::uint64_t> parse_number(std::string_view text);
// Seconds, or a number with ms, s, mi, h. Rounded up to whole seconds.
std::optional<int> parse_seconds(std::string_view text);
std::string duration_text(int seconds);      // "90s", "5m", "1h"
std::string size_text(std::uint64_t bytes);  // "10MiB" where it is even, else "1000000B"

// "10", "10.1", "10.1.0.0/255.255.0.0", "10.0.0.0/8", "2001:db8::/32", "192.0.2.1" as an address pattern; nothing where
// it is a host name.
std::optional<std::string> address_pattern(std::string_view text);

// A URL in its parts, as far as proxying needs them. `authority` is empty for a Unix socket.
struct UrlParts {
  std::string scheme, authority, path;  // path with its slash, or empty; with the query, if there is one
  std::string unix_path;
};
std::optional<UrlParts> parse_url(std::string_view url);
std::string without_trailing_slash(std::string_view path);    // "/" becomes ""
bool covers(std::string_view prefix, std::string_view path);  // at a segment boundary; "" and "/" cover everything

}  // namespace sp::import::apache
