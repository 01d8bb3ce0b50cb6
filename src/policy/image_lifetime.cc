#include "policy/image_lifetime.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sp::policy {

using namespace std::chrono_literals;
using Seconds = std::chrono::seconds;

namespace {

constexpr Seconds by_default = 24h;
constexpr Seconds longest = 30 * 24h;

// What a number of seconds says; one that cannot be read says that nothing may be kept (RFC 9111 section 4.2.1).
Seconds seconds_of(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size() || text.empty()) return 0s;
  if (error == std::errc::result_out_of_range) return longest;
  if (error != std::errc{}) return 0s;
  return Seconds(static_cast<std::int64_t>(std::min<std::uint64_t>(number, longest.count())));
}

struct Directives {
  std::optional<Seconds> max_age, s_maxage;
  bool no_store = false, is_private = false;

  void add(std::string_view directive) {
    const std::string_view name = http::trim(directive.substr(0, directive.find('=')));
    const std::string_view value = name.size() < directive.size() && directive.contains('=')
                                       ? http::trim(directive.substr(directive.find('=') + 1))
                                       : std::string_view();
    if (http::iequals(name, "no-store") || http::iequals(name, "no-cache")) no_store = true;
    if (http::iequals(name, "private")) is_private = true;
    if (http::iequals(name, "max-age")) max_age = std::min(seconds_of(value), max_age.value_or(longest));
    if (http::iequals(name, "s-maxage")) s_maxage = std::min(seconds_of(value), s_maxage.value_or(longest));
  }
};

}  // namespace

std::string ImageLifetime::cache_control(Seconds age) const {
  if (seconds.count() == 0) return "no-store";
  const auto left = std::max<std::int64_t>(0, (seconds - age).count());
  return std::string(shared ? "public" : "private") + ", max-age=" + std::to_string(left);
}

ImageLifetime image_lifetime(const http::Fields& fields) {
  Directives found;
  for (const http::Field& field : fields) {
    if (field.id != http::FieldId::cache_control) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::string_view directive = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(directive.size() + 1, rest.size()));
      found.add(http::trim(directive));
    }
  }
  if (found.no_store) return {.seconds = 0s, .shared = false};
  if (found.s_maxage && !found.is_private) return {.seconds = *found.s_maxage, .shared = true};
  return {.seconds = found.max_age.value_or(by_default), .shared = !found.is_private};
}

}  // namespace sp::policy
