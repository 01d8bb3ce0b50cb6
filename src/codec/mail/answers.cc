#include "codec/mail/answers.h"

#include <array>
#include <cstddef>
#include <vector>

#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

// A refusal in four protocols. What stands behind it is for people.
struct Words {
  Refusal refusal;
  ByteView smtp;   // code and enhanced code (RFC 3463)
  ByteView imap;   // NO or BAD, and a response code (RFC 5530)
  ByteView sieve;  // NO, and a response code
  ByteView text;
};
constexpr std::array refusals{
    Words{Refusal::needs_tls, "530 5.7.0", "NO [PRIVACYREQUIRED]", "NO (ENCRYPT-NEEDED)",
          "Must issue a STARTTLS command first"},
    Words{Refusal::tls_is_on, "503 5.5.1", "BAD", "NO", "TLS is on already"},
    Words{Refusal::no_starttls, "502 5.5.1", "BAD", "NO", "STARTTLS is not offered here"},
    Words{Refusal::client_in_clear, "538 5.7.11", "NO [PRIVACYREQUIRED]", "NO (ENCRYPT-NEEDED)",
          "No password is taken without TLS"},
    Words{Refusal::server_in_clear, "454 4.7.0", "NO [CONTACTADMIN]", "NO",
          "The way to the mail server is not encrypted, and no password goes there"},
    Words{Refusal::mechanism, "504 5.5.4", "NO [CANNOT]", "NO", "This mechanism cannot be used through a gate"},
    Words{Refusal::not_from_clients, "550 5.7.0", "BAD", "NO", "Not taken from clients"},
    Words{Refusal::hello_first, "503 5.5.1", "BAD", "NO", "Send EHLO first"},
    Words{Refusal::syntax, "500 5.5.2", "BAD", "NO", "Bad command or arguments"},
};
constexpr bool refusals_are_in_order() {
  for (std::size_t i = 0; i < refusals.size(); ++i) {
    if (static_cast<std::size_t>(refusals[i].refusal) != i) return false;
  }
  return true;
}
static_assert(refusals_are_in_order());

void append(std::string& out, std::initializer_list<ByteView> parts) {
  for (ByteView part : parts) out += part;
}

// "tag ", or "* " for an answer to what had no tag.
void append_tag(ByteView tag, std::string& out) { append(out, {tag.empty() ? ByteView("*") : tag, " "}); }

void append_words(const std::vector<std::string>& words, std::string& out) {
  for (const std::string& word : words) append(out, {" ", word});
}

// One line after the other with a "-" behind the code in all but the last (RFC 5321 section 4.2.1).
class SmtpReply {
 public:
  SmtpReply(ByteView code, std::string& out) : code_(code), out_(out) {}

  void line(ByteView text) {
    append(out_, {code_, "-", text, "\r\n"});
    last_ = out_.size() - text.size() - 3;
  }
  void end() { out_[last_] = ' '; }

 private:
  ByteView code_;
  std::string& out_;
  std::size_t last_ = 0;  // where the "-" of the last line is
};

void append_smtp_greeting(ByteView greeting, std::string& out) {
  SmtpReply reply("220", out);
  for (;;) {
    const std::size_t end = greeting.find('\n');
    reply.line(greeting.substr(0, end));
    if (end == ByteView::npos) break;
    greeting.remove_prefix(end + 1);
  }
  reply.end();
}

// ManageSieve quotes what it says to people.
void append_sieve(ByteView response, ByteView text, std::string& out) {
  append(out, {response, " \""});
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += "\"\r\n";
}

ByteView text_for(Protocol protocol, const Words& words) {
  if (protocol != Protocol::pop3) return words.text;
  if (words.refusal == Refusal::needs_tls) return "Must issue STLS first";
  if (words.refusal == Refusal::no_starttls) return "STLS is not offered here";
  if (words.refusal == Refusal::server_in_clear)
    return "[SYS/PERM] The way to the mail server is not encrypted, and no password goes there";
  return words.text;
}

}  // namespace

