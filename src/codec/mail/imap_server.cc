// IMAP to a server: RFC 9051 sections 6.1, 6.2 and 7.1, RFC 2971.
#include <fmt/format.h>

#include "codec/mail/imap_text.h"
#include "codec/mail/server_dialogues.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

using Then = Step::Then;

class ImapDialogue final : public ServerDialogue {
 public:
  explicit ImapDialogue(ServerTalk& talk) : talk_(talk) {}

  Result<Then> take(ByteView line) override;
  Then tls_started() override { return say("CAPABILITY", Awaited::capability); }

 private:
  enum class Awaited : std::uint8_t { greeting, capability, starttls, id };

  Result<Then> take_greeting(ByteView line);
  Result<Then> take_untagged(ByteView line);
  Result<Then> take_tagged(ByteView line);
  Result<Then> begin();
  Result<Then> become_ready();
  Result<void> take_capabilities(ByteView words);
  Then say(ByteView command, Awaited awaited);

  ServerTalk& talk_;
  Awaited awaited_ = Awaited::greeting;
  unsigned commands_ = 0;
  std::string tag_;  // of the command that is waited for
};

// Each command has a tag of its own, so that an answer sent ahead of its question is none.
Then ImapDialogue::say(ByteView command, Awaited awaited) {
  tag_ = fmt::format("G{}", ++commands_);
  talk_.out = fmt::format("{} {}\r\n", tag_, command);
  awaited_ = awaited;
  return Then::go_on;
}

Result<Then> ImapDialogue::take(ByteView line) {
  talk_.refusal = line;
  line = without_end(line);
  if (awaited_ == Awaited::greeting) return take_greeting(line);
  return line.starts_with("* ") ? take_untagged(line) : take_tagged(line);
}

Result<Then> ImapDialogue::take_greeting(ByteView line) {
  const ImapStatus status = parse_imap_status(line);
  if (status.tag != "*") return malformed_reply("IMAP: the greeting");
  if (same(status.word, "BYE")) return upstream_error(Code::mail_server_refused, "IMAP: the greeting");
  // Who connects is somebody already: here, the gate. With STARTTLS it is also the way in which somebody between could
  // avoid it.
  if (same(status.word, "PREAUTH")) return malformed_reply("IMAP: PREAUTH, a session without a log-in");
  if (!same(status.word, "OK")) return malformed_reply("IMAP: the greeting");
  talk_.facts.greeting = status.text;
  if (auto taken = take_capabilities(status.capabilities); !taken) return fail(taken.error());
  return begin();
}

Result<Then> ImapDialogue::begin() {
  if (talk_.wants_starttls()) return say("STARTTLS", Awaited::starttls);
  if (talk_.facts.capabilities.empty()) return say("CAPABILITY", Awaited::capability);
  return become_ready();
}

Result<Then> ImapDialogue::become_ready() {
  if (!talk_.settings.identity) return Then::join;
  if (!talk_.facts.find(Protocol::imap, "ID")) {
    return upstream_error(Code::mail_identity_refused, "IMAP: the server does not list ID");
  }
  return say("ID " + imap_id(*talk_.settings.identity), Awaited::id);
}

Result<void> ImapDialogue::take_capabilities(ByteView words) {
  if (words.empty()) return {};
  talk_.forget_capabilities();
  while (!words.empty()) {
    const ByteView word = take_word(words);
    if (word.empty()) continue;
    if (auto added = talk_.add_capability(word); !added) return added;
  }
  return {};
}

Result<Then> ImapDialogue::take_untagged(ByteView line) {
  line.remove_prefix(2);
  if (same(first_word(line), "BYE")) return upstream_error(Code::mail_server_refused, "IMAP: BYE");
  if (awaited_ == Awaited::capability && same(first_word(line), "CAPABILITY")) {
    if (auto taken = take_capabilities(behind_word(line)); !taken) return fail(taken.error());
  }
  return Then::more;
}

Result<Then> ImapDialogue::take_tagged(ByteView line) {
  const ImapStatus status = parse_imap_status(line);
  if (status.tag != tag_) return malformed_reply("IMAP: an answer to nothing");
  const bool ok = same(status.word, "OK");
  switch (awaited_) {
    case Awaited::greeting: break;
    case Awaited::starttls:
      if (!ok) return upstream_error(Code::starttls_refused, "IMAP: the answer to STARTTLS");
      return Then::start_tls;
    case Awaited::capability:
      if (!ok || talk_.facts.capabilities.empty()) return malformed_reply("IMAP: the answer to CAPABILITY");
      return become_ready();
    case Awaited::id:
      if (!ok) return upstream_error(Code::mail_identity_refused, "IMAP: the answer to ID");
      return Then::join;
  }
  return malformed_reply("IMAP: an answer to nothing");
}

}  // namespace

std::unique_ptr<ServerDialogue> imap_dialogue(ServerTalk& talk) { return std::make_unique<ImapDialogue>(talk); }

}  // namespace sp::codec::mail
