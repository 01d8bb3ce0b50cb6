#include "config/node.h"

#include <algorithm>

namespace sp::config {

const NodeEntry* Node::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &NodeEntry::key);
  return found == entries.end() ? nullptr : &*found;
}

NodeEntry* Node::find(std::string_view key) {
  const auto found = std::ranges::find(entries, key, &NodeEntry::key);
  return found == entries.end() ? nullptr : &*found;
}

std::string Node::described() const {
  switch (kind) {
    case Kind::null: return "nothing";
    case Kind::list: return "a list";
    case Kind::map: return "a map";
    case Kind::scalar: break;
  }
  return secret ? "a value from elsewhere" : backquoted(text);
}

std::string backquoted(std::string_view text) {
  constexpr std::size_t longest = 80;
  if (text.size() <= longest) return "`" + std::string(text) + "`";
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return "`" + std::string(text.substr(0, end)) + "...`";
}

}  // namespace sp::config
