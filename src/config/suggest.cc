#include "config/suggest.h"

#include <algorithm>
#include <vector>

namespace sp::config {
namespace {

// Work grows with the square of the length: nobody mistypes a word of this length into another by a few letters.
constexpr std::size_t longest_word = 64;

char folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

std::size_t common_start(std::string_view a, std::string_view b) {
  const auto [end, other] = std::ranges::mismatch(a, b, {}, folded, folded);
  return static_cast<std::size_t>(end - a.begin());
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (a.size() > longest_word || b.size() > longest_word) return std::max(a.size(), b.size());
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> before(width), above(width), row(width);
  for (std::size_t j = 0; j < width; ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j < width; ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0u : 1u)});
      const bool swapped =
          i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  // A third of the letters may be wrong: more, and the suggestion is rather a surprise than a help.
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    // One letter that is another one (`a` for `b`) is not a slip. Of equals, slips come late: `of` is rather `off` than
    // `on`.
    const bool nearer = distance < best_distance || (distance == best_distance && !best.empty() &&
                                                     common_start(word, candidate) > common_start(word, best));
    if (nearer && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string listed(std::span<const std::string_view> words, std::string_view last) {
  std::string result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) result.append(i + 1 == words.size() ? " " + std::string(last) + " " : ", ");
    result.append("`").append(words[i]).append("`");
  }
  return result;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view best = nearest(word, candidates);
  if (!best.empty()) return "did you mean `" + std::string(best) + "`?";
  if (candidates.size() == 1) return "there is only `" + std::string(candidates.front()) + "`";
  if (candidates.empty() || candidates.size() > 24) return {};
  return "it is one of " + listed(candidates);
}

}  // namespace sp::config
