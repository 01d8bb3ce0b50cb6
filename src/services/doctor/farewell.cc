#include "services/doctor/farewell.h"

#include <algorithm>

namespace sp::doctor {

using codec::proxy_protocol::Speaks;

namespace {

// Lines that end a reply: "250 OK", not "250-SIZE".
std::size_t replies(ByteView heard) {
  std::size_t count = 0;
  for (auto end = heard.find('\n'); end != ByteView::npos; end = heard.find('\n')) {
    count += end < 4 || heard[3] != '-' ? 1 : 0;
    heard.remove_prefix(end + 1);
  }
  return count;
}

// The greeting of ManageSieve ends with the first line that is not a capability.
bool sieve_has_greeted(ByteView heard) {
  for (auto end = heard.find('\n'); end != ByteView::npos; end = heard.find('\n')) {
    if (!heard.starts_with('"')) return true;
    heard.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

std::string_view goodbye(Speaks speaks) {
  switch (speaks) {
    case Speaks::smtp:
    case Speaks::pop3: return "QUIT\r\n";
    case Speaks::imap: return "d1 LOGOUT\r\n";
    case Speaks::sieve: return "LOGOUT\r\n";
    default: return {};
  }
}

std::string_view Farewell::smtp(ByteView heard) {
  const std::size_t count = replies(heard);
  if (count == 0) return {};
  if (!introduced_ && heard.starts_with("220")) {
    introduced_ = true;
    return "EHLO sallyport.invalid\r\n";
  }
  if (introduced_ && count < 2) return {};
  said_ = true;
  return goodbye(Speaks::smtp);
}

std::string_view Farewell::next(ByteView heard) {
  if (said_ || heard.find('\n') == ByteView::npos) return {};
  const Speaks speaks = codec::proxy_protocol::what_server_said(heard).speaks;
  if (speaks == Speaks::smtp) return smtp(heard);
  if (speaks == Speaks::sieve && !sieve_has_greeted(heard)) return {};
  const std::string_view word = goodbye(speaks);
  said_ = !word.empty();
  return word;
}

}  // namespace sp::doctor
