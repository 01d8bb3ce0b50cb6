#include "codec/mail/content_scan.h"

#include <algorithm>

namespace sp::codec::mail {

ContentScan::Outcome ContentScan::scan(ByteView octets, std::size_t& at) {
  while (at < octets.size()) {
    if (state_ == State::text) skip_text(octets, at);
    if (at == octets.size()) break;
    const Outcome outcome = take(octets[at++]);
    if (outcome != Outcome::more) return outcome;
  }
  return Outcome::more;
}

// To the next CR or LF. The LF is looked for first: it bounds the search for a CR, of which there may be none at all.
void ContentScan::skip_text(ByteView octets, std::size_t& at) const {
  const ByteView line = octets.substr(at, octets.find('\n', at) - at);
  at += std::min(line.find('\r'), line.size());
}

ContentScan::Outcome ContentScan::take(char c) {
  const bool odd = state_ == State::odd_dot || state_ == State::odd_dot_cr;
  switch (state_) {
    case State::text: state_ = c == '\r' ? State::cr : c == '\n' ? State::odd_line : State::text; break;
    case State::cr:
      state_ = c == '\n' ? State::line : c == '\r' ? State::cr : c == '.' ? State::odd_dot : State::text;
      break;
    case State::line:
    case State::odd_line:
      if (c == '.') {
        state_ = state_ == State::line ? State::dot : State::odd_dot;
      } else {
        state_ = c == '\r' ? State::cr : c == '\n' ? State::odd_line : State::text;
      }
      break;
    case State::dot:
    case State::odd_dot:
      if (c == '\n') return Outcome::ambiguous;
      state_ = c != '\r' ? State::text : odd ? State::odd_dot_cr : State::dot_cr;
      break;
    case State::dot_cr: return c == '\n' ? Outcome::end : Outcome::ambiguous;
    case State::odd_dot_cr: return Outcome::ambiguous;
  }
  return Outcome::more;
}

}  // namespace sp::codec::mail
