#include "codec/h1/head_text.h"

#include "codec/h1/scan.h"

namespace sp::codec::h1 {

Result<std::size_t> HeadText::finish(Code too_large) {
  out_.append("\r\n");
  if (out_.overflowed()) return give_up(too_large, "head: does not fit the buffer");
  const ByteView written = out_.view().substr(begin_);
  const std::size_t line_ends = 2 * (lines_ + 1);
  if (bad_name_ || count_controls(written) != line_ends) {
    return give_up(Code::internal, "head: a name or value that may not be written");
  }
  return written.size();
}

std::unexpected<Error> HeadText::give_up(Code code, const char* where) {
  out_.truncate(begin_);
  return fail(code, where);
}

}  // namespace sp::codec::h1
