// Which of the last streams of a connection had some property: one bit for each.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

namespace sp::codec::h2 {

class RecentIds {
 public:
  void add(std::int32_t id) {
    const std::int32_t number = id / 2;
    if (number - newest_ >= remembered) {
      bits_.reset();
      newest_ = number;
    }
    while (newest_ < number) bits_.reset(slot(++newest_));
    if (newest_ - number < remembered) bits_.set(slot(number));
  }
  // `unknown` for those that are too old to be remembered.
  bool has(std::int32_t id, bool unknown) const {
    const std::int32_t number = id / 2;
    if (number > newest_) return false;
    return newest_ - number < remembered ? bits_.test(slot(number)) : unknown;
  }

 private:
  static constexpr std::int32_t remembered = 512;
  static std::size_t slot(std::int32_t number) { return static_cast<std::size_t>(number % remembered); }
  std::bitset<remembered> bits_;
  std::int32_t newest_ = -1;
};

}  // namespace sp::codec::h2