void append_refusal(Protocol protocol, ByteView tag, Refusal refusal, std::string& out) {
  const Words& words = refusals[static_cast<std::size_t>(refusal)];
  const ByteView text = text_for(protocol, words);
  switch (protocol) {
    case Protocol::smtp: append(out, {words.smtp, " ", text, "\r\n"}); break;
    case Protocol::imap:
      append_tag(tag, out);
      // RFC 9051 section 7.1.3: what had no tag is answered with BAD.
      append(out, {tag.empty() ? ByteView("BAD") : words.imap, " ", text, "\r\n"});
      break;
    case Protocol::pop3: append(out, {"-ERR ", text, "\r\n"}); break;
    case Protocol::sieve: append_sieve(words.sieve, text, out); break;
  }
}

void append_ok(Protocol protocol, ByteView tag, ByteView text, std::string& out) {
  switch (protocol) {
    case Protocol::smtp: append(out, {"250 2.0.0 ", text, "\r\n"}); break;
    case Protocol::imap:
      append_tag(tag, out);
      append(out, {"OK ", text, "\r\n"});
      break;
    case Protocol::pop3: append(out, {"+OK ", text, "\r\n"}); break;
    case Protocol::sieve: append_sieve("OK", text, out); break;
  }
}

void append_goodbye(Protocol protocol, ByteView tag, std::string& out) {
  if (protocol == Protocol::smtp) {
    out += "221 2.0.0 Bye\r\n";
    return;
  }
  if (protocol == Protocol::imap) out += "* BYE Logging out\r\n";
  append_ok(protocol, tag, "Logging out", out);
}

void append_greeting(Protocol protocol, const Facts& facts, const View& view, std::string& out) {
  switch (protocol) {
    case Protocol::smtp: append_smtp_greeting(facts.greeting, out); break;
    case Protocol::imap:
      out += "* OK [CAPABILITY";
      append_words(all_shown(protocol, facts.capabilities, view), out);
      append(out, {"] ", facts.greeting.empty() ? ByteView("Ready") : facts.greeting, "\r\n"});
      break;
    case Protocol::pop3: append_ok(protocol, {}, facts.greeting, out); break;
    case Protocol::sieve:
      for (const std::string& capability : all_shown(protocol, facts.capabilities, view))
        append(out, {capability, "\r\n"});
      append_ok(protocol, {}, facts.greeting, out);
      break;
  }
}

void append_capabilities(Protocol protocol, ByteView tag, const Facts& facts, const View& view, std::string& out) {
  const std::vector<std::string> capabilities = all_shown(protocol, facts.capabilities, view);
  switch (protocol) {
    case Protocol::smtp: {
      SmtpReply reply("250", out);
      reply.line(facts.host);
      for (const std::string& capability : capabilities) reply.line(capability);
      reply.end();
      return;
    }
    case Protocol::imap:
      out += "* CAPABILITY";
      append_words(capabilities, out);
      out += "\r\n";
      append_ok(protocol, tag, "CAPABILITY completed", out);
      return;
    case Protocol::pop3:
      append_ok(protocol, {}, "Capability list follows", out);
      for (const std::string& capability : capabilities) append(out, {capability, "\r\n"});
      out += ".\r\n";
      return;
    case Protocol::sieve:
      for (const std::string& capability : capabilities) append(out, {capability, "\r\n"});
      append_ok(protocol, {}, "Capability completed", out);
  }
}

std::string farewell(Protocol protocol, const Error& error) {
  const bool waited = error.code == Code::head_timeout;
  const bool client = error.side == Side::client;
  const ByteView text = error.code == Code::starttls_required ? "Must use TLS"
                        : waited                              ? "Waited too long"
                        : client                              ? "The session cannot go on"
                                                              : "Service not available, try later";
  std::string out;
  switch (protocol) {
    // 421 may be said at any time (RFC 5321 section 3.8); who is not to come again is told so by 554.
    case Protocol::smtp:
      append(out, {waited ? "421 4.4.2 " : client ? "554 5.7.0 " : "421 4.3.2 ", text, "\r\n"});
      break;
    case Protocol::imap: append(out, {client ? "* BYE " : "* BYE [UNAVAILABLE] ", text, "\r\n"}); break;
    case Protocol::pop3: append(out, {client ? "-ERR " : "-ERR [SYS/TEMP] ", text, "\r\n"}); break;
    case Protocol::sieve: append_sieve(client ? "BYE" : "BYE (TRYLATER)", text, out); break;
  }
  return out;
}

}  // namespace sp::codec::mail
