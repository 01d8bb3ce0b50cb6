#include "codec/mail/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "codec/characters.h"
#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

constexpr std::size_t longest_line = 512;
constexpr ByteView unavailable = "[UNAVAILABLE]";

std::string smtp_address(const Endpoint& endpoint) {
  if (endpoint.is_unix()) return std::string(unavailable);
  return (endpoint.address.v4 ? "" : "IPV6:") + endpoint.address.text();
}

std::string smtp_port(const Endpoint& endpoint) {
  return endpoint.is_unix() ? std::string(unavailable) : fmt::to_string(endpoint.port);
}

class XclientLines {
 public:
  explicit XclientLines(ByteView attributes) : attributes_(attributes) {}

  void add(ByteView name, ByteView value) {
    const std::string attribute = fmt::format(" {}={}", name, xtext(value));
    if (value.empty() || !has_word(attributes_, name) || command.size() + attribute.size() + 2 > longest_line) return;
    if (lines_.empty() || lines_.back().size() + attribute.size() + 2 > longest_line) lines_.emplace_back(command);
    lines_.back() += attribute;
  }
  std::vector<std::string> take() && {
    for (std::string& line : lines_) line += "\r\n";
    return std::move(lines_);
  }

 private:
  static constexpr ByteView command = "XCLIENT";
  ByteView attributes_;
  std::vector<std::string> lines_;
};

bool is_session(ByteView text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || ByteView("+/=._:-").find(c) != ByteView::npos;
  });
}

// A key of ID with its value, which is made of characters that need no escape.
void append_pair(std::string& list, ByteView key, ByteView value) {
  if (!list.empty()) list += ' ';
  fmt::format_to(std::back_inserter(list), "\"{}\" \"{}\"", key, value);
}

}  // namespace

std::string xtext(ByteView text) {
  std::string out;
  for (char c : text) {
    if (is_printable(c) && c != ' ' && c != '+' && c != '=') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "+{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::vector<std::string> smtp_xclient(const Identity& identity, ByteView attributes) {
  XclientLines lines(attributes);
  // Postfix asks again whether the peer may do this when it has a new address: the address comes last.
  lines.add("PROTO", identity.protocol);
  lines.add("HELO", identity.helo);
  lines.add("LOGIN", identity.login);
  if (identity.destination) {
    lines.add("DESTADDR", smtp_address(*identity.destination));
    lines.add("DESTPORT", smtp_port(*identity.destination));
  }
  lines.add("NAME", identity.name.empty() ? unavailable : ByteView(identity.name));
  lines.add("PORT", smtp_port(identity.client));
  lines.add("ADDR", smtp_address(identity.client));
  return std::move(lines).take();
}

std::string dovecot_xclient(const Identity& identity) {
  std::string line = "XCLIENT";
  auto out = std::back_inserter(line);
  if (!identity.client.is_unix())
    fmt::format_to(out, " ADDR={} PORT={}", identity.client.address.text(), identity.client.port);
  if (is_session(identity.session)) fmt::format_to(out, " SESSION={}", identity.session);
  return line + "\r\n";
}

std::string imap_id(const Identity& identity) {
  std::string list;
  if (is_session(identity.session)) append_pair(list, "x-session-id", identity.session);
  if (!identity.client.is_unix()) {
    append_pair(list, "x-originating-ip", identity.client.address.text());
    append_pair(list, "x-originating-port", fmt::to_string(identity.client.port));
  }
  if (identity.destination && !identity.destination->is_unix()) {
    append_pair(list, "x-connected-ip", identity.destination->address.text());
    append_pair(list, "x-connected-port", fmt::to_string(identity.destination->port));
  }
  return list.empty() ? "NIL" : "(" + list + ")";
}

}  // namespace sp::codec::mail
