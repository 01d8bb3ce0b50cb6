// The letters of an SVG document: a scanner for the part of XML that is let through, and what styles may say. Strict:
// what it does not know is malformed.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sp::codec::image {

struct Attribute {
  std::string_view name, value;
};
struct BeginTag {
  std::string_view name;
  std::vector<Attribute> attributes;  // each name once
  bool empty = false;                 // it is its own end
  bool has(std::string_view attribute) const {
    return std::ranges::find(attributes, attribute, &Attribute::name) != attributes.end();
  }
};

// Views into the document.
class XmlScanner {
 public:
  explicit XmlScanner(std::string_view text);

  bool empty() const { return rest_.empty(); }
  bool at(std::string_view text) const { return rest_.starts_with(text); }
  void skip_blanks();
  // A mark of the byte order, and `<?xml ...?>`.
  void skip_declaration();
  bool skip_comment();
  // Up to the next '<'.
  std::string_view take_text();
  std::optional<std::string_view> take_end_tag();
  std::optional<BeginTag> take_begin_tag();

 private:
  std::string_view take_name();
  std::optional<Attribute> take_attribute();
  std::string_view rest_;
};

std::string lower_case(std::string_view text);
bool is_blank(std::string_view text);
// No control characters either, but for white space.
bool is_plain_utf8(std::string_view text);
// The declaration names UTF-8 or ASCII, or no encoding.
bool declares_utf8(std::string_view text);
// Each & is one of the five that XML knows, or the number of a character.
bool references_are_plain(std::string_view text);
// CSS, or the value of an attribute: nothing is fetched for it, nothing in it is hidden by escapes.
std::optional<std::string_view> style_fault(std::string_view text);

}  // namespace sp::codec::image
