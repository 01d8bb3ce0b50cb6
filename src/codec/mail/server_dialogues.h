// The four dialogues of ServerLeg.
#pragma once

#include <memory>

#include "codec/mail/server_leg.h"

namespace sp::codec::mail {

// `talk` outlives the dialogue.
std::unique_ptr<ServerDialogue> smtp_dialogue(ServerTalk& talk);
std::unique_ptr<ServerDialogue> imap_dialogue(ServerTalk& talk);
std::unique_ptr<ServerDialogue> pop3_dialogue(ServerTalk& talk);
std::unique_ptr<ServerDialogue> sieve_dialogue(ServerTalk& talk);

inline auto upstream_error(Code code, const char* where) {
  return fail(Error{.code = code, .side = Side::upstream, .where = where});
}

}  // namespace sp::codec::mail
