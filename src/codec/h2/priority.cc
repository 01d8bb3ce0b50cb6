#include "codec/h2/priority.h"

#include <algorithm>

#include "codec/characters.h"
#include "http/fields.h"

namespace sp::codec::h2 {

Priority parse_priority(std::string_view value) {
  Priority priority;
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    std::string_view member = http::trim(value.substr(0, comma));
    member = member.substr(0, member.find(';'));  // parameters say nothing here
    if (member.size() == 3 && member.starts_with("u=") && member[2] >= '0' && member[2] <= '7') {
      priority.urgency = static_cast<std::uint8_t>(member[2] - '0');
    } else if (member == "i" || member == "i=?1") {
      priority.incremental = true;
    } else if (member == "i=?0") {
      priority.incremental = false;
    }
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
  return priority;
}

}  // namespace sp::codec::h2
