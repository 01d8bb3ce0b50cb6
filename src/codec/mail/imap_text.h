// The answers of IMAP that say how something went (RFC 9051 section 7.1).
#pragma once

#include "base/bytes.h"

namespace sp::codec::mail {

// "* OK [CAPABILITY IMAP4rev1 ID] Ready", taken apart. All are views into the line.
struct ImapStatus {
  ByteView tag;           // "*"
  ByteView word;          // "OK"; whatever stands there
  ByteView capabilities;  // "IMAP4rev1 ID": of the response code, if it is that; else empty
  ByteView text;          // "Ready": behind the response code
  ByteView before_code;   // "* OK "; with a CAPABILITY code, else empty
};
// `line` is without its CRLF.
ImapStatus parse_imap_status(ByteView line);

}  // namespace sp::codec::mail
