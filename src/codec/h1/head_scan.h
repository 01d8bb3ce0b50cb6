// Finds the end of a head or trailer section in octets that may come one by one, and refuses control characters as soon as
// they are seen.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "codec/h1/scan.h"

namespace sp::codec::h1 {

struct ScanLimits {
  std::size_t first_line;  // octets, with CRLF
  std::size_t total;       // octets, with the empty line
  std::uint32_t lines;     // not counting the empty one
};

class HeadScan {
 public:
  enum class Outcome : std::uint8_t {
    more,             // the end is not there yet
    complete,         // `end()` is behind the empty line
    control,          // a control character, or CR and LF not as a pair: after `lines()` whole lines
    line_too_long,    // the first line
    too_long,
    too_many_lines,
  };

  // `in` begins with the same octets each time; the first `from` of them are not part of the head.
  Outcome scan(ByteView in, std::size_t from, const ScanLimits& limits, LineIndex& index);

  bool begun() const { return cursor_.at > cursor_.line; }
  // Whole lines seen so far.
  std::uint32_t lines() const { return lines_; }
  // Where the last call stopped: behind the empty line when complete.
  std::size_t end() const { return cursor_.at; }
  // After `complete`: whether `index` holds every line of the head, so that there is no need to look for them again.
  bool indexed() const { return indexed_; }

 private:
  ScanCursor cursor_;
  std::uint32_t lines_ = 0;
  bool started_ = false;
  bool indexed_ = false;
};

}  // namespace sp::codec::h1
