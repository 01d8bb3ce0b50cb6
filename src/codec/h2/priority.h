// The Priority field and the PRIORITY_UPDATE frame: RFC 9218.
#pragma once

#include <cstdint>
#include <string_view>

namespace sp::codec::h2 {

struct Priority {
  std::uint8_t urgency = 3;  // 0 (first) to 7
  bool incremental = false;
  bool operator==(const Priority&) const = default;
};

// The value of the field (section 4): a dictionary of RFC 8941, of which only `u` and `i` matter. Members that are out
// of range or of another type say nothing; whether the others are well formed is not looked at.
Priority parse_priority(std::string_view value);

}  // namespace sp::codec::h2
