// What a server makes of a header of the PROXY protocol, by what it says first: servers that do not expect one take it
// for the client's first words, and have an answer to that.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sp::codec::proxy_protocol {

enum class Speaks : std::uint8_t { unknown, smtp, imap, pop3, sieve, http, tls };

enum class Reaction : std::uint8_t {
  nothing,           // not a word yet
  greeted,           // as everybody is greeted who is welcome; in HTTP any response but 400
  took_for_command,  // an answer to a command, and of none but the header (so only where nobody has sent another)
  refused,           // it greets, but to send the client away: SMTP's 421 and 554, `* BYE`, `-ERR`
  wants_tls,         // an alert of TLS, or HTTP's 400 that says so
  other,             // something that says nothing of all this
};

struct ServerSaid {
  Reaction reaction = Reaction::nothing;
  Speaks speaks = Speaks::unknown;
  ByteView line;  // the one that has decided, without its end; a view into what was given
};

// All that a server has said so far on a connection that began with a header, or with none. More octets may turn
// `greeted` into `took_for_command`: the greeting of a mail server comes first.
//
// What it can be wrong about: in HTTP a 400 may be about the request behind the header; who must know asks again
// without one.
ServerSaid what_server_said(ByteView first_octets);

}  // namespace sp::codec::proxy_protocol
