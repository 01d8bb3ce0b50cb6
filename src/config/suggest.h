// "Did you mean": the nearest of the words that would have been right.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sp::config {

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (Damerau-Levenshtein, the
// restricted form), without regard to case and with '-' and '_' as one.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, or empty when none is near enough to be what was meant.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// "did you mean `X`?", or else "it is one of `A`, `B`, `C`" where they are few, or empty.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

// "`A`, `B` or `C`".
std::string listed(std::span<const std::string_view> words, std::string_view last = "or");

}  // namespace sp::config
