#include "codec/mail/server_leg.h"

#include "base/assert.h"
#include "codec/mail/server_dialogues.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

// A dialogue has fewer answers than that, each of them bounded by limits.capabilities; lines that mean nothing here
// count as well.
constexpr std::size_t talkative = 8;

std::unique_ptr<ServerDialogue> dialogue_of(ServerTalk& talk) {
  switch (talk.settings.protocol) {
    case Protocol::smtp: return smtp_dialogue(talk);
    case Protocol::imap: return imap_dialogue(talk);
    case Protocol::pop3: return pop3_dialogue(talk);
    case Protocol::sieve: break;
  }
  return sieve_dialogue(talk);
}

}  // namespace

ByteView goodbye(Protocol protocol) {
  switch (protocol) {
    case Protocol::smtp:
    case Protocol::pop3: return "QUIT\r\n";
    case Protocol::imap: return "G0 LOGOUT\r\n";  // other commands of the gate are numbered from 1
    case Protocol::sieve: break;
  }
  return "LOGOUT\r\n";
}

ServerTalk::ServerTalk(const ServerSettings& given)
    : settings(given), leg(given.tls == ServerSettings::Tls::on ? Leg::tls : Leg::clear) {}

Result<void> ServerTalk::add_capability(ByteView capability) {
  if (capability.empty()) return {};
  capability_octets += capability.size();
  if (capability_octets > settings.limits.capabilities ||
      facts.capabilities.size() >= settings.limits.capability_count) {
    return malformed_reply("more capabilities than the limit");
  }
  facts.capabilities.emplace_back(capability);
  return {};
}

void ServerTalk::forget_capabilities() {
  facts.capabilities.clear();
  capability_octets = 0;
}

ServerLeg::ServerLeg(const ServerSettings& settings)
    : talk_(std::make_unique<ServerTalk>(settings)),
      dialogue_(dialogue_of(*talk_)),
      lines_(settings.protocol, settings.limits) {}

ServerLeg::~ServerLeg() = default;

const Facts& ServerLeg::facts() const { return talk_->facts; }
Leg ServerLeg::leg() const { return talk_->leg; }
ByteView ServerLeg::refusal() const { return talk_->refusal; }

Result<Step> ServerLeg::next(ByteView& in) {
  talk_->out.clear();
  for (;;) {
    SP_TRY_PLAIN(const std::optional<ByteView> line, lines_.take(in));
    if (!line) return Step{};
    octets_ += line->size();
    if (octets_ > talkative * talk_->settings.limits.capabilities)
      return malformed_reply("it does not come to the point");
    SP_TRY_PLAIN(const Step::Then then, dialogue_->take(*line));
    if (then == Step::Then::start_tls && !in.empty()) {
      return upstream_error(Code::starttls_injection, "octets behind the consent to STARTTLS");
    }
    if (then != Step::Then::more) return Step{.send = talk_->out, .then = then};
  }
}

Step ServerLeg::tls_started() {
  talk_->out.clear();
  talk_->leg = Leg::tls;
  talk_->forget_capabilities();
  const Step::Then then = dialogue_->tls_started();
  return {.send = talk_->out, .then = then};
}

Step ServerLeg::introduce(ByteView hello) {
  SP_ASSERT(talk_->settings.protocol == Protocol::smtp);
  talk_->out = hello;
  // A server without any extensions may be one that does not know EHLO.
  if (begins(hello, "EHLO ") && facts().capabilities.empty()) talk_->out.replace(0, 4, "HELO");
  return {.send = talk_->out, .then = Step::Then::more};
}

}  // namespace sp::codec::mail
