// IMAP behind the join, until somebody is logged in: RFC 9051 sections 2.2, 4.3, 6.2 and 7.1.
#include <algorithm>

#include "codec/mail/filter_talk.h"
#include "codec/mail/imap_text.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

using Kind = Command::Kind;
using Consent = Literal::Consent;

// Whether ID may hold one of the keys by which a trusted peer says who somebody else is ("x-originating-ip",
// "x-session-id"): they begin with "x-". Backslashes could hide one.
bool may_have_trusted_key(ByteView argument) {
  const auto is_x_dash = [](char a, char b) { return (a == 'x' || a == 'X') && b == '-'; };
  return argument.contains('\\') || std::ranges::adjacent_find(argument, is_x_dash) != argument.end();
}

class ImapFilter final : public ProtocolFilter {
 public:
  explicit ImapFilter(const FilterSettings& settings) : talk_(settings) {}

  Result<Passage> from_client(ByteView& in) override;
  Result<Passage> from_server(ByteView& in) override;
  bool transparent() const override { return transparent_; }

 private:
  enum class Input : std::uint8_t {
    command,
    literal,  // octets of a literal
    rest,     // of the command behind its literal
    sasl,
    drop,       // octets of a literal that the server did not want, but that the client has sent
    drop_rest,  // of the command behind them
  };
  // Answers for which the client's next octets wait.
  enum class Awaited : std::uint8_t { nothing, log_in, consent, challenge };

  Result<Passage> take_command(ByteView& in);
  Result<Passage> take_rest(ByteView& in);
  Result<Passage> take_sasl(ByteView& in);
  Result<Passage> drop_rest(ByteView& in);
  Result<Passage> refuse(const Command& command, Refusal refusal, const Arguments& arguments);
  std::optional<Refusal> refusal_of(const Command& command, const Arguments& arguments) const;
  Result<Passage> pass_log_in(ByteView line, const Arguments& arguments, Awaited at_its_end);
  Result<Passage> pass_literal(ByteView line, const Literal& literal);
  Passage answer_id(ByteView tag);

  Passage take_continuation(ByteView line);
  Result<void> finish(const ImapStatus& status);
  ByteView with_shown_code(const ImapStatus& status);
  ByteView shown_capabilities(ByteView words);

  FilterTalk talk_;
  Input input_ = Input::command;
  Awaited awaited_ = Awaited::nothing;
  std::uint64_t due_ = 0;  // tagged answers
  std::uint64_t literal_left_ = 0;
  Consent consent_ = Consent::awaited;  // whether the client knows that it has to wait
  std::size_t command_octets_ = 0;      // of a command with literals
  bool transparent_ = false;
};

// ---- the client

Result<Passage> ImapFilter::from_client(ByteView& in) {
  if (awaited_ != Awaited::nothing) return waiting();
  switch (input_) {
    case Input::command: return take_command(in);
    case Input::rest: return take_rest(in);
    case Input::sasl: return take_sasl(in);
    case Input::drop_rest: return drop_rest(in);
    case Input::literal:
    case Input::drop: break;
  }
  Passage passage = pass_some(in, literal_left_);
  if (input_ == Input::drop) passage.pass = {};
  if (literal_left_ == 0) {
    input_ = input_ == Input::drop ? Input::drop_rest : Input::rest;
    passage.then = Passage::Then::go_on;
  }
  return passage;
}

Result<Passage> ImapFilter::take_command(ByteView& in) {
  const ByteView before = in;
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.client_lines.take(in, talk_.settings.limits.command));
  if (!line) return Passage{};
  const Command command = parse_command(Protocol::imap, *line);
  const Arguments arguments = scan_arguments(command.argument);
  if (const auto refusal = refusal_of(command, arguments)) return refuse(command, *refusal, arguments);
  if (command.kind == Kind::id && may_have_trusted_key(command.argument)) return answer_id(command.tag);
  // A log-in is told from other commands by being alone: tags are the client's to choose, and it may choose one twice.
  if (command.kind == Kind::log_in && due_ != 0) {
    in = before;
    return waiting();
  }
  ++due_;
  if (command.kind != Kind::log_in) return passed(with_end(*line));
  command_octets_ = 0;
  return pass_log_in(with_end(*line), arguments, command.is("LOGIN") ? Awaited::log_in : Awaited::challenge);
}

std::optional<Refusal> ImapFilter::refusal_of(const Command& command, const Arguments& arguments) const {
  if (!arguments.well_formed) return Refusal::syntax;
  // Only LOGIN needs any before a log-in. A server may not look for one in a command that it does not know.
  if (arguments.literal && !command.is("LOGIN")) return Refusal::syntax;
  switch (command.kind) {
    case Kind::malformed:
    case Kind::compress: return Refusal::syntax;  // compressed octets could not be looked at
    case Kind::starttls: return talk_.no_starttls();
    case Kind::identity: return Refusal::not_from_clients;
    case Kind::log_in: break;
    default: return std::nullopt;
  }
  if (!talk_.view.passwords_may_pass()) return talk_.no_passwords();
  return command.is("LOGIN") ? std::nullopt : FilterTalk::refusal_of(first_word(command.argument));
}

// What the client has sent behind a refused command is a literal, and not to be taken for commands.
Result<Passage> ImapFilter::refuse(const Command& command, Refusal refusal, const Arguments& arguments) {
  const bool follows = arguments.literal && arguments.literal->consent == Consent::not_awaited;
  if (follows || (!arguments.well_formed && command.argument.ends_with("+}"))) {
    return malformed_command("IMAP: a literal where none is taken, sent without waiting");
  }
  return talk_.refuse(command.tag, refusal);
}

