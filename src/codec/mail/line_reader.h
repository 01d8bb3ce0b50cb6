// Takes lines off the front of a leg's octets, as strictly as all the world can agree on.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace sp::codec::mail {

class LineReader {
 public:
  // `sender` says whose codes the errors bear.
  explicit LineReader(Side sender) : sender_(sender) {}

  // Takes a line off `in` and returns it without its CRLF, as a view into what was `in`. Nothing: more octets are
  // needed, and `in` is as it was; then call again with the same octets (they may have moved) and more behind them.
  // Scanning goes on where it stopped. `limit` is in octets with the CRLF, and may differ from line to line.
  //
  // Errors, as early as the octet that makes them certain:
  //   mail_malformed        NUL, or CR and LF not as a pair: some end a line there and some do not
  //   mail_line_too_long    no CRLF within the limit
  //   mail_reply_malformed  both, of a server
  Result<std::optional<ByteView>> take(ByteView& in, std::size_t limit);

 private:
  std::unexpected<Error> malformed(const char* where) const;
  std::unexpected<Error> too_long() const;

  std::size_t scanned_ = 0;  // octets of the line that hold no end
  Side sender_;
};

}  // namespace sp::codec::mail
