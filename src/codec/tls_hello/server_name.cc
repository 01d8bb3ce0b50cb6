#include "codec/tls_hello/server_name.h"

#include <algorithm>

#include "base/ip.h"
#include "codec/characters.h"
#include "http/url.h"

namespace sp::codec::tls_hello {
namespace {

constexpr std::size_t longest_name = 253, longest_part = 63;  // RFC 1035 section 2.3.4, without the octets of its form

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_name_character(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; }

bool is_name(std::string_view name) {
  if (name.size() > longest_name) return false;
  for (;;) {
    const std::string_view part = name.substr(0, name.find('.'));
    if (part.empty() || part.size() > longest_part || !std::ranges::all_of(part, is_name_character)) return false;
    if (part.size() == name.size()) return true;
    name.remove_prefix(part.size() + 1);
  }
}

bool is_ipv6(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  return text.contains(':') && IpAddress::parse(text);
}

// `name`: in lower case. Decimal, or hexadecimal with 0x before it, which may stand alone.
bool ends_in_number(std::string_view name) {
  std::string_view part = name.substr(name.rfind('.') + 1);
  if (std::ranges::all_of(part, is_digit)) return true;
  return part.starts_with("0x") && std::ranges::all_of(part.substr(2), [](char c) { return hex_value(c) < 16; });
}

}  // namespace

Result<std::string> normal_server_name(ByteView sent) {
  if (sent.ends_with('.')) sent.remove_suffix(1);
  if (is_ipv6(sent)) return std::string();
  if (!is_name(sent)) {
    return fail(Error{.code = Code::client_hello_malformed, .side = Side::client, .where = "ClientHello: host_name"});
  }
  std::string name = http::to_lower(sent);
  return ends_in_number(name) ? std::string() : name;
}

}  // namespace sp::codec::tls_hello
