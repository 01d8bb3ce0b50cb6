// Numbers out of octets, for readers of headers: whoever reads beyond the end gets zeros, and is told by failed().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace sp::codec::image {

class Octets {
 public:
  explicit Octets(ByteView octets) : rest_(octets) {}

  bool failed() const { return failed_; }
  bool empty() const { return rest_.empty(); }
  std::size_t size() const { return rest_.size(); }
  ByteView rest() const { return rest_; }

  ByteView take(std::size_t count) {
    failed_ = failed_ || count > rest_.size();
    const ByteView taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  void skip(std::size_t count) { (void)take(count); }

  std::uint32_t u8() { return number(1, Order::big); }
  std::uint32_t be16() { return number(2, Order::big); }
  std::uint32_t be32() { return number(4, Order::big); }
  std::uint32_t le16() { return number(2, Order::little); }
  std::uint32_t le24() { return number(3, Order::little); }
  std::uint32_t le32() { return number(4, Order::little); }

 private:
  enum class Order : std::uint8_t { big, little };
  std::uint32_t number(std::size_t count, Order order) {
    const ByteView taken = take(count);
    if (taken.size() < count) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = order == Order::big ? i : count - 1 - i;
      value = (value << 8) | static_cast<unsigned char>(taken[at]);
    }
    return value;
  }

  ByteView rest_;
  bool failed_ = false;
};

}  // namespace sp::codec::image
