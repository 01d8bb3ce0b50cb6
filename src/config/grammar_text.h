// Characters and variables of texts: what the grammars are made of.
#pragma once

#include <string>
#include <string_view>

namespace sp::config {

inline bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
inline bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// A token of RFC 9110 section 5.6.2.
bool is_token(std::string_view text);
// Names of fields and hosts are compared without case.
std::string lower(std::string_view text);
// The text with each ${...} taken out.
std::string without_variables(std::string_view text);

}  // namespace sp::config
