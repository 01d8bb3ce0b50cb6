#include "codec/proxy_protocol/crc32c.h"

#include <array>

namespace sp::codec::proxy_protocol {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // 0x1edc6f41 with its bits reversed

constexpr std::array<std::uint32_t, 256> table = [] {
  std::array<std::uint32_t, 256> remainders{};
  for (std::uint32_t octet = 0; octet < 256; ++octet) {
    std::uint32_t remainder = octet;
    for (int i = 0; i < 8; ++i) remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? polynomial : 0);
    remainders[octet] = remainder;
  }
  return remainders;
}();

}  // namespace

std::uint32_t crc32c(ByteView octets, std::uint32_t before) {
  std::uint32_t remainder = ~before;
  for (char c : octets) remainder = (remainder >> 8) ^ table[(remainder ^ static_cast<unsigned char>(c)) & 0xff];
  return ~remainder;
}

}  // namespace sp::codec::proxy_protocol
