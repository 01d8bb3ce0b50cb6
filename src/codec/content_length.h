// The value of Content-Length: RFC 9110 section 8.6.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sp::codec {

// 1*DIGIT, at most 19 of them, below 2^63: no sign, no white space, no list.
std::optional<std::uint64_t> parse_content_length(std::string_view text);

}  // namespace sp::codec
