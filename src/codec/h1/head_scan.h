// Finds the end of a head or trailer section in octets that may come one by one, and refuses control characters as soon
// as they are seen.
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
    more,           // the end is not there yet
    complete,       // `end()` is behind the empty line
    control,        // a control character, or CR and LF not as a pair: after `lines()` whole lines
    line_too_long,  // the first line
    too_long,
    too_many_lines,
  };

  // `in` begins with the same octets each time; the first `from` of them are not part of the head, and at least one
  // octet follows them. `index` holds the lines that the last look found.
  Outcome scan(ByteView in, std::size_t from, const ScanLimits& limits, LineIndex& index);

  bool begun() const { return started_; }
  // Whole lines seen so far.
  std::uint32_t lines() const { return lines_; }
  // Where the last call stopped: behind the empty line when complete.
  std::size_t end() const { return cursor_.at; }
  // After `control`: it stands in, or right behind, the name of a field.
  bool control_in_name() const { return cursor_.name_end == cursor_.at; }
  // After `complete`: whether `index` holds every line of the head, so that there is no need to look for them again.
  bool indexed() const { return indexed_; }

 private:
  ScanCursor cursor_;
  std::uint32_t lines_ = 0;
  bool started_ = false;
  bool indexed_ = false;
};

// The lines of a head that was found complete, one after the other.
class HeadLines {
 public:
  // `head` ends behind its empty line. `indexed`: `index` holds all its lines already.
  HeadLines(ByteView head, std::size_t from, bool indexed, LineIndex& index);

  // The next line, valid until the next call; null behind the last.
  const Line* next() {
    if (next_ == end_ && !refill()) return nullptr;
    return next_++;
  }

 private:
  bool refill();

  ByteView head_;
  LineIndex& index_;
  ScanCursor cursor_;
  const Line* next_;
  const Line* end_;
  bool last_;  // `index_` holds the last lines
};

}  // namespace sp::codec::h1
