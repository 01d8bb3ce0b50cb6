// Who the client is, as a server is told it by a gate that it trusts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ip.h"
#include "codec/mail/dialogue.h"

namespace sp::codec::mail {

struct Identity {
  Endpoint client;
  std::optional<Endpoint> destination;  // what it connected to
  std::string name;      // of the client in DNS, in both directions; empty: there is none, or nobody has asked
  std::string helo;      // what it said in EHLO or HELO; empty: not known
  std::string protocol;  // "SMTP", "ESMTP"; empty: not known
  std::string login;     // as whom it has logged in; empty: it has not
  std::string session;   // a name of this session for both logs, of letters, digits and "+/=._:-"; at most 64 octets
};

// XCLIENT of Postfix (XCLIENT_README), for a server whose EHLO has listed these `attributes`: as many lines of at most
// 512 octets as it takes, each to be answered before the next. ADDR and NAME are always said: without a name Postfix
// would go on with that of the gate, and match its rules for names against it. What the server does not list is left
// out, and so is what is too long for a line.
std::vector<std::string> smtp_xclient(const Identity& identity, ByteView attributes);

// XCLIENT as Dovecot takes it for POP3 and ManageSieve: ADDR, PORT and SESSION, as atoms without quotes.
std::string dovecot_xclient(const Identity& identity);

// The argument of ID (RFC 2971), with the keys that Dovecot reads from login_trusted_networks and others like it.
std::string imap_id(const Identity& identity);

// xtext of RFC 3461 section 4.
std::string xtext(ByteView text);

}  // namespace sp::codec::mail
