#include "codec/mail/dialogue.h"

namespace sp::codec::mail {

std::string_view name(Protocol protocol) {
  switch (protocol) {
    case Protocol::smtp: return "SMTP";
    case Protocol::imap: return "IMAP";
    case Protocol::pop3: return "POP3";
    case Protocol::sieve: break;
  }
  return "ManageSieve";
}

Limits Limits::of(Protocol protocol) {
  switch (protocol) {
    case Protocol::smtp: break;
    case Protocol::pop3: return {.command = 512};
    case Protocol::imap:
    case Protocol::sieve: return {.command = 8192, .reply_line = 16384};
  }
  return {};
}

}  // namespace sp::codec::mail
