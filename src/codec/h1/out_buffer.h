// An append-only writer over memory of somebody else. It never writes past the end: what does not fit sets a flag, and
// from then on nothing is written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace sp::codec::h1 {

class OutBuffer {
 public:
  explicit OutBuffer(std::span<char> room) : begin_(room.data()), at_(room.data()), end_(room.data() + room.size()) {}

  void append(std::string_view text) {
    if (fits(text.size())) put(text);
  }
  void append(char c) { append(std::string_view(&c, 1)); }
  void append_decimal(std::uint64_t n);
  void append_hex(std::uint64_t n);
  // "name: value" CRLF.
  void append_field(std::string_view name, std::string_view value) {
    if (!fits(name.size() + value.size() + 4)) return;
    char* at = at_;  // a local one, since what is written through it could be this object for all the compiler knows
    copy(at, name.data(), name.size());
    at += name.size();
    *at++ = ':';
    *at++ = ' ';
    copy(at, value.data(), value.size());
    at += value.size();
    *at++ = '\r';
    *at++ = '\n';
    at_ = at;
  }

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
  void put(std::string_view text) {
    copy(at_, text.data(), text.size());
    at_ += text.size();
  }
  // memcpy() for what is mostly short: two copies that overlap, without a call.
  static void copy(char* to, const char* from, std::size_t n) {
    const auto ends = [&]<std::size_t size>() {
      std::array<char, size> first, last;
      std::memcpy(first.data(), from, size);
      std::memcpy(last.data(), from + n - size, size);
      std::memcpy(to, first.data(), size);
      std::memcpy(to + n - size, last.data(), size);
    };
    if (n > 32) {
      std::memcpy(to, from, n);
    } else if (n >= 16) {
      ends.operator()<16>();
    } else if (n >= 8) {
      ends.operator()<8>();
    } else if (n >= 4) {
      ends.operator()<4>();
    } else {
      for (std::size_t i = 0; i < n; ++i) to[i] = from[i];
    }
  }

  char* begin_;
  char* at_;
  char* end_;
  bool overflowed_ = false;
};

}  // namespace sp::codec::h1
