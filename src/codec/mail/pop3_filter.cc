// POP3 behind the join, until somebody is logged in: RFC 1939 section 4, RFC 2449, RFC 5034.
#include <algorithm>
#include <array>

#include "codec/mail/filter_talk.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

using Kind = Command::Kind;

// A server that has given up a log-in by itself takes the response for a command; were that one to go well, it would
// look like the log-in. In base64 all of these are no texts.
bool is_answered_ok(ByteView line) {
  static constexpr std::array<ByteView, 6> verbs{"CAPA", "HELP", "LANG", "NOOP", "QUIT", "UTF8"};
  return std::ranges::any_of(verbs, [&](ByteView verb) { return same(line, verb); });
}

class Pop3Filter final : public ProtocolFilter {
 public:
  explicit Pop3Filter(const FilterSettings& settings) : talk_(settings) {}

  Result<Passage> from_client(ByteView& in) override;
  Result<Passage> from_server(ByteView& in) override;
  bool transparent() const override { return transparent_; }

 private:
  enum class Awaited : std::uint8_t { nothing, capability, list, log_in };

  Result<Passage> take_sasl(ByteView& in);
  std::optional<Refusal> refusal_of(const Command& command) const;
  Passage take_capability(ByteView line);
  void take_status(ByteView line);

  FilterTalk talk_;
  Awaited awaited_ = Awaited::nothing;
  std::uint64_t due_ = 0;  // answers
  bool sasl_ = false;      // the client's next line is a response
  bool by_sasl_ = false;   // the log-in that is awaited is an AUTH
  bool transparent_ = false;
};

// ---- the client

Result<Passage> Pop3Filter::from_client(ByteView& in) {
  if (awaited_ != Awaited::nothing) return waiting();
  if (sasl_) return take_sasl(in);
  const ByteView before = in;
  SP_TRY_PLAIN(const std::optional<ByteView> line,
               talk_.client_lines.take(in, line_limit(Protocol::pop3, talk_.settings.limits, in)));
  if (!line) return Passage{};
  const Command command = parse_command(Protocol::pop3, *line);
  const auto refusal = refusal_of(command);
  const bool alone = command.kind == Kind::capability || command.kind == Kind::log_in;
  if (due_ != 0 && (refusal || alone)) {
    in = before;
    return waiting();
  }
  if (refusal) return talk_.refuse({}, *refusal);
  ++due_;
  by_sasl_ = command.is("AUTH");
  if (alone) awaited_ = command.kind == Kind::log_in ? Awaited::log_in : Awaited::capability;
  return passed(with_end(*line));
}

std::optional<Refusal> Pop3Filter::refusal_of(const Command& command) const {
  switch (command.kind) {
    case Kind::malformed: return Refusal::syntax;
    case Kind::starttls: return talk_.no_starttls();
    case Kind::identity: return Refusal::not_from_clients;
    case Kind::user:
    case Kind::log_in: break;
    default: return std::nullopt;
  }
  if (!talk_.view.passwords_may_pass()) return talk_.no_passwords();
  if (!command.is("AUTH")) return std::nullopt;
  // AUTH alone has no mechanism: some answer it with a list, which RFC 5034 has left to CAPA.
  return FilterTalk::refusal_of(first_word(command.argument));
}

Result<Passage> Pop3Filter::take_sasl(ByteView& in) {
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.client_lines.take(in, talk_.settings.limits.auth_line));
  if (!line) return Passage{};
  if (!is_sasl_response(*line) || is_answered_ok(*line)) return malformed_command("POP3: no SASL response");
  sasl_ = false;
  awaited_ = Awaited::log_in;
  return passed(with_end(*line));
}

// ---- the server

Result<Passage> Pop3Filter::from_server(ByteView& in) {
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.server_lines.take(in));
  if (!line) return Passage{};
  if (awaited_ == Awaited::list) return take_capability(*line);
  take_status(*line);
  return passed(*line);
}

Passage Pop3Filter::take_capability(ByteView line) {
  if (line == ".\r\n") {
    awaited_ = Awaited::nothing;
    return passed(line);
  }
  const auto capability = shown(Protocol::pop3, without_end(line), talk_.view);
  if (!capability) return Passage{.then = Passage::Then::go_on};
  if (*capability == without_end(line)) return passed(line);
  talk_.to_client = *capability + "\r\n";
  return passed(talk_.to_client);
}

// Lines that are neither belong to the answer of a command that is not known here.
void Pop3Filter::take_status(ByteView line) {
  const ByteView word = first_word(without_end(line));
  const bool ok = same(word, "+OK");
  if (word == "+" && awaited_ == Awaited::log_in && by_sasl_) {
    sasl_ = true;
    awaited_ = Awaited::nothing;
    return;
  }
  if (!ok && !same(word, "-ERR")) return;
  if (due_ != 0) --due_;
  if (due_ != 0) return;
  // A server may not wait for the response to its challenge.
  const Awaited was = sasl_ ? Awaited::log_in : awaited_;
  sasl_ = false;
  awaited_ = was == Awaited::capability && ok ? Awaited::list : Awaited::nothing;
  transparent_ = was == Awaited::log_in && ok;
}

}  // namespace

std::unique_ptr<ProtocolFilter> pop3_filter(const FilterSettings& settings) {
  return std::make_unique<Pop3Filter>(settings);
}

}  // namespace sp::codec::mail
