// ManageSieve behind the join, until somebody is logged in: RFC 5804 sections 1.2, 1.3 and 2.
#include <algorithm>

#include "codec/mail/filter_talk.h"
#include "codec/mail/sieve_text.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

using Kind = Command::Kind;

// A string in quotes, or an announced literal of what can be base64.
bool is_sasl_string(ByteView text) {
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
    return is_sasl_response(text.substr(1, text.size() - 2));
  return text.starts_with('{') && scan_arguments(text).literal;
}

std::size_t count_base64(ByteView text) {
  const auto end = std::ranges::find_if_not(text, [](char c) { return is_base64_character(c) || c == '*'; });
  return static_cast<std::size_t>(end - text.begin());
}

// RFC 5804 section 4, "quoted".
constexpr std::uint64_t longest_quoted = 1024;

class SieveFilter final : public ProtocolFilter {
 public:
  explicit SieveFilter(const FilterSettings& settings) : talk_(settings) {}

  Result<Passage> from_client(ByteView& in) override;
  Result<Passage> from_server(ByteView& in) override;
  bool transparent() const override { return transparent_; }

 private:
  enum class Input : std::uint8_t { command, literal, literal_end, sasl };
  enum class Awaited : std::uint8_t { nothing, capability, log_in };

  Result<Passage> take_command(ByteView& in);
  Result<Passage> take_literal(ByteView& in);
  Result<Passage> take_literal_end(ByteView& in);
  Result<Passage> take_sasl(ByteView& in);
  Result<Passage> pass_log_in(ByteView line);
  Result<Passage> refuse(const Command& command, Refusal refusal);
  std::optional<Refusal> refusal_of(const Command& command) const;
  Result<Passage> take_capability(ByteView line);
  void finish(SieveResponse::Word word);

  FilterTalk talk_;
  Input input_ = Input::command;
  Awaited awaited_ = Awaited::nothing;
  std::uint64_t due_ = 0;  // answers
  std::uint64_t literal_left_ = 0;
  bool quoting_ = false;  // the literal is collected, and passes in quotes
  bool transparent_ = false;
};

// ---- the client

Result<Passage> SieveFilter::from_client(ByteView& in) {
  switch (input_) {
    case Input::literal: return take_literal(in);
    case Input::literal_end: return take_literal_end(in);
    case Input::command:
    case Input::sasl: break;
  }
  if (awaited_ != Awaited::nothing) return waiting();
  return input_ == Input::sasl ? take_sasl(in) : take_command(in);
}

Result<Passage> SieveFilter::take_command(ByteView& in) {
  const ByteView before = in;
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.client_lines.take(in, talk_.settings.limits.command));
  if (!line) return Passage{};
  const Command command = parse_command(Protocol::sieve, *line);
  const auto refusal = refusal_of(command);
  const bool alone = command.kind == Kind::capability || command.kind == Kind::log_in;
  if (due_ != 0 && (refusal || alone)) {
    in = before;
    return waiting();
  }
  if (refusal) return refuse(command, *refusal);
  ++due_;
  if (command.kind == Kind::log_in) return pass_log_in(*line);
  if (command.kind == Kind::capability) awaited_ = Awaited::capability;
  return passed(with_end(*line));
}

std::optional<Refusal> SieveFilter::refusal_of(const Command& command) const {
  const Arguments arguments = scan_arguments(command.argument);
  if (!arguments.well_formed) return Refusal::syntax;
  if (arguments.literal && !command.is("AUTHENTICATE")) return Refusal::syntax;
  switch (command.kind) {
    case Kind::malformed: return Refusal::syntax;
    case Kind::starttls: return talk_.no_starttls();
    case Kind::identity: return Refusal::not_from_clients;
    case Kind::log_in: break;
    default: return std::nullopt;
  }
  if (!talk_.view.passwords_may_pass()) return talk_.no_passwords();
  // AUTHENTICATE "PLAIN" and a response: section 2.1.
  const ByteView mechanism = first_word(command.argument);
  const ByteView response = behind_word(command.argument);
  if (mechanism.size() < 3 || !mechanism.starts_with('"') || !mechanism.ends_with('"')) return Refusal::syntax;
  if (!response.empty() && !is_sasl_string(response)) return Refusal::syntax;
  return FilterTalk::refusal_of(mechanism.substr(1, mechanism.size() - 2));
}

