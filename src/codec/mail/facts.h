// What a server said of itself, and what of it a client is shown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "codec/mail/dialogue.h"

namespace sp::codec::mail {

struct Facts {
  // SMTP: the name at the front of the answer to EHLO. Empty in the other protocols.
  std::string host;
  // What stands behind the "220", "* OK", "+OK" or "OK" of the greeting, without IMAP's response code and the quotes of
  // ManageSieve. In SMTP lines, with LF between them.
  std::string greeting;
  // One after the other as the server wrote them, without what all have in common: SMTP "SIZE 10240000", IMAP
  // "AUTH=PLAIN", POP3 "SASL PLAIN LOGIN", ManageSieve "\"SASL\" \"PLAIN\"".
  std::vector<std::string> capabilities;

  // Whether there is a capability of this name, and what stands behind it (with a space between; for ManageSieve
  // without quotes).
  std::optional<ByteView> find(Protocol protocol, ByteView name) const;
};

// For a listener whose server is not asked: it promises nothing but its name.
Facts facts_without_server(Protocol protocol, ByteView host);

// From where a capability is looked at.
struct View {
  enum class StartTls : std::uint8_t { none, offered };
  Leg client = Leg::clear;
  Leg server = Leg::clear;
  Passwords in_clear = Passwords::refuse;
  StartTls starttls = StartTls::none;  // the gate's own, on the leg of the client

  bool passwords_may_pass() const { return in_clear == Passwords::allow || (client == Leg::tls && server == Leg::tls); }
};

// What is shown of one capability of the server: all of it, less, or nothing (see dialogue.h, "The rules").
std::optional<std::string> shown(Protocol protocol, ByteView capability, const View& view);
// What is shown of all, with what the gate adds: its own STARTTLS, and IMAP's LOGINDISABLED.
std::vector<std::string> all_shown(Protocol protocol, const std::vector<std::string>& capabilities, const View& view);

// The name of a capability of ManageSieve, and its value: strings in quotes (RFC 5804 section 1.2) without them.
ByteView sieve_name(ByteView capability);
ByteView sieve_value(ByteView capability);

}  // namespace sp::codec::mail
