#include "policy/string_table.h"

#include <algorithm>
#include <cstring>

#include "http/fields.h"

namespace sp::policy {
namespace {

constexpr std::uint64_t factor = 0x9e3779b97f4a7c15;

template <class Word>
std::uint64_t word(const char* at) {
  Word value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Up to seven octets as one number, without a loop: the two halves may overlap.
std::uint64_t short_word(const char* at, std::size_t size) {
  if (size >= 4) return word<std::uint32_t>(at) | word<std::uint32_t>(at + size - 4) << 32;
  if (size == 0) return 0;
  return word<std::uint8_t>(at) | word<std::uint8_t>(at + size / 2) << 8 | word<std::uint8_t>(at + size - 1) << 16;
}

// Eight octets at a time, upper and lower case alike (and some others, which do not matter for a hash). Not made
// against an attacker: the keys are the operator's, and a lookup walks along keys only.
std::uint64_t hash_of(std::string_view text) {
  constexpr std::uint64_t lower = 0x2020202020202020;
  std::uint64_t hash = text.size() * factor;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) {
    hash = (hash ^ (word<std::uint64_t>(at) | lower)) * factor;
    hash ^= hash >> 29;
  }
  hash = (hash ^ (short_word(at, left) | lower)) * factor;
  return hash ^ hash >> 32;
}

}  // namespace

bool StringTable::equal(std::string_view a, std::string_view b) const {
  if (a == b) return true;
  return letters_ == Case::insensitive && http::iequals(a, b);
}

bool StringTable::insert(std::string_view key, std::uint32_t value) {
  if (find(key)) return false;
  entries_.push_back({std::string(key), hash_of(key), value});
  rebuild(slots_.size() < entries_.size() * 2 ? std::max<std::size_t>(slots_.size() * 2, 8) : slots_.size());
  return true;
}

void StringTable::rebuild(std::size_t slots) {
  std::size_t first = entries_.size() - 1;
  if (slots != slots_.size()) {
    slots_.assign(slots, 0);
    first = 0;
  }
  for (std::size_t i = first; i < entries_.size(); ++i) {
    std::size_t slot = entries_[i].hash & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

std::optional<std::uint32_t> StringTable::find(std::string_view key) const {
  if (entries_.empty()) return std::nullopt;
  std::uint64_t hash = hash_of(key);
  for (std::size_t slot = hash & (slots_.size() - 1);; slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot] == 0) return std::nullopt;
    const Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && equal(entry.key, key)) return entry.value;
  }
}

bool PrefixTable::insert(std::string_view prefix, std::uint32_t value) {
  if (!table_.insert(prefix, value)) return false;
  shortest_ = table_.size() == 1 ? prefix.size() : std::min(shortest_, prefix.size());
  longest_ = std::max(longest_, prefix.size());
  with_slash_ = with_slash_ || (prefix.size() > 1 && prefix.ends_with('/'));
  return true;
}

std::optional<PrefixTable::Found> PrefixTable::find(std::string_view path) const {
  if (table_.empty()) return std::nullopt;
  // From the longest candidate to the shortest: each end of a segment is one, and so is each slash where prefixes end
  // with one.
  auto probe = [&](std::size_t length) -> std::optional<Found> {
    if (length < shortest_ || length > longest_) return std::nullopt;
    auto value = table_.find(path.substr(0, length));
    return value ? std::optional(Found{*value, length}) : std::nullopt;
  };
  if (path.size() <= longest_) {
    if (auto found = probe(path.size())) return found;
  }
  std::size_t at = std::min(path.size(), longest_ + 1);
  std::size_t least = std::max<std::size_t>(with_slash_ ? shortest_ - 1 : shortest_, 1);
  while (at > least) {
    --at;
    if (path[at] != '/') continue;
    if (with_slash_) {
      if (auto found = probe(at + 1)) return found;
    }
    if (auto found = probe(at)) return found;
  }
  return path.starts_with('/') && path.size() > 1 ? probe(1) : std::nullopt;
}

}  // namespace sp::policy
