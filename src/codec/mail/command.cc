#include "codec/mail/command.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "codec/characters.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

using Kind = Command::Kind;

struct Verb {
  Protocol protocol;
  ByteView name;
  Kind kind;
};
constexpr std::array verbs{
    Verb{Protocol::smtp, "EHLO", Kind::hello},
    Verb{Protocol::smtp, "HELO", Kind::old_hello},
    Verb{Protocol::smtp, "NOOP", Kind::noop},
    Verb{Protocol::smtp, "QUIT", Kind::logout},
    Verb{Protocol::smtp, "STARTTLS", Kind::starttls},
    Verb{Protocol::smtp, "X-ANONYMOUSTLS", Kind::starttls},
    Verb{Protocol::smtp, "AUTH", Kind::log_in},
    Verb{Protocol::smtp, "X-EXPS", Kind::log_in},
    Verb{Protocol::smtp, "DATA", Kind::data},
    Verb{Protocol::smtp, "BDAT", Kind::chunk},
    Verb{Protocol::smtp, "XCLIENT", Kind::identity},
    Verb{Protocol::smtp, "XFORWARD", Kind::identity},
    Verb{Protocol::smtp, "XPROXY", Kind::identity},
    Verb{Protocol::smtp, "XPROXYFROM", Kind::identity},
    Verb{Protocol::smtp, "XPROXYTO", Kind::identity},
    Verb{Protocol::imap, "CAPABILITY", Kind::capability},
    Verb{Protocol::imap, "NOOP", Kind::noop},
    Verb{Protocol::imap, "LOGOUT", Kind::logout},
    Verb{Protocol::imap, "STARTTLS", Kind::starttls},
    Verb{Protocol::imap, "LOGIN", Kind::log_in},
    Verb{Protocol::imap, "AUTHENTICATE", Kind::log_in},
    Verb{Protocol::imap, "ID", Kind::id},
    Verb{Protocol::imap, "COMPRESS", Kind::compress},
    Verb{Protocol::imap, "XCLIENT", Kind::identity},
    Verb{Protocol::pop3, "CAPA", Kind::capability},
    Verb{Protocol::pop3, "QUIT", Kind::logout},
    Verb{Protocol::pop3, "STLS", Kind::starttls},
    Verb{Protocol::pop3, "USER", Kind::user},
    Verb{Protocol::pop3, "PASS", Kind::log_in},
    Verb{Protocol::pop3, "APOP", Kind::log_in},
    Verb{Protocol::pop3, "AUTH", Kind::log_in},
    Verb{Protocol::pop3, "XCLIENT", Kind::identity},
    Verb{Protocol::sieve, "CAPABILITY", Kind::capability},
    Verb{Protocol::sieve, "NOOP", Kind::noop},
    Verb{Protocol::sieve, "LOGOUT", Kind::logout},
    Verb{Protocol::sieve, "STARTTLS", Kind::starttls},
    Verb{Protocol::sieve, "AUTHENTICATE", Kind::log_in},
    Verb{Protocol::sieve, "XCLIENT", Kind::identity},
};

Kind kind_of(Protocol protocol, ByteView name) {
  const auto verb =
      std::ranges::find_if(verbs, [&](const Verb& each) { return each.protocol == protocol && same(each.name, name); });
  return verb == verbs.end() ? Kind::other : verb->kind;
}

bool is_verb_character(char c) { return is_letter(c) || is_digit(c) || c == '-'; }

// RFC 9051 section 9, "tag": what an astring may hold, without "+".
bool is_tag_character(char c) { return is_printable(c) && ByteView(" (){%*\"\\+").find(c) == ByteView::npos; }

// Takes the tag and the space behind it off the front of `line`; nothing, if it does not begin with these.
ByteView take_tag(ByteView& line) {
  const auto end = std::ranges::find_if_not(line, is_tag_character);
  if (end == line.begin() || end == line.end() || *end != ' ') return {};
  return take_word(line);
}

// "{12}" or "{12+}" at the end of `text`, which has no quote open there. Nine digits are more than any limit.
std::optional<Literal> literal_at_end(ByteView text) {
  const std::size_t begin = text.rfind('{');
  if (begin == ByteView::npos || !text.ends_with('}')) return std::nullopt;
  ByteView digits = text.substr(begin + 1, text.size() - begin - 2);
  Literal literal;
  if (digits.ends_with('+')) {
    literal.consent = Literal::Consent::not_awaited;
    digits.remove_suffix(1);
  }
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  for (char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    literal.octets = literal.octets * 10 + static_cast<unsigned>(c - '0');
  }
  return literal;
}

}  // namespace

bool Command::is(ByteView of_verb) const { return same(verb, of_verb); }

Command parse_command(Protocol protocol, ByteView line) {
  Command command;
  if (protocol == Protocol::imap) {
    command.tag = take_tag(line);
    if (command.tag.empty()) return command;
  }
  const auto end = std::ranges::find_if_not(line, is_verb_character);
  const auto size = static_cast<std::size_t>(end - line.begin());
  if (size == 0 || !is_letter(line.front()) || (size < line.size() && line[size] != ' ')) return command;
  command.verb = take_word(line);
  command.argument = line;
  command.kind = kind_of(protocol, command.verb);
  return command;
}

std::size_t line_limit(Protocol protocol, const Limits& limits, ByteView in) {
  const bool may_be_auth = protocol == Protocol::smtp || protocol == Protocol::pop3;
  return may_be_auth && begins(in, "AUTH ") ? limits.auth_line : limits.command;
}

bool is_hello_name(ByteView argument) {
  return !argument.empty() && argument.size() <= 255 && std::ranges::none_of(argument, is_control) &&
         !argument.contains('\t');
}

Arguments scan_arguments(ByteView text) {
  bool quoted = false;
  std::size_t braces = 0;  // outside of quotes
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == '{') {
      ++braces;
    }
  }
  if (quoted) return {.well_formed = false};
  if (braces == 0) return {};
  // Neither atoms nor mechanisms hold "{": what has one that is not the beginning of a literal could be read as one by
  // somebody else.
  const auto literal = literal_at_end(text);
  return {.well_formed = literal.has_value() && braces == 1, .literal = literal};
}

}  // namespace sp::codec::mail
