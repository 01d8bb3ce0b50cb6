// The tables of the schema as plain data, for what shows them: the reference, the JSON Schema, and hints in findings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sp::config {

struct TypeInfo {
  enum class Kind : std::uint8_t { text, number, choice, duration, size, rate, count_rate, section };
  // How values stand together: one, a list, or a map by free names.
  enum class Many : std::uint8_t { one, list, map };
  Kind kind = Kind::text;
  Many many = Many::one;
  std::string_view section;                 // of Kind::section: its name
  std::string_view grammar;                 // of Kind::text: what it must be, or empty
  std::vector<std::string_view> choices;    // of Kind::choice: what is shown
  std::vector<std::string_view> also;       // of Kind::choice: accepted besides
  std::string bounds;                       // "1 to 1000", or empty
  std::vector<std::uint64_t> numbers;       // the only ones that are accepted, where there are few
  std::uint64_t min = 0, max = UINT64_MAX;  // of Kind::number
  std::string_view word;                    // accepted besides: "auto"
  bool not_empty = false;                   // a list with at least one item
  bool path = false;                        // a path to a file
};

struct KeyInfo {
  std::string_view key;
  std::string_view doc;
  TypeInfo type;
  std::string default_text;  // empty: none
  bool required = false;
};

struct SectionInfo {
  std::string_view name;
  std::string_view doc;
  std::string_view shorthand;  // the key that a text alone stands for, or empty
  std::vector<KeyInfo> keys;
};

// Every section once; the first is the file itself, and each comes before those within it.
const std::vector<SectionInfo>& describe();
const SectionInfo* find_section(std::string_view name);

}  // namespace sp::config
