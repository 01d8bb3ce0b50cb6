// Takes the lines of a server off the front of its octets. In IMAP and ManageSieve a line may hold literals (RFC 9051
// section 4.3, RFC 5804 section 1.2), which may hold line ends.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/mail/dialogue.h"
#include "codec/mail/line_reader.h"

namespace sp::codec::mail {

class ReplyReader {
 public:
  ReplyReader(Protocol protocol, const Limits& limits) : protocol_(protocol), limit_(limits.reply_line) {}

  // Takes a line off `in`, literals and their announcements in it, and returns it with its CRLF: a view into what was
  // `in`, or, where there were literals, into the reader until its next call. Nothing: more octets are needed, behind
  // those that are left in `in`.
  //
  // IMAP has literals only in what it says to ID: everything else before a log-in is words and text, and text may end
  // in
  // "{5}".
  //
  // Error (Side::upstream): mail_reply_malformed.
  Result<std::optional<ByteView>> take(ByteView& in);

 private:
  bool take_literal(ByteView& in);
  Result<bool> ends_here(ByteView line);

  Protocol protocol_;
  std::size_t limit_;
  LineReader lines_{Side::upstream};
  std::string text_;  // of a line that has had literals
  std::size_t literal_left_ = 0;
  bool whole_ = false;  // text_ was returned
};

// A line of SMTP (RFC 5321 section 4.2).
struct SmtpReplyLine {
  unsigned code = 0;
  bool last = true;
  ByteView text;
};
// `line` with or without its CRLF. Nothing: it is none.
std::optional<SmtpReplyLine> parse_smtp_reply(ByteView line);

// Without the CRLF at its end.
inline ByteView without_end(ByteView line) {
  if (line.ends_with("\r\n")) line.remove_suffix(2);
  return line;
}

// A capability of ManageSieve with its strings in quotes, whichever form they came in. Nothing: it is none, or holds
// what cannot be quoted.
std::optional<std::string> quoted_capability(ByteView line);

std::unexpected<Error> malformed_reply(const char* where);

}  // namespace sp::codec::mail
