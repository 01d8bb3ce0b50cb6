// Where in the pieces of a write encryption has come to.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "tls/out_buffer.h"

namespace sp::tls {

struct Cursor {
  std::span<const iovec> pieces;
  std::size_t offset = 0;

  std::size_t left() const {
    std::size_t total = 0;
    for (const iovec& piece : pieces) total += piece.iov_len;
    return total - offset;
  }
  // The next `n` octets in one piece: the caller's own, or copied together.
  const char* take(std::size_t n) {
    while (pieces.front().iov_len == offset) next();
    const char* here = static_cast<const char*>(pieces.front().iov_base) + offset;
    if (pieces.front().iov_len - offset >= n) {
      offset += n;
      return here;
    }
    char* scratch = record_scratch();
    for (std::size_t done = 0; done < n;) {
      const iovec& piece = pieces.front();
      const std::size_t some = std::min(n - done, piece.iov_len - offset);
      std::memcpy(scratch + done, static_cast<const char*>(piece.iov_base) + offset, some);
      done += some;
      offset += some;
      if (offset == piece.iov_len && done < n) next();
    }
    return scratch;
  }

 private:
  void next() {
    pieces = pieces.subspan(1);
    offset = 0;
  }
};

}  // namespace sp::tls
