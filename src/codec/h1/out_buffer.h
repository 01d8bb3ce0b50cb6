// An append-only writer over memory of somebody else. It never writes past the end: what does not fit sets a flag, and from
// then on nothing is written.
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

  void append(std::string_view text) {
    if (!fits(text.size())) return;
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void append(char c) { append(std::string_view(&c, 1)); }
  void append_decimal(std::uint64_t n);
  void append_hex(std::uint64_t n);
  // "name: value" CRLF.
  void append_field(std::string_view name, std::string_view value) {
    if (!fits(name.size() + value.size() + 4)) return;
    put(name);
    put(": ");
    put(value);
    put("\r\n");
  }

  // Something did not fit.
  bool overflowed() const { return overflowed_; }
  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t room() const { return static_cast<std::size_t>(end_ - at_); }
  std::string_view view() const { return {begin_, size()}; }
  // Takes back what was written behind `size`, and the flag with it.
  void truncate(std::size_t size) { at_ = begin_ + size; overflowed_ = false; }

 private:
  bool fits(std::size_t octets) {
    if (octets > room()) [[unlikely]] { overflowed_ = true; end_ = at_; }
    return !overflowed_;
  }
  void put(std::string_view text) {
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  char* begin_;
  char* at_;
  char* end_;
  bool overflowed_ = false;
};

}  // namespace sp::codec::h1
