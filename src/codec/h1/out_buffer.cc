#include "codec/h1/out_buffer.h"

#include <array>
#include <bit>
#include <cstring>

namespace sp::codec::h1 {
namespace {

// A value and not an array, which would cost a look at the stack's guard.
using Sixteen [[gnu::vector_size(16)]] = std::uint64_t;

// memcpy() for what is mostly short: two copies that overlap, without a call. Returns the end of what was written.
[[gnu::always_inline]] inline char* copy(char* to, std::string_view text) {
  const char* const from = text.data();
  const std::size_t n = text.size();
  const auto ends = [&]<class Word>(Word first, Word last) {
    std::memcpy(&first, from, sizeof first);
    std::memcpy(&last, from + n - sizeof last, sizeof last);
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + n - sizeof last, &last, sizeof last);
  };
  if (n > 32) {
    std::memcpy(to, from, n);
  } else if (n >= 16) {
    ends(Sixteen{}, Sixteen{});
  } else if (n >= 8) {
    ends(std::uint64_t{}, std::uint64_t{});
  } else if (n >= 4) {
    ends(std::uint32_t{}, std::uint32_t{});
  } else {
    for (std::size_t i = 0; i < n; ++i) to[i] = from[i];
  }
  return to + n;
}

}  // namespace

void OutBuffer::append(std::string_view text) {
  if (fits(text.size())) at_ = copy(at_, text);
}

void OutBuffer::append_field(std::string_view name, std::string_view value) {
  if (!fits(name.size() + value.size() + 4)) return;
  char* at = copy(at_, name);
  *at++ = ':';
  *at++ = ' ';
  at = copy(at, value);
  *at++ = '\r';
  *at++ = '\n';
  at_ = at;
}

void OutBuffer::append_hex(std::uint64_t n) {
  std::array<char, 16> digits;  // NOLINT: filled below as far as it is read
  const int count = n == 0 ? 1 : (std::bit_width(n) + 3) / 4;
  for (int i = count - 1; i >= 0; --i, n >>= 4) digits[static_cast<std::size_t>(i)] = "0123456789abcdef"[n & 15];
  append(std::string_view(digits.data(), static_cast<std::size_t>(count)));
}

}  // namespace sp::codec::h1
