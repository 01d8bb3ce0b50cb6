// What a client says to prove who it is in HTTP's Basic scheme: RFC 7617.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sp::http {

struct BasicCredentials {
  std::string user;      // never empty
  std::string password;  // may be empty
};

// From the value of Authorization or Proxy-Authorization: "Basic", spaces, and base64 of user:password in its one
// strict form. Nothing where it is another scheme or malformed, where user and password have more than 512 octets
// together, or one of them a control character: names are logged, and a NUL would end a password early for who hashes
// it.
std::optional<BasicCredentials> parse_basic_credentials(std::string_view value);

// The value of such a field. Neither may hold a control character, nor `user` a colon.
std::string basic_credentials(std::string_view user, std::string_view password);

}  // namespace sp::http
