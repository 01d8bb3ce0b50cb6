// An append-only writer over memory of somebody else, for lists of type, length and value. It never writes past the
// end: what does not fit sets a flag, and from then on nothing is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"

namespace sp::codec::proxy_protocol {

class Builder {
 public:
  explicit Builder(std::span<char> room) : room_(room) {}

  void append(ByteView octets) {
    if (!fits(octets.size()) || octets.empty()) return;
    std::memcpy(room_.data() + size_, octets.data(), octets.size());
    size_ += octets.size();
  }
  // In the order of the network.
  void append_number(std::uint64_t value, std::size_t octets) {
    if (!fits(octets)) return;
    size_ += octets;
    put(size_ - octets, value, octets);
  }

  // Two octets for the length of what is appended until end_length() with the same place.
  std::size_t begin_length() {
    append_number(0, 2);
    return size_;
  }
  void end_length(std::size_t place) {
    if (overflowed_) return;
    if (size_ - place > 0xffff) overflowed_ = true;
    if (!overflowed_) put(place - 2, size_ - place, 2);
  }
  // Writes over what is there.
  void put(std::size_t at, std::uint64_t value, std::size_t octets) {
    for (std::size_t i = octets; i > 0; --i, value >>= 8) room_[at + i - 1] = static_cast<char>(value & 0xff);
  }

  // Something did not fit.
  bool overflowed() const { return overflowed_; }
  ByteView view() const { return {room_.data(), size_}; }

 private:
  bool fits(std::size_t octets) {
    if (octets > room_.size() - size_) overflowed_ = true;
    return !overflowed_;
  }

  std::span<char> room_;
  std::size_t size_ = 0;
  bool overflowed_ = false;
};

}  // namespace sp::codec::proxy_protocol
