// Immutable hash tables from texts to small numbers, for names and paths: open addressing, nothing allocated on lookup.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sp::policy {

enum class Case : std::uint8_t { sensitive, insensitive };  // ASCII

class StringTable {
 public:
  explicit StringTable(Case letters = Case::sensitive) : letters_(letters) {}

  // False when the key is there already (the first stays).
  bool insert(std::string_view key, std::uint32_t value);
  std::optional<std::uint32_t> find(std::string_view key) const;
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::uint64_t hash;
    std::uint32_t value;
  };
  std::uint64_t hash(std::string_view key) const;
  bool equal(std::string_view a, std::string_view b) const;
  void rebuild(std::size_t slots);

  Case letters_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // 0: empty, else the number of the entry + 1; a power of two
};

// The longest prefix of a path that ends at a segment boundary. "/a" covers /a, /a/ and /a/x; "/a/" covers /a/ and
// /a/x;
// "/" covers everything.
class PrefixTable {
 public:
  struct Found {
    std::uint32_t value;
    std::size_t length;  // of the prefix
  };
  // False when the prefix is there already (the first stays).
  bool insert(std::string_view prefix, std::uint32_t value);
  std::optional<Found> find(std::string_view path) const;

 private:
  StringTable table_;
  std::size_t longest_ = 0;   // no prefix has more characters than this
  std::size_t shortest_ = 0;  // nor fewer than this
  bool with_slash_ = false;   // some prefix other than "/" ends with a slash
};

}  // namespace sp::policy
