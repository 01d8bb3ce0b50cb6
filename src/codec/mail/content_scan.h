// Finds the end of what follows DATA (RFC 5321 section 4.1.1.4), and refuses what only some servers take for it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace sp::codec::mail {

class ContentScan {
 public:
  enum class Outcome : std::uint8_t {
    more,       // all of it is content, and the end is not there yet
    end,        // the last octets looked at are those of the end
    ambiguous,  // a line of nothing but a dot, and not both of its ends are CRLF: for some servers this is the end, and
                // what follows a command
  };

  // Before the first octet of a content.
  void start() { state_ = State::line; }
  // Looks at `octets`, which come behind those of the calls before; `at` is where the scan stopped. Bare CR and LF are
  // let through: they are the business of the servers that have to store them.
  Outcome scan(ByteView octets, std::size_t& at);

 private:
  enum class State : std::uint8_t {
    text,
    cr,        // behind a CR
    line,      // behind CRLF
    odd_line,  // behind a bare LF or a bare CR
    dot,       // behind a dot at the beginning of a line
    odd_dot,   // ... of an odd line
    dot_cr,    // ... and a CR behind it
    odd_dot_cr,
  };

  void skip_text(ByteView octets, std::size_t& at) const;
  Outcome take(char c);

  State state_ = State::line;
};

}  // namespace sp::codec::mail
