// How mail sessions begin, for a gate that stands before mail servers and ends TLS itself: SMTP (RFC 5321, RFC 3207),
// IMAP (RFC 9051, RFC 3501), POP3 (RFC 1939, RFC 2449, RFC 2595) and ManageSieve (RFC 5804). Sans-io.
//
// A session has two legs, each of them in clear, under TLS from its first octet, or in clear until STARTTLS. Three
// values play it, one after the other:
//
//   ServerLeg  The gate as the client of the server: greeting, STARTTLS, capabilities, and who the client is (XCLIENT,
//              ID). What it learns are Facts. It comes first: the client is greeted with the server's own words.
//   ClientLeg  The gate as the server of the client, until TLS is on: it greets, answers EHLO, CAPABILITY and the like
//              from the facts, and starts TLS. Nothing that the client says before TLS reaches the server, so that
//              there is nothing for it to forget (RFC 3207 section 4.2). Where sessions in clear are allowed, another
//              command than these leads to a join in clear; the EHLO before it is then said to the server by
//              ServerLeg::introduce().
//   Filter     What passes from there on, in both directions, until it is transparent and octets may pass unseen.
//
// The rules:
//
// - Octets in clear behind STARTTLS, or behind the server's consent to it, are an attack and end the session.
// - A capability is shown only if it is true: STARTTLS where it can be had and TLS is not on yet; no AUTH where no
//   password may cross; no EXTERNAL and no channel binding (SCRAM-...-PLUS), which are about the server's own TLS; what
//   was learned in clear is asked again under TLS.
// - No password crosses a leg in clear unless told so: where the server offers to take one, the command for it is
//   refused here, not only not shown.
// - What a server takes from this gate because it trusts its address (XCLIENT, XFORWARD, ID with x-originating-ip) is
//   neither shown to clients nor taken from them.
// - What gate and server could read differently is not passed on, or a client could hide a command in it: lines end in
//   CRLF, commands have one form, literals wait for the server's consent, and SMTP content ends in CRLF "." CRLF or not
//   at all. Message data is looked at for its end, and is never changed.
//
// IMAP, POP3 and ManageSieve are filtered until somebody is logged in. SMTP takes XCLIENT, STARTTLS and AUTH at any
// time: it is filtered as long as the server offers something that has to be hidden; where it does not, that is known
// with the answer to the client's first EHLO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace sp::codec::mail {

enum class Protocol : std::uint8_t { smtp, imap, pop3, sieve };
// "SMTP", "IMAP", "POP3", "ManageSieve".
std::string_view name(Protocol protocol);

// How a leg is now.
enum class Leg : std::uint8_t { clear, tls };

// Whether passwords, and all that is as good as one, may cross a leg in clear.
enum class Passwords : std::uint8_t { refuse, allow };

// All in octets, with their CRLF, unless they count something.
struct Limits {
  std::size_t command = 2048;            // a line of the client, with the literals in it
  std::size_t auth_line = 12288;         // one that holds a SASL response (RFC 4954 section 4)
  std::size_t reply_line = 4096;         // a line of the server, with the literals in it
  std::size_t capabilities = 16384;      // an answer of the server of several lines
  std::uint32_t capability_count = 256;  // its lines or words
  std::uint32_t commands = 32;           // of a client before TLS

  // What these protocols say, or where they say too little, what their servers take: command is 2048 for SMTP, 512 for
  // POP3, 8192 for IMAP and ManageSieve, whose replies may have 16384.
  static Limits of(Protocol protocol);
};

// What a leg wants next.
struct Step {
  enum class Then : std::uint8_t {
    more,       // read more octets, then call again
    go_on,      // call again at once, also if no octets are left
    start_tls,  // a handshake on this leg, then tls_started(); no octet that was read in clear may be left
    join,       // this leg is done; what is left in `in` is for the Filter
    close,      // the end, in peace
  };
  // To be written to this peer before anything else. A view into the leg, valid until its next call.
  ByteView send;
  Then then = Then::more;
};

}  // namespace sp::codec::mail
