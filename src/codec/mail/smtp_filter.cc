// SMTP behind the join. Each line of the client, each content and each BDAT has one reply, in order (RFC 5321 section
// 4.2, RFC 2920, RFC 3030): the count of those that are due says when the gate may answer, and whose a reply is.
#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "codec/characters.h"
#include "codec/mail/content_scan.h"
#include "codec/mail/filter_talk.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

using Kind = Command::Kind;

// "1000" or "1000 LAST" (RFC 3030 section 2). Eighteen digits fit.
std::optional<std::uint64_t> chunk_size(ByteView argument) {
  const ByteView digits = take_word(argument);
  if (digits.empty() || digits.size() > 18 || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  if (!argument.empty() && !same(argument, "LAST")) return std::nullopt;
  std::uint64_t size = 0;
  for (char c : digits) size = size * 10 + static_cast<unsigned>(c - '0');
  return size;
}

class SmtpFilter final : public ProtocolFilter {
 public:
  SmtpFilter(const FilterSettings& settings, const Facts& facts);

  Result<Passage> from_client(ByteView& in) override;
  Result<Passage> from_server(ByteView& in) override;
  bool transparent() const override { return transparent_; }

 private:
  enum class Input : std::uint8_t { command, content, chunk, sasl };
  // A reply on which the meaning of the client's next octets hangs: they wait for it.
  enum class Awaited : std::uint8_t { nothing, hello, old_hello, data, sasl };

  Result<Passage> take_command(ByteView& in);
  Result<Passage> take_content(ByteView& in);
  Result<Passage> take_sasl(ByteView& in);
  std::optional<Refusal> refusal_of(const Command& command) const;
  bool is_in_turn(const Command& command) const;
  void note(const Command& command);

  Result<Passage> take_hello_line(ByteView line, const SmtpReplyLine& reply);
  ByteView shown_hello();
  void finish(unsigned code);
  void look_at(const std::vector<std::string>& capabilities);
  void end_hello();

  FilterTalk talk_;
  ContentScan content_;
  Input input_ = Input::command;
  Awaited awaited_ = Awaited::nothing;
  std::uint64_t due_ = 0;         // replies
  std::uint64_t chunk_left_ = 0;  // octets
  bool introduced_;               // the server has answered an EHLO or HELO of this client
  bool hides_ = false;            // the server offers something that clients are not shown
  bool chunking_ = false;         // the server offers CHUNKING
  bool transparent_ = false;
  std::vector<std::string> hello_;  // the lines of its answer so far
  std::size_t hello_octets_ = 0;
};

SmtpFilter::SmtpFilter(const FilterSettings& settings, const Facts& facts)
    : talk_(settings), introduced_(settings.hello == FilterSettings::Hello::said) {
  look_at(facts.capabilities);
  if (introduced_) end_hello();
}

void SmtpFilter::look_at(const std::vector<std::string>& capabilities) {
  const auto is_changed = [&](const std::string& each) { return shown(Protocol::smtp, each, talk_.view) != each; };
  hides_ = hides_ || std::ranges::any_of(capabilities, is_changed);
  chunking_ = std::ranges::any_of(capabilities, [](ByteView each) { return same(first_word(each), "CHUNKING"); });
}

void SmtpFilter::end_hello() {
  introduced_ = true;
  transparent_ = !hides_;
}

// ---- the client

Result<Passage> SmtpFilter::from_client(ByteView& in) {
  switch (input_) {
    case Input::command: return take_command(in);
    case Input::content: return take_content(in);
    case Input::sasl: return take_sasl(in);
    case Input::chunk: break;
  }
  const Passage passage = pass_some(in, chunk_left_);
  if (chunk_left_ == 0) input_ = Input::command;
  return passage;
}

Result<Passage> SmtpFilter::take_command(ByteView& in) {
  if (awaited_ != Awaited::nothing) return waiting();
  const ByteView before = in;
  SP_TRY_PLAIN(const std::optional<ByteView> line,
               talk_.client_lines.take(in, line_limit(Protocol::smtp, talk_.settings.limits, in)));
  if (!line) return Passage{};
  const Command command = parse_command(Protocol::smtp, *line);
  const auto refusal = refusal_of(command);
  if (due_ != 0 && (refusal || !is_in_turn(command))) {
    in = before;
    return waiting();
  }
  if (refusal) return talk_.refuse({}, *refusal);
  note(command);
  return passed(with_end(*line));
}

// Whether the command may pass while replies to others are due. The replies to EHLO and AUTH must be told from those:
// they wait, even where they come as the last of a group (RFC 2920 section 3.1).
bool SmtpFilter::is_in_turn(const Command& command) const {
  return command.kind != Kind::hello && command.kind != Kind::old_hello && command.kind != Kind::log_in;
}

std::optional<Refusal> SmtpFilter::refusal_of(const Command& command) const {
  switch (command.kind) {
    case Kind::malformed: return Refusal::syntax;
    case Kind::hello:
    case Kind::old_hello: return is_hello_name(command.argument) ? std::nullopt : std::optional(Refusal::syntax);
    case Kind::starttls: return talk_.no_starttls();
    case Kind::identity: return Refusal::not_from_clients;
    case Kind::noop:
    case Kind::logout: return std::nullopt;
    default: break;
  }
  // What the server knows until now is the gate's EHLO.
  if (!introduced_ && !command.is("RSET") && !command.is("HELP")) return Refusal::hello_first;
  if (command.kind == Kind::log_in) {
    if (!talk_.view.passwords_may_pass()) return talk_.no_passwords();
    return FilterTalk::refusal_of(first_word(command.argument));
  }
  // A server that does not know BDAT would take the chunk for commands.
  if (command.kind == Kind::chunk && (!chunking_ || !chunk_size(command.argument))) return Refusal::syntax;
  return std::nullopt;
}

void SmtpFilter::note(const Command& command) {
  ++due_;
  switch (command.kind) {
    case Kind::hello: awaited_ = Awaited::hello; break;
    case Kind::old_hello: awaited_ = Awaited::old_hello; break;
    case Kind::data: awaited_ = Awaited::data; break;
    case Kind::log_in: awaited_ = Awaited::sasl; break;
    case Kind::chunk:
      chunk_left_ = chunk_size(command.argument).value_or(0);
      if (chunk_left_ != 0) input_ = Input::chunk;
      break;
    default: break;
  }
}

Result<Passage> SmtpFilter::take_content(ByteView& in) {
  std::size_t size = 0;
  const auto outcome = content_.scan(in, size);
  if (outcome == ContentScan::Outcome::ambiguous) {
    // What is before the octet that decides has passed in other pieces, too; the scan stands still before it.
    if (--size == 0) return malformed_command("SMTP: a line with a dot alone, and line ends that are not CRLF");
  }
  if (outcome == ContentScan::Outcome::end) {
    input_ = Input::command;
    ++due_;
  }
  const ByteView octets = in.substr(0, size);
  in.remove_prefix(size);
  return octets.empty() ? Passage{} : passed(octets);
}

Result<Passage> SmtpFilter::take_sasl(ByteView& in) {
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.client_lines.take(in, talk_.settings.limits.auth_line));
  if (!line) return Passage{};
  if (!is_sasl_response(*line)) return malformed_command("SMTP: no SASL response");
  input_ = Input::command;
  awaited_ = Awaited::sasl;
  ++due_;
  return passed(with_end(*line));
}