Passage ImapFilter::answer_id(ByteView tag) {
  talk_.answer = "* ID NIL\r\n";
  append_ok(Protocol::imap, tag, "ID completed", talk_.answer);
  return {.answer = talk_.answer, .then = Passage::Then::go_on};
}

Result<Passage> ImapFilter::pass_log_in(ByteView line, const Arguments& arguments, Awaited at_its_end) {
  command_octets_ += line.size();
  if (arguments.literal) return pass_literal(line, *arguments.literal);
  awaited_ = at_its_end;
  return passed(line);
}

// All literals wait for the consent of the server, also those that the client sends without (RFC 7888): whatever a
// server thinks of a command, it never takes a literal for the next one.
Result<Passage> ImapFilter::pass_literal(ByteView line, const Literal& literal) {
  command_octets_ += literal.octets;
  if (command_octets_ > talk_.settings.limits.command) {
    return fail(Error{.code = Code::mail_line_too_long, .side = Side::client, .where = "IMAP: literals"});
  }
  awaited_ = Awaited::consent;
  consent_ = literal.consent;
  literal_left_ = literal.octets;
  if (consent_ == Consent::awaited) return passed(line);
  talk_.to_server.assign(line.substr(0, line.size() - ByteView("+}\r\n").size())).append("}\r\n");
  return passed(talk_.to_server);
}

Result<Passage> ImapFilter::take_rest(ByteView& in) {
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.client_lines.take(in, talk_.settings.limits.command));
  if (!line) return Passage{};
  const Arguments arguments = scan_arguments(*line);
  if (!arguments.well_formed) return malformed_command("IMAP: what follows a literal");
  input_ = Input::command;
  return pass_log_in(with_end(*line), arguments, Awaited::log_in);
}

Result<Passage> ImapFilter::drop_rest(ByteView& in) {
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.client_lines.take(in, talk_.settings.limits.command));
  if (!line) return Passage{};
  const auto literal = scan_arguments(*line).literal;
  if (literal && literal->consent == Consent::awaited) return malformed_command("IMAP: what follows a literal");
  command_octets_ += line->size() + (literal ? literal->octets : 0);
  if (command_octets_ > talk_.settings.limits.command) {
    return fail(Error{.code = Code::mail_line_too_long, .side = Side::client, .where = "IMAP: literals"});
  }
  literal_left_ = literal ? literal->octets : 0;
  input_ = literal ? Input::drop : Input::command;
  return Passage{.then = Passage::Then::go_on};
}

Result<Passage> ImapFilter::take_sasl(ByteView& in) {
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.client_lines.take(in, talk_.settings.limits.auth_line));
  if (!line) return Passage{};
  if (!is_sasl_response(*line)) return malformed_command("IMAP: no SASL response");
  input_ = Input::command;
  awaited_ = Awaited::challenge;
  return passed(with_end(*line));
}

// ---- the server

Result<Passage> ImapFilter::from_server(ByteView& in) {
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.server_lines.take(in));
  if (!line) return Passage{};
  if (line->starts_with('+')) return take_continuation(*line);
  const ImapStatus status = parse_imap_status(without_end(*line));
  if (status.tag != "*") {
    if (auto finished = finish(status); !finished) return fail(finished.error());
  }
  if (!status.before_code.empty()) return passed(with_shown_code(status));
  if (status.tag != "*" || !same(status.word, "CAPABILITY")) return passed(*line);
  return passed(shown_capabilities(behind_word(without_end(*line).substr(2))));
}

Passage ImapFilter::take_continuation(ByteView line) {
  if (awaited_ == Awaited::consent) {
    awaited_ = Awaited::nothing;
    input_ = Input::literal;
    // The client has not asked for it.
    if (consent_ == Consent::not_awaited) return Passage{.then = Passage::Then::go_on};
  } else if (awaited_ == Awaited::challenge) {
    awaited_ = Awaited::nothing;
    input_ = Input::sasl;
  }
  return passed(line);
}

// A tagged answer. While a log-in is under way there is nothing else that it could be for.
Result<void> ImapFilter::finish(const ImapStatus& status) {
  if (due_ != 0) --due_;
  const bool refused_literal = awaited_ == Awaited::consent;
  if (awaited_ == Awaited::nothing && input_ != Input::sasl) {
    if (input_ == Input::literal || input_ == Input::rest) return malformed_reply("IMAP: an answer within a command");
    return {};
  }
  awaited_ = Awaited::nothing;
  input_ = refused_literal && consent_ == Consent::not_awaited ? Input::drop : Input::command;
  transparent_ = !refused_literal && same(status.word, "OK");
  return {};
}

ByteView ImapFilter::shown_capabilities(ByteView words) {
  Facts facts;
  while (!words.empty()) facts.capabilities.emplace_back(take_word(words));
  talk_.to_client = "* CAPABILITY";
  for (const std::string& word : all_shown(Protocol::imap, facts.capabilities, talk_.view)) {
    talk_.to_client.append(" ").append(word);
  }
  talk_.to_client += "\r\n";
  return talk_.to_client;
}

ByteView ImapFilter::with_shown_code(const ImapStatus& status) {
  const std::string line(shown_capabilities(status.capabilities));
  talk_.to_client.assign(status.before_code)
      .append("[")
      .append(without_end(line).substr(2))
      .append(status.text.empty() ? "]" : "] ")
      .append(status.text)
      .append("\r\n");
  return talk_.to_client;
}

}  // namespace

std::unique_ptr<ProtocolFilter> imap_filter(const FilterSettings& settings) {
  return std::make_unique<ImapFilter>(settings);
}

}  // namespace sp::codec::mail
