// The gate as the client of a server, until the client can have its turn. See dialogue.h for what this is a part of.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/mail/dialogue.h"
#include "codec/mail/facts.h"
#include "codec/mail/identity.h"
#include "codec/mail/reply_reader.h"

namespace sp::codec::mail {

struct ServerSettings {
  enum class Tls : std::uint8_t { none, starttls, on };
  Protocol protocol = Protocol::smtp;
  Limits limits{};
  Tls tls = Tls::none;
  std::string name;                  // of the gate, for EHLO
  std::optional<Identity> identity;  // said by XCLIENT or ID; or the session ends: mail_identity_refused
};

// The command by which a client leaves a server that waits for one.
ByteView goodbye(Protocol protocol);

struct ServerTalk;
class ServerDialogue;

class ServerLeg final {
 public:
  explicit ServerLeg(const ServerSettings& settings);
  ~ServerLeg();

  // Takes lines off the front of `in` until there is something to do; first what the server greets with. What it
  // leaves in `in` with Then::more is a line without its end, at most limits.reply_line long. With Then::start_tls `in`
  // is empty: nothing may be read from the server before the handshake begins. Then::join: the server waits for the
  // client's first command, and facts() are known.
  //
  // Errors (Side::upstream):
  //   starttls_injection     octets behind the consent to STARTTLS
  //   starttls_refused       it is not offered, or was refused
  //   mail_server_refused    the greeting was none: refusal() is what may be passed on
  //   mail_identity_refused  XCLIENT or ID is not offered to us, or was refused
  //   mail_reply_malformed   all else, IMAP's PREAUTH too: a session without a log-in is nobody's; and a server that
  //                          talks and talks
  Result<Step> next(ByteView& in);
  // The handshake is done.
  Step tls_started();
  // SMTP, after the join: says the EHLO or HELO (a line with its CRLF) of a client that goes on in clear. Then next()
  // until Then::join again; its answer goes to nobody, for the client has had one.
  Step introduce(ByteView hello);

  const Facts& facts() const;
  Leg leg() const;
  // With mail_server_refused: the reply of the server, all its lines, in the words of its protocol. Empty: it had none
  // that a client could be told.
  ByteView refusal() const;

 private:
  std::unique_ptr<ServerTalk> talk_;
  std::unique_ptr<ServerDialogue> dialogue_;
  ReplyReader lines_;
  std::size_t octets_ = 0;  // of all its lines
};

}  // namespace sp::codec::mail