// ---- the server

Result<Passage> SmtpFilter::from_server(ByteView& in) {
  SP_TRY_PLAIN(const std::optional<ByteView> line, talk_.server_lines.take(in));
  if (!line) return Passage{};
  const auto reply = parse_smtp_reply(*line);
  if (!reply) return malformed_reply("SMTP: not a reply");
  if (awaited_ == Awaited::hello && reply->code == 250) return take_hello_line(*line, *reply);
  if (reply->last) finish(reply->code);
  return passed(*line);
}

Result<Passage> SmtpFilter::take_hello_line(ByteView line, const SmtpReplyLine& reply) {
  hello_octets_ += line.size();
  if (hello_.size() >= talk_.settings.limits.capability_count || hello_octets_ > talk_.settings.limits.capabilities) {
    return malformed_reply("SMTP: an answer to EHLO longer than the limit");
  }
  hello_.emplace_back(reply.text);
  if (!reply.last) return Passage{.then = Passage::Then::go_on};
  const ByteView answer = shown_hello();
  finish(reply.code);
  return passed(answer);
}

// The first line is a greeting; capabilities come behind it.
ByteView SmtpFilter::shown_hello() {
  Facts facts{.host = std::move(hello_.front())};
  facts.capabilities.assign(std::make_move_iterator(hello_.begin() + 1), std::make_move_iterator(hello_.end()));
  hello_.clear();
  hello_octets_ = 0;
  look_at(facts.capabilities);
  talk_.to_client.clear();
  append_capabilities(Protocol::smtp, {}, facts, talk_.view, talk_.to_client);
  return talk_.to_client;
}

// A reply is there in full. 354 and 334 can only be the answers to DATA and AUTH, whatever the count says.
void SmtpFilter::finish(unsigned code) {
  const bool ready_for_data = awaited_ == Awaited::data && code == 354;
  const bool challenge = awaited_ == Awaited::sasl && code == 334;
  due_ = ready_for_data || challenge || due_ == 0 ? 0 : due_ - 1;
  if (due_ != 0) return;
  if (ready_for_data) {
    content_.start();
    input_ = Input::content;
  }
  if (challenge) input_ = Input::sasl;
  const bool hello = awaited_ == Awaited::hello || awaited_ == Awaited::old_hello;
  awaited_ = Awaited::nothing;
  if (hello && code == 250) end_hello();
}

}  // namespace

std::unique_ptr<ProtocolFilter> smtp_filter(const FilterSettings& settings, const Facts& facts) {
  return std::make_unique<SmtpFilter>(settings, facts);
}

}  // namespace sp::codec::mail
