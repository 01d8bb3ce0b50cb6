#include "codec/h1/scan.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

namespace sp::codec::h1 {
namespace {

// The first call looks up what the processor can run and puts it here. Every thread would store the same.
void classify_first(ByteView data, Masks* out);
std::size_t count_first(ByteView data);
constinit std::atomic<Classify> classify{classify_first};
constinit std::atomic<CountControls> count{count_first};
void classify_first(ByteView data, Masks* out) {
  const Classify best = classifiers().front().classify;
  classify.store(best, std::memory_order_relaxed);
  best(data, out);
}
std::size_t count_first(ByteView data) {
  const CountControls best = classifiers().front().count_controls;
  count.store(best, std::memory_order_relaxed);
  return best(data);
}

// The state of one scan_lines(): the walk over the set bits of the masks, line by line, first to the end of the name,
// then to the CR. Plain pointers and numbers in one place, since this loop is a third of the cost of reading a head.
struct Walk {
  const char* data;
  std::uint32_t size;
  std::uint32_t at;
  std::uint32_t line;
  std::uint32_t name_end;
  Line* out;
  Line* const out_end;

  // Looks at the 64 octets from `base`, of which those before `at` are done with. False: stopped for `why`.
  bool block(std::uint32_t base, const Masks& masks, Stop& why) {
    const std::uint64_t unseen = ~std::uint64_t{0} << (at - base);
    std::uint64_t control = masks.control & unseen;
    std::uint64_t non_token = masks.non_token & unseen;
    for (;;) {
      if (name_end == ScanCursor::in_name) {
        if (non_token == 0) return true;
        name_end = base + static_cast<std::uint32_t>(std::countr_zero(non_token));
      }
      if (control == 0) return true;
      const std::uint32_t cr = base + static_cast<std::uint32_t>(std::countr_zero(control));
      at = cr;
      if (data[cr] != '\r') return stopped(Stop::control, why);
      if (cr + 1 == size) return stopped(Stop::data_end, why);
      if (data[cr + 1] != '\n') return stopped(Stop::control, why);
      at = cr + 2;
      const std::uint32_t begin = std::exchange(line, at);
      const Line found{begin, std::exchange(name_end, ScanCursor::in_name), cr};
      if (cr == begin) return stopped(Stop::empty_line, why);
      *out++ = found;
      if (out == out_end) return stopped(Stop::full, why);
      // Forget all bits up to the LF. Where that is beyond this block, nothing is left, and the next one begins behind
      // it.
      const std::uint64_t behind_lf = -((control & -control) << 2);
      control &= behind_lf;
      non_token &= behind_lf;
    }
  }

 private:
  static bool stopped(Stop reason, Stop& why) {
    why = reason;
    return false;
  }
};

Stop walk_windows(ByteView data, Walk& walk) {
  constexpr std::uint32_t window = 256;
  std::array<Masks, window / 64> masks;  // NOLINT: filled by classify
  const Classify best = classify.load(std::memory_order_relaxed);
  Stop why = Stop::data_end;
  for (std::uint32_t begin = walk.at; begin < walk.size; begin += window) {
    const std::uint32_t octets = std::min(window, walk.size - begin);
    best(ByteView(data.data() + begin, octets), masks.data());
    for (std::uint32_t i = 0; i < octets; i += 64) {
      walk.at = std::max(walk.at, begin + i);
      if (!walk.block(begin + i, masks[i / 64], why)) return why;
    }
  }
  walk.at = walk.size;
  return why;
}

}  // namespace

Stop scan_lines(ByteView data, ScanCursor& cursor, LineIndex& index) {
  Line* const lines = index.lines.data();
  Walk walk{.data = data.data(),
            .size = static_cast<std::uint32_t>(data.size()),
            .at = cursor.at,
            .line = cursor.line,
            .name_end = cursor.name_end,
            .out = lines,
            .out_end = lines + index.lines.size()};
  const Stop why = walk_windows(data, walk);
  cursor = {walk.at, walk.line, walk.name_end};
  index.count = static_cast<std::uint32_t>(walk.out - lines);
  return why;
}

std::size_t count_controls(ByteView data) { return count.load(std::memory_order_relaxed)(data); }

}  // namespace sp::codec::h1
