// ManageSieve to a server: RFC 5804 sections 1.3, 1.7 and 2.2, and XCLIENT as Pigeonhole has it.
#include "codec/mail/server_dialogues.h"
#include "codec/mail/sieve_text.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

using Then = Step::Then;

class SieveDialogue final : public ServerDialogue {
 public:
  explicit SieveDialogue(ServerTalk& talk) : talk_(talk) {}

  Result<Then> take(ByteView line) override;
  // The server says its capabilities by itself.
  Then tls_started() override {
    awaited_ = Awaited::capabilities;
    return Then::more;
  }

 private:
  enum class Awaited : std::uint8_t { capabilities, starttls, xclient };

  Result<Then> take_capability(ByteView line);
  Result<Then> finish(const SieveResponse& response);
  Result<Then> become_ready();
  Then say(ByteView line, Awaited awaited);

  ServerTalk& talk_;
  Awaited awaited_ = Awaited::capabilities;
};

Then SieveDialogue::say(ByteView line, Awaited awaited) {
  talk_.out = line;
  awaited_ = awaited;
  return Then::go_on;
}

Result<Then> SieveDialogue::take(ByteView line) {
  talk_.refusal = line;
  const auto response = parse_sieve_response(line);
  if (response) return finish(*response);
  if (awaited_ != Awaited::capabilities) return malformed_reply("ManageSieve: neither OK, NO nor BYE");
  return take_capability(line);
}

Result<Then> SieveDialogue::take_capability(ByteView line) {
  const auto capability = quoted_capability(line);
  if (!capability) return malformed_reply("ManageSieve: neither a capability nor OK, NO or BYE");
  if (auto added = talk_.add_capability(*capability); !added) return fail(added.error());
  return Then::more;
}

Result<Then> SieveDialogue::finish(const SieveResponse& response) {
  const bool ok = response.word == SieveResponse::Word::ok;
  switch (awaited_) {
    case Awaited::capabilities:
      if (!ok) return upstream_error(Code::mail_server_refused, "ManageSieve: the greeting");
      if (talk_.facts.greeting.empty()) talk_.facts.greeting = response.text;  // not that behind STARTTLS
      return become_ready();
    case Awaited::starttls:
      if (!ok) return upstream_error(Code::starttls_refused, "ManageSieve: the answer to STARTTLS");
      return Then::start_tls;
    case Awaited::xclient: break;
  }
  if (!ok) return upstream_error(Code::mail_identity_refused, "ManageSieve: the answer to XCLIENT");
  return Then::join;
}

Result<Then> SieveDialogue::become_ready() {
  if (talk_.wants_starttls()) {
    if (!talk_.facts.find(Protocol::sieve, "STARTTLS")) {
      return upstream_error(Code::starttls_refused, "ManageSieve: the server does not list it");
    }
    return say("STARTTLS\r\n", Awaited::starttls);
  }
  if (!talk_.settings.identity) return Then::join;
  if (!talk_.facts.find(Protocol::sieve, "XCLIENT")) {
    return upstream_error(Code::mail_identity_refused, "ManageSieve: the server does not list XCLIENT");
  }
  return say(dovecot_xclient(*talk_.settings.identity), Awaited::xclient);
}

}  // namespace

std::unique_ptr<ServerDialogue> sieve_dialogue(ServerTalk& talk) { return std::make_unique<SieveDialogue>(talk); }

}  // namespace sp::codec::mail
