// Looks through the octets of a head, vectorised where the processor can (SSE4.2, AVX2 or AVX-512, chosen at run time):
// where lines end, where their names end, and whether there are octets that no head may hold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "base/bytes.h"

namespace sp::codec::h1 {

// Two bits for each of 64 octets, the first in the lowest.
struct Masks {
  std::uint64_t control;    // 0x00-0x1f without HTAB, and 0x7f
  std::uint64_t non_token;  // not a tchar (RFC 9110 section 5.6.2)
};

// Classifies `data` into out[0], out[1], ...: one for each 64 octets begun. Bits behind the end are 0.
using Classify = void (*)(ByteView data, Masks* out);
// How many control characters (as in Masks) `data` holds: less work than to say where they are.
using CountControls = std::size_t (*)(ByteView data);
struct Classifier {
  const char* name;
  Classify classify;
  CountControls count_controls;
};
// What this processor can run, the fastest first. The last is the portable one.
std::span<const Classifier> classifiers();

// One line: offsets from the beginning of what was scanned.
struct Line {
  std::uint32_t begin;
  std::uint32_t name_end;  // the first octet that is not a tchar
  std::uint32_t end;       // of its CR
};

// The lines that one call of scan_lines() found. Not initialised: only the first `count` mean anything.
struct LineIndex {
  std::uint32_t count;
  std::array<Line, 40> lines;
};

// Where scanning goes on.
struct ScanCursor {
  static constexpr std::uint32_t in_name = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t at = 0;              // everything before it has been looked at
  std::uint32_t line = 0;            // where the current line begins
  std::uint32_t name_end = in_name;  // of the current line, if it was seen
};

enum class Stop : std::uint8_t {
  data_end,    // all of `data` has been looked at; the rest of a line is missing
  empty_line,  // behind an empty line
  control,     // at a control character that is not part of CRLF
  full,        // behind a line; `index` holds no more
};

// Scans from `cursor` and fills `index` anew. `data` begins at offset 0 of the cursor's and is at most 4 GiB long.
Stop scan_lines(ByteView data, ScanCursor& cursor, LineIndex& index);

// By the fastest of the classifiers.
std::size_t count_controls(ByteView data);

}  // namespace sp::codec::h1
