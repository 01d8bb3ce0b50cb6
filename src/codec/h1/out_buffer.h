// An append-only writer over memory of somebody else. It never writes past the end: what does not fit sets a flag, and
// from then on nothing is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace sp::codec::h1 {

class OutBuffer {
 public:
  explicit OutBuffer(std::span<char> room) : begin_(room.data()), at_(room.data()), end_(room.data() + room.size()) {}

  void append(std::string_view text);
  // A literal: its size is known where it is appended, so that there is nothing to decide.
  template <std::size_t size>
  void append(const char (&literal)[size]) {
    if (!fits(size - 1)) return;
    std::memcpy(at_, literal, size - 1);
    at_ += size - 1;
  }
  void append(char c) {
    if (fits(1)) *at_++ = c;
  }
  void append_hex(std::uint64_t n);
  // "name: value" CRLF.
  void append_field(std::string_view name, std::string_view value);

  // Something did not fit.
  bool overflowed() const { return overflowed_; }
  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t room() const { return static_cast<std::size_t>(end_ - at_); }
  std::string_view view() const { return {begin_, size()}; }
  // Takes back what was written behind `size`, and the flag with it.
  void truncate(std::size_t size) {
    at_ = begin_ + size;
    overflowed_ = false;
  }

 private:
  bool fits(std::size_t octets) {
    if (octets > room()) [[unlikely]] {
      overflowed_ = true;
      end_ = at_;
    }
    return !overflowed_;
  }

  char* begin_;
  char* at_;
  char* end_;
  bool overflowed_ = false;
};

}  // namespace sp::codec::h1
