#include "codec/image/svg_text.h"

#include <algorithm>
#include <array>

namespace sp::codec::image {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::size_t most_attributes = 256;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_character(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':'; }

// What a sequence of UTF-8 that begins so is long; 0: none does.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

bool is_permitted_ascii(unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t' || c == '\r' || c == '\n'; }

// Overlong forms, surrogates and what is beyond Unicode.
bool second_fits(unsigned char lead, unsigned char second) {
  switch (lead) {
    case 0xe0: return second >= 0xa0;
    case 0xed: return second <= 0x9f;
    case 0xf0: return second >= 0x90;
    case 0xf4: return second <= 0x8f;
    default: return true;
  }
}

bool is_sequence(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (text.size() == 1) return is_permitted_ascii(lead);
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  return std::ranges::all_of(text.substr(1), continues) && second_fits(lead, static_cast<unsigned char>(text[1]));
}

bool is_reference(std::string_view name) {
  constexpr std::array known = std::to_array<std::string_view>({"amp", "lt", "gt", "quot", "apos"});
  if (std::ranges::find(known, name) != known.end()) return true;
  if (!name.starts_with('#') || name.size() < 2 || name.size() > 8) return false;
  const bool hex = name[1] == 'x';
  const std::string_view digits = name.substr(hex ? 2 : 1);
  return !digits.empty() &&
         digits.find_first_not_of(hex ? "0123456789abcdefABCDEF" : "0123456789") == std::string_view::npos;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return result;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(blanks) == std::string_view::npos; }

bool is_plain_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(static_cast<unsigned char>(text.front()));
    if (length == 0 || length > text.size() || !is_sequence(text.substr(0, length))) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool declares_utf8(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (!text.starts_with("<?xml")) return true;
  const std::string declaration = lower_case(text.substr(0, text.find("?>")));
  const std::size_t at = declaration.find("encoding");
  if (at == std::string::npos) return true;
  const std::string_view named = std::string_view(declaration).substr(at);
  return named.contains("utf-8") || named.contains("us-ascii");
}

bool references_are_plain(std::string_view text) {
  for (std::size_t at = text.find('&'); at != std::string_view::npos; at = text.find('&', at + 1)) {
    const std::size_t end = text.find(';', at);
    if (end == std::string_view::npos || !is_reference(text.substr(at + 1, end - at - 1))) return false;
  }
  return true;
}

std::optional<std::string_view> style_fault(std::string_view text) {
  if (text.contains('\\')) return "a style with escapes";
  const std::string lower = lower_case(text);
  constexpr std::array refused =
      std::to_array<std::string_view>({"@import", "image-set", "javascript:", "expression(", "-moz-binding", "src("});
  for (const std::string_view word : refused) {
    if (lower.contains(word)) return "a style that fetches something";
  }
  for (std::size_t at = lower.find("url("); at != std::string::npos; at = lower.find("url(", at + 1)) {
    std::size_t target = lower.find_first_not_of(" \t\r\n\"'", at + 4);
    // In an attribute a quotation mark may be written so.
    if (target != std::string::npos && lower.compare(target, 6, "&quot;") == 0) target += 6;
    if (target == std::string::npos || target >= lower.size() || lower[target] != '#')
      return "a reference to something outside";
  }
  return std::nullopt;
}

XmlScanner::XmlScanner(std::string_view text) : rest_(text) {
  if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
}

void XmlScanner::skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size())); }

void XmlScanner::skip_declaration() {
  if (!at("<?xml ")) return;
  const std::size_t end = rest_.find("?>");
  if (end != std::string_view::npos) rest_.remove_prefix(end + 2);
}

bool XmlScanner::skip_comment() {
  const std::size_t end = rest_.find("--", 4);
  // "--" stands in no comment but at its end.
  if (end == std::string_view::npos || !rest_.substr(end).starts_with("-->")) return false;
  rest_.remove_prefix(end + 3);
  return true;
}

std::string_view XmlScanner::take_text() {
  const std::string_view text = rest_.substr(0, rest_.find('<'));
  rest_.remove_prefix(text.size());
  return text;
}

std::string_view XmlScanner::take_name() {
  if (rest_.empty() || !is_letter(rest_.front())) return {};
  const auto end = std::ranges::find_if_not(rest_, is_name_character);
  const std::string_view name = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
  rest_.remove_prefix(name.size());
  return std::ranges::count(name, ':') <= 1 ? name : std::string_view();
}

std::optional<std::string_view> XmlScanner::take_end_tag() {
  rest_.remove_prefix(2);
  const std::string_view name = take_name();
  skip_blanks();
  if (name.empty() || !at(">")) return std::nullopt;
  rest_.remove_prefix(1);
  return name;
}

std::optional<Attribute> XmlScanner::take_attribute() {
  Attribute attribute{.name = take_name(), .value = {}};
  skip_blanks();
  if (attribute.name.empty() || !at("=")) return std::nullopt;
  rest_.remove_prefix(1);
  skip_blanks();
  if (!at("\"") && !at("'")) return std::nullopt;
  const std::size_t end = rest_.find(rest_.front(), 1);
  if (end == std::string_view::npos) return std::nullopt;
  attribute.value = rest_.substr(1, end - 1);
  rest_.remove_prefix(end + 1);
  // A character that is written as a number could be part of what nothing here sees.
  if (attribute.value.contains('<') || attribute.value.contains("&#") || !references_are_plain(attribute.value))
    return std::nullopt;
  return attribute;
}

std::optional<BeginTag> XmlScanner::take_begin_tag() {
  rest_.remove_prefix(1);
  BeginTag tag{.name = take_name(), .attributes = {}};
  if (tag.name.empty()) return std::nullopt;
  for (;;) {
    const std::size_t before = rest_.size();
    skip_blanks();
    if (at("/>") || at(">")) break;
    if (rest_.size() == before) return std::nullopt;
    const auto attribute = take_attribute();
    if (!attribute || tag.has(attribute->name)) return std::nullopt;
    if (tag.attributes.size() == most_attributes) return std::nullopt;
    tag.attributes.push_back(*attribute);
  }
  tag.empty = at("/>");
  rest_.remove_prefix(tag.empty ? 2 : 1);
  return tag;
}

}  // namespace sp::codec::image
