#include "codec/h1/head_scan.h"

namespace sp::codec::h1 {

HeadScan::Outcome HeadScan::scan(ByteView in, std::size_t from, const ScanLimits& limits, LineIndex& index) {
  // What lies behind the limit is not looked at, however much of it there is.
  const ByteView bounded = in.substr(0, from + limits.total);
  const bool fresh = !started_;
  if (fresh) {
    started_ = true;
    cursor_.at = cursor_.line = static_cast<std::uint32_t>(from);
  }
  for (bool first = true;; first = false) {
    const Stop stop = scan_lines(bounded, cursor_, index);
    const bool in_first_line = lines_ + index.count == 0;
    const std::size_t first_line = lines_ != 0       ? 0
                                   : index.count > 0 ? index.lines[0].end + 2 - from
                                                     : cursor_.at - from;
    lines_ += index.count;
    if (first_line > limits.first_line) return Outcome::line_too_long;
    if (lines_ > limits.lines) return Outcome::too_many_lines;
    switch (stop) {
      case Stop::full: continue;
      case Stop::control: return Outcome::control;
      case Stop::empty_line: indexed_ = fresh && first; return Outcome::complete;
      case Stop::data_end: break;
    }
    if (in.size() - from < limits.total) return Outcome::more;
    return in_first_line ? Outcome::line_too_long : Outcome::too_long;
  }
}

HeadLines::HeadLines(ByteView head, std::size_t from, bool indexed, LineIndex& index)
    : head_(head),
      index_(index),
      next_(index.lines.data()),
      end_(indexed ? next_ + index.count : next_),
      last_(indexed) {
  cursor_.at = cursor_.line = static_cast<std::uint32_t>(from);
}

bool HeadLines::refill() {
  if (last_) return false;
  last_ = scan_lines(head_, cursor_, index_) != Stop::full;
  next_ = index_.lines.data();
  end_ = next_ + index_.count;
  return next_ != end_;
}

}  // namespace sp::codec::h1