// Literals of a client come without waiting, and are not to be taken for commands.
Result<Passage> SieveFilter::refuse(const Command& command, Refusal refusal) {
  const Arguments arguments = scan_arguments(command.argument);
  if (arguments.literal || (!arguments.well_formed && command.argument.ends_with('}'))) {
    return malformed_command("ManageSieve: a literal where none is taken");
  }
  return talk_.refuse({}, refusal);
}

// `line` is that of the command, or of a response.
Result<Passage> SieveFilter::pass_log_in(ByteView line) {
  const auto literal = scan_arguments(line).literal;
  input_ = Input::command;
  if (!literal) {
    awaited_ = Awaited::log_in;
    return passed(with_end(line));
  }
  if (literal->octets > talk_.settings.limits.auth_line) {
    return fail(Error{.code = Code::mail_line_too_long, .side = Side::client, .where = "ManageSieve: a literal"});
  }
  literal_left_ = literal->octets;
  input_ = literal_left_ != 0 ? Input::literal : Input::literal_end;
  quoting_ = literal->octets <= longest_quoted;
  if (quoting_) {
    talk_.to_server.assign(line.substr(0, line.rfind('{'))).append("\"");
    return Passage{.then = Passage::Then::go_on};
  }
  awaited_ = Awaited::log_in;
  return passed(with_end(line));
}

// A client does not wait before it sends a literal, and a server that refuses the mechanism may take it for the next
// command. So what can be said in quotes is, and is then no command; what is longer is longer than any command without
// an argument, and as base64 it can have none.
Result<Passage> SieveFilter::take_literal(ByteView& in) {
  const ByteView octets = in.substr(0, literal_left_);
  const ByteView good = octets.substr(0, count_base64(octets));
  if (good.empty())
    return octets.empty() ? Result<Passage>(Passage{}) : malformed_command("ManageSieve: no SASL response");
  in.remove_prefix(good.size());
  literal_left_ -= good.size();
  if (literal_left_ == 0) input_ = Input::literal_end;
  if (!quoting_) return passed(good);
  talk_.to_server += good;
  return Passage{.then = Passage::Then::go_on};
}

Result<Passage> SieveFilter::take_literal_end(ByteView& in) {
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.client_lines.take(in, talk_.settings.limits.command));
  if (!line) return Passage{};
  if (!line->empty()) return malformed_command("ManageSieve: something behind a SASL response");
  input_ = Input::command;
  awaited_ = Awaited::log_in;
  if (!quoting_) return passed(with_end(*line));
  talk_.to_server += "\"\r\n";
  return passed(talk_.to_server);
}

Result<Passage> SieveFilter::take_sasl(ByteView& in) {
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.client_lines.take(in, talk_.settings.limits.auth_line));
  if (!line) return Passage{};
  if (!is_sasl_string(*line)) return malformed_command("ManageSieve: no SASL response");
  return pass_log_in(*line);
}

// ---- the server

Result<Passage> SieveFilter::from_server(ByteView& in) {
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.server_lines.take(in));
  if (!line) return Passage{};
  if (const auto response = parse_sieve_response(*line)) {
    finish(response->word);
    return passed(*line);
  }
  if (awaited_ == Awaited::capability) return take_capability(*line);
  // A challenge.
  if (awaited_ == Awaited::log_in) {
    if (input_ != Input::command) return malformed_reply("ManageSieve: a challenge within a response");
    awaited_ = Awaited::nothing;
    input_ = Input::sasl;
  }
  return passed(*line);
}

Result<Passage> SieveFilter::take_capability(ByteView line) {
  const auto capability = quoted_capability(line);
  if (!capability) return malformed_reply("ManageSieve: not a capability");
  const auto visible = shown(Protocol::sieve, *capability, talk_.view);
  if (!visible) return Passage{.then = Passage::Then::go_on};
  if (*visible == without_end(line)) return passed(line);
  talk_.to_client = *visible + "\r\n";
  return passed(talk_.to_client);
}

void SieveFilter::finish(SieveResponse::Word word) {
  if (due_ != 0) --due_;
  if (due_ != 0) return;
  const bool log_in = awaited_ == Awaited::log_in || input_ == Input::sasl;
  transparent_ = log_in && word == SieveResponse::Word::ok;
  awaited_ = Awaited::nothing;
  if (input_ == Input::sasl) input_ = Input::command;
}

}  // namespace

std::unique_ptr<ProtocolFilter> sieve_filter(const FilterSettings& settings) {
  return std::make_unique<SieveFilter>(settings);
}

}  // namespace sp::codec::mail
