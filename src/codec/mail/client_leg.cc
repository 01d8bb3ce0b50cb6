#include "codec/mail/client_leg.h"

#include <optional>

#include "base/assert.h"
#include "codec/mail/answers.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

using Kind = Command::Kind;
using Tls = ClientSettings::Tls;

std::unexpected<Error> refused(Code code, const char* where) {
  return fail(Error{.code = code, .side = Side::client, .where = where});
}

// The consent to STARTTLS (RFC 3207 section 4 has 220 for it).
void append_consent(Protocol protocol, ByteView tag, std::string& out) {
  if (protocol == Protocol::smtp) {
    out += "220 2.0.0 Ready to start TLS\r\n";
  } else {
    append_ok(protocol, tag, "Begin TLS negotiation now", out);
  }
}

// A string of ManageSieve in quotes, and nothing else.
bool is_quoted(ByteView text) {
  return text.size() >= 2 && text.starts_with('"') && text.find_first_of("\"\\", 1) == text.size() - 1;
}

// What follows such a command are the octets of a literal, which must not be taken for commands.
bool has_unawaited_literal(Protocol protocol, const Command& command) {
  if (protocol != Protocol::imap && protocol != Protocol::sieve) return false;
  const auto literal = scan_arguments(command.argument).literal;
  return literal && literal->consent == Literal::Consent::not_awaited;
}

}  // namespace

ClientLeg::ClientLeg(const ClientSettings& settings, const Facts& facts)
    : settings_(settings), facts_(facts), leg_(settings.tls == Tls::on ? Leg::tls : Leg::clear) {}

View ClientLeg::view() const {
  const bool offered = leg_ == Leg::clear && settings_.tls != Tls::none;
  return {.client = leg_,
          .server = settings_.server,
          // Where TLS is required, all commands that could bring a password are refused.
          .in_clear = offered && settings_.tls == Tls::required ? Passwords::refuse : settings_.in_clear,
          .starttls = offered ? View::StartTls::offered : View::StartTls::none};
}

Step ClientLeg::greet() {
  out_.clear();
  append_greeting(settings_.protocol, facts_, view(), out_);
  return say(settings_.tls == Tls::none || settings_.tls == Tls::on ? Step::Then::join : Step::Then::more);
}

Result<Step> ClientLeg::next(ByteView& in) {
  SP_ASSERT(leg_ == Leg::clear);
  out_.clear();
  // A record of a handshake (RFC 8446 section 5.1): no line begins so.
  if (in.starts_with("\x16\x03")) return refused(Code::mail_malformed, "TLS where the dialogue begins in clear");
  const ByteView before = in;
  SP_TRY_PLAIN(const std::optional<ByteView> line,
               lines_.take(in, line_limit(settings_.protocol, settings_.limits, in)));
  if (!line) return Step{};
  const Command command = parse_command(settings_.protocol, *line);
  if (joins(command)) {
    in = before;
    return say(Step::Then::join);
  }
  if (++commands_ > settings_.limits.commands) {
    return refused(settings_.tls == Tls::required ? Code::starttls_required : Code::mail_too_many_commands,
                   "too many commands before STARTTLS");
  }
  return answer(command, in);
}

bool ClientLeg::joins(const Command& command) const {
  if (settings_.tls == Tls::required) return false;
  switch (command.kind) {
    case Kind::malformed:
    case Kind::hello:
    case Kind::old_hello:
    case Kind::capability:
    case Kind::noop:
    case Kind::logout:
    case Kind::starttls: return false;
    // A password that may not cross is refused here: behind the join there is no STARTTLS any more.
    case Kind::user:
    case Kind::log_in: return view().passwords_may_pass();
    default: return true;
  }
}

Result<Step> ClientLeg::answer(const Command& command, ByteView& in) {
  const Protocol protocol = settings_.protocol;
  if (has_unawaited_literal(protocol, command)) {
    return refused(command.kind == Kind::log_in ? Code::starttls_required : Code::mail_malformed,
                   "a literal before STARTTLS, sent without waiting");
  }
  switch (command.kind) {
    case Kind::hello:
    case Kind::old_hello: return answer_hello(command);
    case Kind::capability: append_capabilities(protocol, command.tag, facts_, view(), out_); break;
    case Kind::noop: answer_noop(command); break;
    case Kind::logout: append_goodbye(protocol, command.tag, out_); return say(Step::Then::close);
    case Kind::starttls: return start_tls(command, in);
    case Kind::malformed: append_refusal(protocol, command.tag, Refusal::syntax, out_); break;
    default: append_refusal(protocol, command.tag, Refusal::needs_tls, out_); break;
  }
  return say();
}

void ClientLeg::answer_noop(const Command& command) {
  const ByteView argument = command.argument;
  if (settings_.protocol != Protocol::sieve || argument.empty()) {
    append_ok(settings_.protocol, command.tag, "NOOP completed", out_);
  } else if (is_quoted(argument)) {
    out_.append("OK (TAG ").append(argument).append(") \"Done\"\r\n");  // RFC 5804 section 2.13
  } else {
    append_refusal(settings_.protocol, command.tag, Refusal::syntax, out_);
  }
}

Step ClientLeg::answer_hello(const Command& command) {
  if (!is_hello_name(command.argument)) {
    out_ += "501 5.5.4 Syntax: EHLO hostname\r\n";
    return say();
  }
  hello_.assign(command.verb).append(" ").append(command.argument).append("\r\n");
  if (command.kind == Kind::hello) {
    append_capabilities(settings_.protocol, {}, facts_, view(), out_);
  } else {
    out_.append("250 ").append(facts_.host).append("\r\n");
  }
  return say();
}

Result<Step> ClientLeg::start_tls(const Command& command, ByteView in) {
  if (!command.argument.empty() || !same(command.verb, settings_.protocol == Protocol::pop3 ? "STLS" : "STARTTLS")) {
    append_refusal(settings_.protocol, command.tag, Refusal::syntax, out_);
    return say();
  }
  if (!in.empty()) return refused(Code::starttls_injection, "octets behind STARTTLS");
  append_consent(settings_.protocol, command.tag, out_);
  return say(Step::Then::start_tls);
}

Step ClientLeg::tls_started() {
  leg_ = Leg::tls;
  hello_.clear();
  out_.clear();
  // RFC 5804 section 2.2: the server says its capabilities again.
  if (settings_.protocol == Protocol::sieve) {
    append_capabilities(settings_.protocol, {}, facts_, view(), out_);
  }
  return say(Step::Then::join);
}

}  // namespace sp::codec::mail
