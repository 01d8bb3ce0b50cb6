// Takes apart a structure of TLS from its front (RFC 8446 section 3): numbers, and vectors with their length before
// them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace sp::codec::tls_hello {

class Octets {
 public:
  explicit Octets(ByteView octets) : rest_(octets) {}

  // The next `size` octets. Where there are not so many: none, and the structure is broken, with nothing left in it. So
  // a reader may take all that it wants and ask once, at the end, whether it was there.
  ByteView take(std::size_t size) {
    if (size > rest_.size()) {
      rest_ = {};
      broken_ = true;
      return {};
    }
    const ByteView taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  // The next `size` octets as a number, the most significant one first; 0 where there are not so many.
  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (char c : take(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  // What stands behind its own length, which is a number of `size` octets.
  ByteView vector(std::size_t size) { return take(number(size)); }

  bool empty() const { return rest_.empty(); }
  bool broken() const { return broken_; }
  // Everything was there, and nothing is left over.
  bool ended() const { return empty() && !broken_; }

 private:
  ByteView rest_;
  bool broken_ = false;
};

}  // namespace sp::codec::tls_hello
