#include "codec/h1/out_buffer.h"

#include <array>
#include <bit>

namespace sp::codec::h1 {

void OutBuffer::append_decimal(std::uint64_t n) {
  std::array<char, 20> digits;  // NOLINT: filled from behind
  std::size_t at = digits.size();
  do {
    digits[--at] = static_cast<char>('0' + n % 10);
    n /= 10;
  } while (n != 0);
  append(std::string_view(digits.data() + at, digits.size() - at));
}

void OutBuffer::append_hex(std::uint64_t n) {
  std::array<char, 16> digits;  // NOLINT: filled below as far as it is read
  const int count = n == 0 ? 1 : (std::bit_width(n) + 3) / 4;
  for (int i = count - 1; i >= 0; --i, n >>= 4) digits[static_cast<std::size_t>(i)] = "0123456789abcdef"[n & 15];
  append(std::string_view(digits.data(), static_cast<std::size_t>(count)));
}

}  // namespace sp::codec::h1
