#include "config/status_range.h"

#include <charconv>

namespace sp::config {
namespace {

// A final one: what comes before it is no answer.
std::optional<std::uint16_t> status_of(std::string_view text) {
  std::uint16_t status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  const bool whole = text.size() == 3 && error == std::errc{} && end == text.data() + text.size();
  if (!whole || status < 200 || status > 599) return std::nullopt;
  return status;
}

}  // namespace

std::optional<StatusRange> parse_status_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = status_of(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : status_of(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return StatusRange{*first, *last};
}

}  // namespace sp::config
