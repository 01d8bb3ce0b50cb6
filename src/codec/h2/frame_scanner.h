// Where the frames of a connection begin (RFC 9113 section 4.1), octets coming as they may: so that a frame can be
// judged before anybody acts on it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace sp::codec::h2 {

struct FrameHead {
  std::uint32_t length;
  std::uint8_t type, flags;
  std::int32_t stream;
};

class FrameScanner {
 public:
  static constexpr std::size_t head_octets = 9;

  // `preface`: so many octets come before the first frame.
  explicit FrameScanner(std::uint32_t preface) : skip_(preface) {}

  // The next frame whose head ends in `octets`; `at` is where to go on, and afterwards stands behind the head. Nothing:
  // all octets were looked at.
  std::optional<FrameHead> next(ByteView octets, std::size_t& at) {
    const auto skipped = static_cast<std::uint32_t>(std::min<std::size_t>(skip_, octets.size() - at));
    skip_ -= skipped;
    at += skipped;
    while (at < octets.size() && have_ < head_octets) head_[have_++] = static_cast<std::uint8_t>(octets[at++]);
    if (have_ < head_octets) return std::nullopt;
    have_ = 0;
    const FrameHead head{.length = number(0, 3), .type = head_[3], .flags = head_[4], .stream = stream()};
    skip_ = head.length;
    return head;
  }

 private:
  std::uint32_t number(std::size_t from, std::size_t size) const {
    std::uint32_t value = 0;
    for (std::size_t i = from; i < from + size; ++i) value = value << 8 | head_[i];
    return value;
  }
  std::int32_t stream() const { return static_cast<std::int32_t>(number(5, 4) & 0x7fffffffU); }

  std::uint32_t skip_;
  std::size_t have_ = 0;
  std::array<std::uint8_t, head_octets> head_{};
};

}  // namespace sp::codec::h2
