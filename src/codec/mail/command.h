// A line of a client as a command. There is one form of each: what a lenient server would also take for a command (a
// space before it, a tab within) is none here, and is never passed on.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "codec/mail/dialogue.h"

namespace sp::codec::mail {

struct Command {
  // What the gate has to know a command by.
  enum class Kind : std::uint8_t {
    malformed,
    hello,       // EHLO
    old_hello,   // HELO
    capability,  // CAPABILITY, CAPA
    noop,
    logout,    // LOGOUT, QUIT
    starttls,  // STARTTLS, STLS, X-ANONYMOUSTLS
    log_in,    // LOGIN, AUTHENTICATE, AUTH, PASS, APOP: what may end with somebody being logged in
    user,      // USER: half of a log-in
    data,
    chunk,     // BDAT
    identity,  // XCLIENT and its like: who somebody else is
    id,        // ID of IMAP (RFC 2971)
    compress,  // RFC 4978
    other,
  };
  Kind kind = Kind::malformed;
  ByteView tag;       // IMAP; empty in the others, and where there is none
  ByteView verb;      // as it was written: letters, digits and "-"
  ByteView argument;  // all behind the space behind the verb

  bool is(ByteView of_verb) const;
};

// `line` is without its CRLF. Views are into it.
Command parse_command(Protocol protocol, ByteView line);

// How long the line that begins with `in` may be.
std::size_t line_limit(Protocol protocol, const Limits& limits, ByteView in);

// Whether `argument` of EHLO or HELO may be said to the server, which may like it or not: RFC 5321 section 4.1.1.1
// wants a name or an address, and clients say what somebody has called their machine.
bool is_hello_name(ByteView argument);

// A literal that is announced at the end of a line (RFC 9051 section 4.3, RFC 5804 section 1.2).
struct Literal {
  enum class Consent : std::uint8_t { awaited, not_awaited };  // {5}, {5+}
  std::uint64_t octets = 0;
  Consent consent = Consent::awaited;
};

// What stands behind the verb of IMAP or ManageSieve, taken apart no further than it takes to see its end.
struct Arguments {
  bool well_formed = true;  // false: a string without an end, or braces that may be a literal or not
  std::optional<Literal> literal;
};
Arguments scan_arguments(ByteView text);

}  // namespace sp::codec::mail
