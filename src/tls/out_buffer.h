// Encrypted octets on their way out, and how many octets of the caller's they stand for. From a pool of this thread: it
// exists only while there is something to send.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sp::tls {

class OutBuffer {
 public:
  // One try_write encrypts at most this much. The rest of the room is for the overhead of records and for handshakes.
  static constexpr std::size_t batch = std::size_t{64} * 1024;
  static constexpr std::size_t capacity = std::size_t{80} * 1024;

  static void* operator new(std::size_t bytes);
  static void operator delete(void* memory) noexcept;
  OutBuffer() {}  // not "= default": the octets are not to be cleared

  std::string_view pending() const { return {octets_ + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  // False: there is no room for all of it, and nothing was taken.
  bool append(std::string_view octets);
  // The first `n` pending octets are gone.
  void consume(std::size_t n);

  // Everything appended since the last mark stands for `plain` octets of the caller.
  void mark(std::size_t plain);
  // Octets of the caller that are encrypted here and were not credited yet.
  std::size_t owed() const { return owed_; }
  // Those of them whose records are gone entirely; they are not owed any more.
  std::size_t take_credit();

 private:
  struct Mark {
    std::uint32_t plain;
    std::uint32_t end;  // offset in octets_
  };
  static constexpr std::size_t max_marks = 20;  // of `batch` in the smallest records, with some to spare

  std::size_t begin_ = 0, end_ = 0;
  std::size_t owed_ = 0, credit_ = 0;
  std::size_t first_mark_ = 0, marks_ = 0;
  std::array<Mark, max_marks> mark_;
  char octets_[capacity];
};

// Gives back to the heap the buffers that this thread did not need since the last call; says how many octets.
std::size_t trim_out_buffers() noexcept;

// 16 KiB of this thread, to put small pieces into one record. Valid until the next call.
char* record_scratch();
inline constexpr std::size_t max_record = std::size_t{16} * 1024;

}  // namespace sp::tls
