// Byte counts, and views of bytes.
#pragma once

#include <cstdint>
#include <string_view>

namespace sp {

// Octets that are borrowed. Protocol text and binary alike: char is what the standard library's searches work on.
using ByteView = std::string_view;

// A number of octets, so that it is never mixed up with another number.
struct Bytes {
  std::uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;
};

}  // namespace sp
