#include "codec/h1/scan.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

namespace sp::codec::h1 {
namespace {

// The first call looks up what the processor can run and puts it here. Every thread would store the same.
void classify_first(ByteView data, Masks* out);
constinit std::atomic<Classify> classify{classify_first};
void classify_first(ByteView data, Masks* out) {
  Classify best = classifiers().front().classify;
  classify.store(best, std::memory_order_relaxed);
  best(data, out);
}

// Walks over the set bits of the masks, line by line: first to the end of the name, then to the CR.
class Walk {
 public:
  Walk(ByteView data, ScanCursor& cursor, LineIndex& index)
      : data_(data), cursor_(cursor), index_(index), at_(cursor.at), line_(cursor.line), name_end_(cursor.name_end) {}

  // Looks at the 64 octets from `base`. False: stopped, and `stop()` says why.
  bool block(std::size_t base, Masks masks) {
    const std::uint64_t unseen = ~std::uint64_t{0} << (at_ - base);
    std::uint64_t control = masks.control & unseen;
    std::uint64_t non_token = masks.non_token & unseen;
    for (;;) {
      if (name_end_ == ScanCursor::in_name) {
        if (non_token == 0) return true;
        name_end_ = static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(std::countr_zero(non_token));
      }
      if (control == 0) return true;
      const std::size_t cr = base + static_cast<std::size_t>(std::countr_zero(control));
      if (!line_ends(cr)) return false;
      // Bits of the line that ended, its LF included, are done with.
      if (at_ >= base + 64) return true;
      const std::uint64_t rest = ~std::uint64_t{0} << (at_ - base);
      control &= rest;
      non_token &= rest;
    }
  }
  Stop stop() const { return stop_; }
  void to(std::size_t at) { at_ = std::max(at_, at); }
  std::size_t at() const { return at_; }
  // What was found out belongs to the cursor.
  void save() const {
    cursor_ = {static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(line_), name_end_};
  }

 private:
  bool stopped(Stop why, std::size_t at) {
    stop_ = why;
    at_ = at;
    return false;
  }

  // The first control character of the line is at `cr`. False: stop.
  bool line_ends(std::size_t cr) {
    if (data_[cr] != '\r') return stopped(Stop::control, cr);
    if (cr + 1 == data_.size()) return stopped(Stop::data_end, cr);
    if (data_[cr + 1] != '\n') return stopped(Stop::control, cr);
    const std::size_t begin = std::exchange(line_, cr + 2);
    const std::uint32_t name_end = std::exchange(name_end_, ScanCursor::in_name);
    if (cr == begin) return stopped(Stop::empty_line, cr + 2);
    index_.lines[index_.count++] = {static_cast<std::uint32_t>(begin), name_end, static_cast<std::uint32_t>(cr)};
    at_ = cr + 2;
    return index_.count < index_.lines.size() || stopped(Stop::full, cr + 2);
  }

  const ByteView data_;
  ScanCursor& cursor_;
  LineIndex& index_;
  std::size_t at_;
  std::size_t line_;
  std::uint32_t name_end_;
  Stop stop_ = Stop::data_end;
};

}  // namespace

Stop scan_lines(ByteView data, ScanCursor& cursor, LineIndex& index) {
  constexpr std::size_t blocks = 8;
  index.count = 0;
  Walk walk(data, cursor, index);
  std::array<Masks, blocks> masks;  // NOLINT: filled by classify
  for (std::size_t window = cursor.at; window < data.size(); window += blocks * 64) {
    ByteView octets = data.substr(window, blocks * 64);
    classify.load(std::memory_order_relaxed)(octets, masks.data());
    for (std::size_t i = 0; i * 64 < octets.size(); ++i) {
      const std::size_t base = window + i * 64;
      walk.to(base);
      if (!walk.block(base, masks[i])) {
        walk.save();
        return walk.stop();
      }
    }
  }
  walk.to(data.size());
  walk.save();
  return Stop::data_end;
}

}  // namespace sp::codec::h1
