// Taking apart what lines of mail protocols are made of: words with one space between them, compared without case.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/bytes.h"
#include "http/fields.h"

namespace sp::codec::mail {

inline bool same(ByteView a, ByteView b) { return http::iequals(a, b); }
inline bool begins(ByteView text, ByteView with) { return same(text.substr(0, with.size()), with); }

// Up to the first space.
inline ByteView first_word(ByteView text) { return text.substr(0, text.find(' ')); }
// Behind the first space; empty where there is none.
inline ByteView behind_word(ByteView text) { return text.substr(std::min(text.size(), first_word(text).size() + 1)); }
// Takes the first word off the front of `text`, with the space behind it.
inline ByteView take_word(ByteView& text) {
  const ByteView word = first_word(text);
  text = behind_word(text);
  return word;
}

inline bool has_word(ByteView text, ByteView word) {
  while (!text.empty()) {
    if (same(take_word(text), word)) return true;
  }
  return false;
}

inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// Visible ASCII and the space.
inline bool is_printable(char c) { return c >= 0x20 && c < 0x7f; }

// RFC 4422 section 3.1, but for the case and a length that nobody needs.
inline bool is_mechanism(ByteView text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// What a SASL response looks like in all four protocols (RFC 4422 section 4): base64, "=" for an empty one, "*" to
// cancel.
inline bool is_base64_character(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}
inline bool is_sasl_response(ByteView text) { return text == "*" || std::ranges::all_of(text, is_base64_character); }

}  // namespace sp::codec::mail
