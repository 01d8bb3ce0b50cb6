#include "services/identity/htpasswd.h"

#include <algorithm>
#include <optional>

namespace sp::identity {
namespace {

using config::Problem;

constexpr std::size_t longest_name = 255, most_users = 100'000, most_problems = 20;

const char* const how = "write the line by `htpasswd -B` (bcrypt) or `openssl passwd -6` (SHA-512-crypt)";

// For logs.
bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::optional<Problem> take_line(std::string_view text, Hashes& hashes) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return Problem{"the line has no `user:hash`", how};
  const std::string_view name = text.substr(0, colon);
  std::string_view hash = text.substr(colon + 1);
  hash = hash.substr(0, hash.find(':'));  // what other programs put behind it
  if (name.size() > longest_name || !is_printable(name))
    return Problem{"the name is too long, or holds control characters", "choose another name"};
  if (auto fault = fault_of_hash(hash)) return Problem{*std::move(fault), how};
  if (!hashes.emplace(name, hash).second) return Problem{"the user is in the file twice", "remove one of the lines"};
  if (hashes.size() > most_users) return Problem{"there are more than 100000 users", "part them into several entries"};
  return std::nullopt;
}

std::string_view next_line(std::string_view& text) {
  std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::expected<Hashes, std::vector<LineProblem>> parse_htpasswd(std::string_view text) {
  Hashes hashes;
  std::vector<LineProblem> problems;
  for (std::size_t number = 1; !text.empty() && problems.size() < most_problems; ++number) {
    const std::string_view line = next_line(text);
    if (line.empty() || line.starts_with('#')) continue;
    if (auto problem = take_line(line, hashes)) problems.push_back({number, *std::move(problem)});
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return hashes;
}

}  // namespace sp::identity
