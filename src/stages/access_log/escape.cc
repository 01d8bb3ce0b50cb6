#include "stages/access_log/escape.h"

#include <array>
#include <charconv>
#include <cstring>

namespace sp::access_log {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view cut_mark = "...";

// Printable ASCII that needs no escape in either form.
constexpr std::array<bool, 256> plain = [] {
  std::array<bool, 256> table{};
  for (int c = 0x20; c < 0x7f; ++c) table[c] = c != '"' && c != '\\';
  return table;
}();

std::uint8_t octet(char c) { return static_cast<std::uint8_t>(c); }

// Eight octets at once: whether all of them are plain. May say no where they are (a borrow between octets), never yes
// where they are not.
bool plain_word(const char* at) {
  constexpr std::uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  std::uint64_t low = word - ones * 0x20;
  std::uint64_t quote = (word ^ ones * '"') - ones;
  std::uint64_t backslash = (word ^ ones * '\\') - ones;
  std::uint64_t del = (word ^ ones * 0x7f) - ones;
  return ((word | low | quote | backslash | del) & high) == 0;
}

std::size_t plain_run(std::string_view text) {
  std::size_t length = 0;
  while (text.size() - length >= 8 && plain_word(text.data() + length)) length += 8;
  while (length < text.size() && plain[octet(text[length])]) ++length;
  return length;
}

// At most `limit` octets of it, without tearing a character apart.
std::string_view cut(std::string_view text, Limit limit) {
  auto end = static_cast<std::size_t>(limit);
  if (text.size() <= end) return text;
  for (int back = 0; back < 3 && (octet(text[end]) & 0xc0) == 0x80; ++back) --end;
  return text.substr(0, end);
}

struct Character {
  char32_t number = 0;
  std::size_t octets = 0;  // 0: what is there is not UTF-8
};

// The character that `text` begins with, when it is one of two octets or more (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
Character wide_character(std::string_view text) {
  std::uint8_t lead = octet(text[0]);
  std::size_t octets = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < octets) return {};
  char32_t number = lead & (0x7f >> octets);
  for (std::size_t i = 1; i < octets; ++i) {
    if ((octet(text[i]) & 0xc0) != 0x80) return {};
    number = number << 6 | (octet(text[i]) & 0x3f);
  }
  constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = number >= 0xd800 && number <= 0xdfff;
  if (number < smallest[octets] || number > 0x10ffff || surrogate) return {};
  return {number, octets};
}

// Characters that would act on whoever displays the line instead of being displayed.
bool acts(char32_t c) {
  return c < 0xa0 || c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void append_unicode_escape(std::string& out, char32_t c) {
  const char escape[] = {
      '\\', 'u', hex_digits[c >> 12 & 15], hex_digits[c >> 8 & 15], hex_digits[c >> 4 & 15], hex_digits[c & 15]};
  out.append(escape, sizeof escape);
}

// What stands behind a backslash for `c` in both forms; 0: nothing does.
char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\': return c;
    case '\b': return 'b';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return '\0';
  }
}

void append_short_escape(std::string& out, char letter) {
  out += '\\';
  out += letter;
}

void append_json_ascii(std::string& out, char c) {
  const char letter = c == '\f' ? 'f' : short_escape(c);
  if (letter != '\0') return append_short_escape(out, letter);
  append_unicode_escape(out, octet(c));
}

// Both write the character that `text` begins with, and say how many octets it was.
std::size_t append_clf_character(std::string& out, std::string_view text) {
  const char c = text[0];
  const char letter = c == '\v' ? 'v' : short_escape(c);
  if (letter != '\0') {
    append_short_escape(out, letter);
  } else {
    const char escape[] = {'\\', 'x', hex_digits[octet(c) >> 4], hex_digits[octet(c) & 15]};
    out.append(escape, sizeof escape);
  }
  return 1;
}
std::size_t append_json_character(std::string& out, std::string_view text) {
  if (octet(text[0]) < 0x80) {
    append_json_ascii(out, text[0]);
    return 1;
  }
  Character character = wide_character(text);
  if (character.octets == 0) {
    append_unicode_escape(out, octet(text[0]));
    return 1;
  }
  if (acts(character.number)) {
    append_unicode_escape(out, character.number);
  } else {
    out += text.substr(0, character.octets);
  }
  return character.octets;
}

template <std::size_t (*append_character)(std::string&, std::string_view)>
void append_text(std::string& out, std::string_view text, Limit limit) {
  std::string_view rest = cut(text, limit);
  const bool whole = rest.size() == text.size();
  while (!rest.empty()) {
    const std::size_t run = plain_run(rest);
    out += rest.substr(0, run);
    rest.remove_prefix(run);
    if (!rest.empty()) rest.remove_prefix(append_character(out, rest));
  }
  if (!whole) out += cut_mark;
}

bool bare(std::string_view value) {
  return plain_run(value) == value.size() && value.find_first_of(" =") == std::string_view::npos;
}

}  // namespace

void append_json_text(std::string& out, std::string_view text, Limit limit) {
  append_text<append_json_character>(out, text, limit);
}

void append_clf_text(std::string& out, std::string_view text, Limit limit) {
  append_text<append_clf_character>(out, text, limit);
}

void append_value(std::string& out, std::string_view value) {
  if (!value.empty() && value.size() <= static_cast<std::size_t>(Limit::text) && bare(value)) {
    out += value;
    return;
  }
  out += '"';
  append_json_text(out, value, Limit::text);
  out += '"';
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace sp::access_log
