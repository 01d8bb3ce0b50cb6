// POP3 to a server: RFC 1939 section 4, RFC 2449, RFC 2595 section 4, and XCLIENT as Dovecot has it.
#include <algorithm>

#include "codec/mail/server_dialogues.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

using Then = Step::Then;

class Pop3Dialogue final : public ServerDialogue {
 public:
  explicit Pop3Dialogue(ServerTalk& talk) : talk_(talk) {}

  Result<Then> take(ByteView line) override;
  Then tls_started() override;

 private:
  enum class Awaited : std::uint8_t { greeting, stls, capability, list, xclient };

  Result<Then> take_greeting(ByteView line);
  Result<Then> take_list(ByteView line);
  Result<Then> become_ready();
  Then say(ByteView line, Awaited awaited);

  ServerTalk& talk_;
  Awaited awaited_ = Awaited::greeting;
  bool takes_xclient_ = false;  // the greeting said so
};

Then Pop3Dialogue::say(ByteView line, Awaited awaited) {
  talk_.out = line;
  awaited_ = awaited;
  return Then::go_on;
}

Result<Then> Pop3Dialogue::take(ByteView line) {
  if (awaited_ != Awaited::list) talk_.refusal = line;
  line = without_end(line);
  if (awaited_ == Awaited::list) return take_list(line);
  const bool ok = same(first_word(line), "+OK");
  if (!ok && !same(first_word(line), "-ERR")) return malformed_reply("POP3: neither +OK nor -ERR");
  switch (awaited_) {
    case Awaited::greeting:
      if (!ok) return upstream_error(Code::mail_server_refused, "POP3: the greeting");
      return take_greeting(behind_word(line));
    case Awaited::stls:
      if (!ok) return upstream_error(Code::starttls_refused, "POP3: the answer to STLS");
      return Then::start_tls;
    case Awaited::capability:
      if (!ok) return become_ready();  // it does not know CAPA: nothing is known of it
      awaited_ = Awaited::list;
      return Then::more;
    case Awaited::list: break;
    case Awaited::xclient:
      if (!ok) return upstream_error(Code::mail_identity_refused, "POP3: the answer to XCLIENT");
      return Then::join;
  }
  return Then::more;
}

Result<Then> Pop3Dialogue::take_greeting(ByteView text) {
  // Dovecot, to who is trusted.
  static constexpr ByteView mark = "[XCLIENT]";
  if (begins(text, mark)) {
    takes_xclient_ = true;
    text.remove_prefix(mark.size());
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  talk_.facts.greeting = text;
  if (talk_.wants_starttls()) return say("STLS\r\n", Awaited::stls);
  return say("CAPA\r\n", Awaited::capability);
}

Then Pop3Dialogue::tls_started() {
  // The time stamp of APOP (RFC 1939 section 7) came in clear: somebody between may have chosen it, and chosen ones
  // give the password away.
  std::string& greeting = talk_.facts.greeting;
  greeting.resize(std::min(greeting.size(), greeting.rfind('<')));
  while (greeting.ends_with(' ')) greeting.pop_back();
  return say("CAPA\r\n", Awaited::capability);
}

Result<Then> Pop3Dialogue::take_list(ByteView line) {
  if (line == ".") return become_ready();
  if (auto added = talk_.add_capability(line); !added) return fail(added.error());
  return Then::more;
}

Result<Then> Pop3Dialogue::become_ready() {
  if (!talk_.settings.identity) return Then::join;
  if (!takes_xclient_ && !talk_.facts.find(Protocol::pop3, "XCLIENT")) {
    return upstream_error(Code::mail_identity_refused, "POP3: the server does not offer XCLIENT");
  }
  return say(dovecot_xclient(*talk_.settings.identity), Awaited::xclient);
}

}  // namespace

std::unique_ptr<ServerDialogue> pop3_dialogue(ServerTalk& talk) { return std::make_unique<Pop3Dialogue>(talk); }

}  // namespace sp::codec::mail
