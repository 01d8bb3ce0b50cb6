// What peers sent, as text that is safe in a log: no line can be forged, no terminal driven, no reader of JSON
// confused. Appended to a buffer that is used again, so that a steady state allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sp::access_log {

// How much of one text is written at most, in octets before escaping; what was longer ends with "..." then.
enum class Limit : std::size_t { name = 256, text = 1024, target = 8192 };

// The inside of a JSON string (RFC 8259 section 7), without its quotes. Valid UTF-8 stays, but for control characters
// (C0, DEL, C1), line separators and marks that change the direction of writing (U+200E, U+202A-202E, ...): they become
// \uXXXX. An octet that is no part of valid UTF-8 is written as the character of that number, \u0080-\u00ff: every
// parser takes it, and it is what a Latin-1 client meant.
void append_json_text(std::string& out, std::string_view text, Limit limit);

// As Apache writes it into a quoted part of the Common Log Format: \" \\ \b \n \r \t \v, and \xhh for everything else
// that is not printable ASCII.
void append_clf_text(std::string& out, std::string_view text, Limit limit);

// key=value of the operator's log: bare where that is safe, else in quotes and escaped as for JSON.
void append_value(std::string& out, std::string_view value);

void append_number(std::string& out, std::uint64_t number);

}  // namespace sp::access_log
