#include "codec/h1/head_text.h"

#include "codec/h1/scan.h"

namespace sp::codec::h1 {

using http::FieldId;

Result<std::size_t> HeadText::finish(Code too_large) {
  out_.append("\r\n");
  if (out_.overflowed()) return give_up(too_large, "head: does not fit the buffer");
  if (!reads_the_same()) return give_up(Code::internal, "head: a name or value that may not be written");
  return out_.size() - begin_;
}

std::unexpected<Error> HeadText::give_up(Code code, const char* where) {
  out_.truncate(begin_);
  return fail(code, where);
}

bool HeadText::reads_the_same() const {
  const ByteView written = out_.view().substr(begin_);
  ScanCursor cursor;
  LineIndex index;
  std::size_t names = 0;
  std::size_t lines = 0;
  for (Stop stop = Stop::full; stop == Stop::full;) {
    stop = scan_lines(written, cursor, index);
    if (stop != Stop::full && stop != Stop::empty_line) return false;
    for (std::uint32_t i = 0; i < index.count; ++i) {
      const Line& line = index.lines[i];
      if (line.name_end == line.begin) return false;
      names += line.name_end - line.begin;
    }
    lines += index.count;
  }
  // A name can only be read shorter than it was written, never longer: ':' or SP follows it. So the sums are equal only if
  // all names are.
  return cursor.at == written.size() && lines == lines_ && names == names_;
}

bool writable(FieldId id) {
  constexpr auto bit = [](FieldId one) { return std::uint64_t{1} << static_cast<unsigned>(one); };
  constexpr std::uint64_t refused = bit(FieldId::connection) | bit(FieldId::content_length) | bit(FieldId::expect) |
                                    bit(FieldId::host) | bit(FieldId::http2_settings) | bit(FieldId::keep_alive) |
                                    bit(FieldId::proxy) | bit(FieldId::proxy_connection) | bit(FieldId::te) |
                                    bit(FieldId::transfer_encoding) | bit(FieldId::upgrade);
  return (refused & bit(id)) == 0;
}

}  // namespace sp::codec::h1
