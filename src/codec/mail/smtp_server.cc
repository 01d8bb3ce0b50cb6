// SMTP to a server: RFC 5321 sections 3.1 and 4.1.1.1, RFC 3207, XCLIENT_README of Postfix.
#include <algorithm>
#include <utility>
#include <vector>

#include "codec/mail/server_dialogues.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

using Then = Step::Then;

class SmtpDialogue final : public ServerDialogue {
 public:
  explicit SmtpDialogue(ServerTalk& talk) : talk_(talk) {}

  Result<Then> take(ByteView line) override;
  Then tls_started() override { return say_hello(); }

 private:
  enum class Awaited : std::uint8_t { greeting, hello, old_hello, starttls, xclient, introduction };

  Result<void> note(ByteView line, const SmtpReplyLine& reply);
  Result<Then> finish(unsigned code);
  Result<Then> after_greeting(unsigned code);
  Result<Then> after_hello(unsigned code);
  Result<Then> after_xclient(unsigned code);
  Result<Then> begin_xclient();
  Result<Then> become_ready();
  Then say_hello();
  Then say(ByteView line, Awaited awaited);

  ServerTalk& talk_;
  Awaited awaited_ = Awaited::greeting;
  std::uint32_t lines_ = 0;           // of this reply, before the present one
  unsigned code_ = 0;                 // of this reply
  std::size_t octets_ = 0;            // of this reply
  std::vector<std::string> xclient_;  // what is left to say, the last first
  bool introduced_ = false;
};

Then SmtpDialogue::say(ByteView line, Awaited awaited) {
  talk_.out = line;
  awaited_ = awaited;
  return Then::go_on;
}

Then SmtpDialogue::say_hello() {
  talk_.forget_capabilities();
  return say("EHLO " + talk_.settings.name + "\r\n", Awaited::hello);
}

Result<Then> SmtpDialogue::take(ByteView line) {
  const auto reply = parse_smtp_reply(line);
  if (!reply) return malformed_reply("SMTP: not a reply");
  if (auto noted = note(line, *reply); !noted) return fail(noted.error());
  if (!reply->last) {
    ++lines_;
    return Then::more;
  }
  lines_ = 0;
  octets_ = 0;
  return finish(reply->code);
}

// Keeps of a line what somebody may want to know: the greeting, the capabilities, or a refusal.
Result<void> SmtpDialogue::note(ByteView line, const SmtpReplyLine& reply) {
  if (lines_ != 0 && reply.code != code_) return malformed_reply("SMTP: a reply with two codes");
  code_ = reply.code;
  octets_ += line.size();
  if (lines_ >= talk_.settings.limits.capability_count || octets_ > talk_.settings.limits.capabilities) {
    return malformed_reply("SMTP: a reply longer than the limit");
  }
  if (lines_ == 0) talk_.refusal.clear();
  talk_.refusal += line;
  if (awaited_ == Awaited::greeting) {
    if (lines_ != 0) talk_.facts.greeting += '\n';
    talk_.facts.greeting += reply.text;
  } else if ((awaited_ == Awaited::hello || awaited_ == Awaited::old_hello) && lines_ == 0) {
    talk_.facts.host = first_word(reply.text.empty() ? ByteView(talk_.settings.name) : reply.text);
  } else if (awaited_ == Awaited::hello && reply.code == 250) {
    return talk_.add_capability(reply.text);
  }
  return {};
}

Result<Then> SmtpDialogue::finish(unsigned code) {
  switch (awaited_) {
    case Awaited::greeting: return after_greeting(code);
    case Awaited::hello:
    case Awaited::old_hello: return after_hello(code);
    case Awaited::starttls:
      if (code != 220) return upstream_error(Code::starttls_refused, "SMTP: the answer to STARTTLS");
      return Then::start_tls;
    case Awaited::xclient: return after_xclient(code);
    case Awaited::introduction: break;
  }
  if (code != 250) return upstream_error(Code::mail_server_refused, "SMTP: the answer to the client's EHLO");
  return Then::join;
}

Result<Then> SmtpDialogue::after_greeting(unsigned code) {
  if (code != 220) return upstream_error(Code::mail_server_refused, "SMTP: the greeting");
  return say_hello();
}

Result<Then> SmtpDialogue::after_hello(unsigned code) {
  if (code == 250) return become_ready();
  // RFC 5321 section 3.2: a server of before 1993 knows HELO only.
  const bool unknown = code == 500 || code == 502 || code == 504;
  if (awaited_ == Awaited::hello && unknown) return say("HELO " + talk_.settings.name + "\r\n", Awaited::old_hello);
  return upstream_error(Code::mail_server_refused, "SMTP: the answer to EHLO");
}

Result<Then> SmtpDialogue::become_ready() {
  if (talk_.wants_starttls()) {
    if (!talk_.facts.find(Protocol::smtp, "STARTTLS")) {
      return upstream_error(Code::starttls_refused, "SMTP: EHLO does not list it");
    }
    return say("STARTTLS\r\n", Awaited::starttls);
  }
  if (talk_.settings.identity && !introduced_) return begin_xclient();
  awaited_ = Awaited::introduction;
  return Then::join;
}

Result<Then> SmtpDialogue::begin_xclient() {
  const ByteView attributes = talk_.facts.find(Protocol::smtp, "XCLIENT").value_or("");
  if (!has_word(attributes, "ADDR")) {
    return upstream_error(Code::mail_identity_refused, "SMTP: EHLO does not list XCLIENT with ADDR");
  }
  xclient_ = smtp_xclient(*talk_.settings.identity, attributes);
  std::ranges::reverse(xclient_);
  return after_xclient(220);
}

// The server begins anew after each, and greets; what it offers may hang on who the client is.
Result<Then> SmtpDialogue::after_xclient(unsigned code) {
  if (code / 100 != 2) return upstream_error(Code::mail_identity_refused, "SMTP: the answer to XCLIENT");
  if (xclient_.empty()) {
    introduced_ = true;
    return say_hello();
  }
  const std::string line = std::move(xclient_.back());
  xclient_.pop_back();
  return say(line, Awaited::xclient);
}

}  // namespace

std::unique_ptr<ServerDialogue> smtp_dialogue(ServerTalk& talk) { return std::make_unique<SmtpDialogue>(talk); }

}  // namespace sp::codec::mail
