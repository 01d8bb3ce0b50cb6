// What the gate itself says to clients, in the words of each protocol. All functions append whole lines to `out`.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/mail/dialogue.h"
#include "codec/mail/facts.h"

namespace sp::codec::mail {

enum class Refusal : std::uint8_t {
  needs_tls,         // RFC 3207 section 4, RFC 2595 section 3.1, RFC 5804 section 1.3
  tls_is_on,         // STARTTLS, once more
  no_starttls,       // or not any longer
  client_in_clear,   // a password on a leg in clear
  server_in_clear,   // a password, and the server's leg is in clear
  mechanism,         // EXTERNAL
  not_from_clients,  // XCLIENT and its like
  hello_first,
  syntax,
};

// `tag` is for IMAP; empty where the command had none.
void append_refusal(Protocol protocol, ByteView tag, Refusal refusal, std::string& out);
void append_ok(Protocol protocol, ByteView tag, ByteView text, std::string& out);
// The answer to LOGOUT or QUIT.
void append_goodbye(Protocol protocol, ByteView tag, std::string& out);

void append_greeting(Protocol protocol, const Facts& facts, const View& view, std::string& out);
// The answer to EHLO, CAPABILITY, CAPA.
void append_capabilities(Protocol protocol, ByteView tag, const Facts& facts, const View& view, std::string& out);

// The last words to a client whose session ends with an error: of the kind "not now" where the fault is the server's
// or the gate's, "not so" where it is the client's. They say no more of the error than that. May be said instead of a
// greeting.
std::string farewell(Protocol protocol, const Error& error);

}  // namespace sp::codec::mail
