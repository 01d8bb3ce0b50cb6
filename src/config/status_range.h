// Statuses that an answer may have: "200", "200-399".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sp::config {

struct StatusRange {
  std::uint16_t first = 0, last = 0;  // both included
  bool has(std::uint16_t status) const { return status >= first && status <= last; }
};

std::optional<StatusRange> parse_status_range(std::string_view text);

}  // namespace sp::config
