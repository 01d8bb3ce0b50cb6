#include "codec/mail/line_reader.h"

#include <algorithm>

namespace sp::codec::mail {
namespace {

constexpr ByteView interesting("\r\n\0", 3);

}  // namespace

std::unexpected<Error> LineReader::malformed(const char* where) const {
  const Code code = sender_ == Side::client ? Code::mail_malformed : Code::mail_reply_malformed;
  return fail(Error{.code = code, .side = sender_, .where = where});
}

std::unexpected<Error> LineReader::too_long() const {
  const Code code = sender_ == Side::client ? Code::mail_line_too_long : Code::mail_reply_malformed;
  return fail(Error{.code = code, .side = sender_, .where = "a line without an end"});
}

Result<std::optional<ByteView>> LineReader::take(ByteView& in, std::size_t limit) {
  const ByteView window = in.substr(0, limit);
  const std::size_t end = window.find_first_of(interesting, scanned_);
  if (end != ByteView::npos) {
    if (window[end] == '\0') return malformed("NUL in a line");
    if (window[end] == '\n') return malformed("LF without CR");
    if (end + 1 < window.size()) {
      if (window[end + 1] != '\n') return malformed("CR without LF");
      scanned_ = 0;
      in.remove_prefix(end + 2);
      return window.substr(0, end);
    }
  }
  if (in.size() >= limit) return too_long();
  scanned_ = std::min(end, window.size());
  return std::nullopt;
}

}  // namespace sp::codec::mail
