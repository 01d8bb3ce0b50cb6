// The options of Connection (RFC 9110 section 7.6.1): what they say about the connection, and which fields go no
// further.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/fields.h"

namespace sp::codec::h1 {

class ConnectionOptions {
 public:
  static constexpr std::size_t max_options = 64;

  // One Connection field's value: a list of tokens, empty elements allowed. False: malformed, or more than max_options
  // in all.
  [[nodiscard]] bool add(std::string_view value);

  bool close() const { return close_; }
  bool keep_alive() const { return keep_alive_; }
  bool upgrade() const { return upgrade_; }

  // Removes the fields that are named, but never one that is for the recipient or that a proxy acts on: a client could
  // use that to strip what another hop relies on (Cookie, X-Forwarded-For).
  void strip(http::Fields& fields) const;

 private:
  struct Name {
    const char* data;
    std::size_t size;
  };
  bool add_token(std::string_view token);

  std::uint32_t name_count_ = 0;
  std::uint32_t elements_ = 0;
  bool close_ = false;
  bool keep_alive_ = false;
  bool upgrade_ = false;
  // Options that may be field names. Not initialised (there are hardly ever any): only the first name_count_ mean
  // anything.
  std::array<Name, max_options> names_;
};

}  // namespace sp::codec::h1
