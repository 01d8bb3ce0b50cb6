// The gate as the server of a client, until TLS is on or is not wanted. See dialogue.h for what this is a part of.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/mail/command.h"
#include "codec/mail/dialogue.h"
#include "codec/mail/facts.h"
#include "codec/mail/line_reader.h"

namespace sp::codec::mail {

struct ClientSettings {
  enum class Tls : std::uint8_t {
    none,      // never: the listener has no certificate
    optional,  // by STARTTLS, and who does not ask for it goes on in clear
    required,  // by STARTTLS; nothing goes on without it
    on,        // since the first octet
  };
  Protocol protocol = Protocol::smtp;
  Limits limits{};
  Tls tls = Tls::required;
  Leg server = Leg::clear;
  Passwords in_clear = Passwords::refuse;
};

class ClientLeg final {
 public:
  // `facts` outlives the leg.
  ClientLeg(const ClientSettings& settings, const Facts& facts);

  // First of all. Joins at once where STARTTLS cannot come.
  Step greet();

  // Takes commands off the front of `in` until there is something to do. What it leaves in `in` with Then::more is a
  // line without its end, at most limits.command long (limits.auth_line, where it begins with AUTH). Then::join leaves
  // the command in `in` that led to it. With Then::start_tls `in` is empty: nothing may be read from the client before
  // the handshake begins.
  //
  // Errors (Side::client), after which farewell() is what can still be said:
  //   starttls_injection      octets behind STARTTLS
  //   starttls_required       more commands than limits.commands, none of them STARTTLS; or a password in a literal,
  //                           which a client sends without waiting for its refusal
  //   mail_too_many_commands  the same where TLS is not required
  //   mail_malformed, mail_line_too_long
  Result<Step> next(ByteView& in);

  // The handshake is done. What the client said before is forgotten (RFC 3207 section 4.2).
  Step tls_started();

  Leg leg() const { return leg_; }
  // The EHLO or HELO that was answered here before a join in clear, with its CRLF: to be said to the server before
  // anything else. Empty: there was none.
  ByteView hello() const { return hello_; }

 private:
  View view() const;
  Result<Step> answer(const Command& command, ByteView& in);
  Step answer_hello(const Command& command);
  void answer_noop(const Command& command);
  Result<Step> start_tls(const Command& command, ByteView in);
  bool joins(const Command& command) const;
  Step say(Step::Then then = Step::Then::go_on) const { return {.send = out_, .then = then}; }

  ClientSettings settings_;
  const Facts& facts_;
  LineReader lines_{Side::client};
  Leg leg_ = Leg::clear;
  std::uint32_t commands_ = 0;
  std::string hello_;
  std::string out_;
};

}  // namespace sp::codec::mail
