// Classes of characters (RFC 9110 section 5.6.2, RFC 3986 section 2), one table.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sp::codec {

enum CharacterClass : std::uint8_t {
  class_control = 1,  // 0x00-0x1f without HTAB, and 0x7f: in no line of a head
  class_tchar = 2,    // of a token
  class_target = 4,   // of a request target: visible ASCII without '#' and '%'
  class_host = 8,     // of a reg-name, without '%' and ',': see host.h
  class_digit = 16,
  class_hex = 32,
};

inline constexpr std::array<std::uint8_t, 256> character_classes = [] {
  std::array<std::uint8_t, 256> table{};
  auto set = [&](std::string_view characters, int bits) {
    for (char c : characters) table[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(bits);
  };
  for (unsigned c = 0; c < 256; ++c) {
    if ((c < 0x20 && c != '\t') || c == 0x7f) table[c] |= class_control;
    if (c > 0x20 && c < 0x7f && c != '#' && c != '%') table[c] |= class_target;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) table[c] |= class_tchar | class_host;
  }
  set("0123456789", class_tchar | class_host | class_digit | class_hex);
  set("abcdefABCDEF", class_hex);
  set("!#$%&'*+-.^_`|~", class_tchar);
  set("-._~!$&'()*+;=", class_host);
  return table;
}();

constexpr bool has_class(char c, std::uint8_t bits) {
  return (character_classes[static_cast<unsigned char>(c)] & bits) != 0;
}
constexpr bool is_control(char c) { return has_class(c, class_control); }
constexpr bool is_tchar(char c) { return has_class(c, class_tchar); }
// A token: at least one character, all of them tchar.
constexpr bool is_name(std::string_view text) {
  std::uint8_t all = class_tchar;
  for (char c : text) all &= character_classes[static_cast<unsigned char>(c)];
  return all != 0 && !text.empty();
}
constexpr bool is_digit(char c) { return has_class(c, class_digit); }
// The value of a hexadecimal digit; 16 for other characters.
constexpr unsigned hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char l = static_cast<char>(c | 0x20);
  return l >= 'a' && l <= 'f' ? static_cast<unsigned>(l - 'a') + 10 : 16;
}
// Whether '%' at `at` is followed by two hexadecimal digits before `end`.
constexpr bool is_percent_encoded(const char* at, const char* end) {
  return end - at >= 3 && has_class(at[1], class_hex) && has_class(at[2], class_hex);
}

}  // namespace sp::codec
