#include "codec/proxy_protocol/reaction.h"

#include <algorithm>
#include <array>

namespace sp::codec::proxy_protocol {
namespace {

// Takes a line off the front; the last one may be without its end.
ByteView take_line(ByteView& octets) {
  ByteView line = octets.substr(0, octets.find('\n'));
  octets.remove_prefix(std::min(octets.size(), line.size() + 1));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_smtp(ByteView line) {
  return line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && is_digit(line[1]) && is_digit(line[2]) &&
         (line.size() == 3 || line[3] == ' ' || line[3] == '-');
}

Speaks protocol_of(ByteView first) {
  if (first.starts_with("HTTP/")) return Speaks::http;
  if (first.starts_with("* ")) return Speaks::imap;
  if (first.starts_with("+OK") || first.starts_with("-ERR")) return Speaks::pop3;
  if (first.starts_with("\"") || first == "OK" || first.starts_with("OK ") || first.starts_with("NO ") ||
      first.starts_with("BYE "))
    return Speaks::sieve;
  if (is_smtp(first)) return Speaks::smtp;
  return Speaks::unknown;
}

// ---- one line of each protocol. `first`: no line was before it.

Reaction smtp(ByteView line, bool first) {
  const ByteView code = line.substr(0, 3);
  if (first && code == "220") return Reaction::greeted;
  // Exim's answer to who speaks before he is greeted, which a header does.
  if (code == "554" && line.find("synchronization") != ByteView::npos) return Reaction::took_for_command;
  if (code == "421" || (first && (code == "554" || code == "521"))) return Reaction::refused;
  // 521: a line that ends in LF alone, as one does in the signature of version 2.
  static constexpr std::array<ByteView, 5> unknown_commands{"500", "501", "502", "503", "521"};
  return std::ranges::find(unknown_commands, code) != unknown_commands.end() ? Reaction::took_for_command
                                                                             : Reaction::other;
}

Reaction imap(ByteView line, bool first) {
  if (first && (line.starts_with("* OK") || line.starts_with("* PREAUTH"))) return Reaction::greeted;
  if (line.starts_with("* BYE")) return first ? Reaction::refused : Reaction::other;
  const ByteView behind_tag = line.substr(std::min(line.size(), line.find(' ')));
  return behind_tag.starts_with(" BAD") ? Reaction::took_for_command : Reaction::other;
}

Reaction pop3(ByteView line, bool first) {
  if (line.starts_with("-ERR")) return first ? Reaction::refused : Reaction::took_for_command;
  return first ? Reaction::greeted : Reaction::other;
}

Reaction sieve(ByteView line) {
  if (line.starts_with("BYE")) return Reaction::refused;
  if (line.starts_with("NO")) return Reaction::took_for_command;
  return line.starts_with("OK") || line.starts_with("\"") ? Reaction::greeted : Reaction::other;
}

Reaction http(ByteView line, ByteView all) {
  const ByteView status = line.substr(std::min(line.size(), line.find(' ')));
  if (!status.starts_with(" 400")) return status.size() < 4 ? Reaction::other : Reaction::greeted;
  // nginx: "was sent to HTTPS port"; Go: "to an HTTPS server"; Apache: "to an SSL-enabled server port".
  const bool about_tls = all.find("HTTPS") != ByteView::npos || all.find("SSL-enabled") != ByteView::npos;
  return about_tls ? Reaction::wants_tls : Reaction::took_for_command;
}

Reaction reaction_of(Speaks speaks, ByteView line, bool first) {
  switch (speaks) {
    case Speaks::smtp: return smtp(line, first);
    case Speaks::imap: return imap(line, first);
    case Speaks::pop3: return pop3(line, first);
    case Speaks::sieve: return sieve(line);
    default: return Reaction::other;
  }
}

// A record (RFC 8446 section 5.1): its type, then the major version, which has always been 3.
bool is_tls_record(ByteView octets, char type) { return octets.size() >= 2 && octets[0] == type && octets[1] == 3; }

}  // namespace

ServerSaid what_server_said(ByteView first_octets) {
  if (first_octets.empty()) return {};
  if (is_tls_record(first_octets, 21)) return {Reaction::wants_tls, Speaks::tls, {}};
  if (is_tls_record(first_octets, 22)) return {Reaction::other, Speaks::tls, {}};
  ByteView left = first_octets;
  ByteView line = take_line(left);
  const Speaks speaks = protocol_of(line);
  if (speaks == Speaks::http) return {http(line, first_octets), speaks, line};
  ServerSaid said{reaction_of(speaks, line, true), speaks, line};
  // The greeting may be followed by what is more telling.
  while (said.reaction != Reaction::took_for_command && !left.empty() && speaks != Speaks::unknown) {
    line = take_line(left);
    const Reaction reaction = reaction_of(speaks, line, false);
    if (reaction == Reaction::took_for_command || (reaction == Reaction::refused && speaks == Speaks::smtp))
      said = {reaction, speaks, line};
  }
  return said;
}

}  // namespace sp::codec::proxy_protocol
