// The four dialogues of ServerLeg, and what they share.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "codec/mail/server_leg.h"

namespace sp::codec::mail {

// What the dialogues of the protocols share.
struct ServerTalk {
  explicit ServerTalk(const ServerSettings& given);

  // Adds to the facts, within the limits.
  Result<void> add_capability(ByteView capability);
  void forget_capabilities();

  ServerSettings settings;
  Leg leg;
  Facts facts;
  std::string out;      // to be sent
  std::string refusal;  // the reply by which the server refused, as it came
  std::size_t capability_octets = 0;

  bool wants_starttls() const { return leg == Leg::clear && settings.tls == ServerSettings::Tls::starttls; }
};

// One protocol's dialogue: fed line by line.
class ServerDialogue {
 public:
  virtual ~ServerDialogue() = default;
  // A line of the server with its CRLF.
  virtual Result<Step::Then> take(ByteView line) = 0;
  virtual Step::Then tls_started() = 0;
};

// `talk` outlives the dialogue.
std::unique_ptr<ServerDialogue> smtp_dialogue(ServerTalk& talk);
std::unique_ptr<ServerDialogue> imap_dialogue(ServerTalk& talk);
std::unique_ptr<ServerDialogue> pop3_dialogue(ServerTalk& talk);
std::unique_ptr<ServerDialogue> sieve_dialogue(ServerTalk& talk);

inline auto upstream_error(Code code, const char* where) {
  return fail(Error{.code = code, .side = Side::upstream, .where = where});
}

}  // namespace sp::codec::mail
