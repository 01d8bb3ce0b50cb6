// The gate as the server of a client: what is answered must be the same however the octets come, must be bounded, must
// offer nothing that is not true, and nothing that came behind STARTTLS may be left. The first octet chooses the
// settings.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/mail/rows_for_tests.h"

namespace {

using namespace sp;
using namespace sp::codec::mail;

void expect(bool condition) {
  if (!condition) std::abort();
}

Facts facts_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::smtp:
      return {.host = "mx",
              .greeting = "mx ESMTP\nhello",
              .capabilities = {"SIZE 1", "STARTTLS", "AUTH PLAIN EXTERNAL", "XCLIENT ADDR"}};
    case Protocol::imap:
      return {.greeting = "hello", .capabilities = {"IMAP4rev1", "STARTTLS", "LITERAL+", "AUTH=PLAIN"}};
    case Protocol::pop3: return {.greeting = "hello <1@mx>", .capabilities = {"STLS", "USER", "SASL PLAIN", "UIDL"}};
    case Protocol::sieve: break;
  }
  return {.greeting = "hello", .capabilities = {R"("SASL" "PLAIN")", R"("STARTTLS")", R"("XCLIENT")"}};
}

// Looks at each step of the leg.
void check_steps(const ClientSettings& settings, const Facts& facts, ByteView octets) {
  constexpr std::size_t longest_answer = 512;
  ClientLeg leg(settings, facts);
  Step step = leg.greet();
  ByteView in = octets;
  std::size_t answers = 0;
  while (step.then == Step::Then::go_on || (answers == 0 && step.then == Step::Then::more)) {
    const auto next = leg.next(in);
    if (!next) return;
    step = *next;
    expect(step.send.size() <= longest_answer + settings.limits.command);
    expect(step.send.empty() || step.send.ends_with("\r\n"));
    expect(++answers <= settings.limits.commands + 1);
  }
  if (step.then == Step::Then::more) expect(in.size() < settings.limits.auth_line);
  if (step.then != Step::Then::start_tls) return;
  expect(in.empty());
  step = leg.tls_started();
  expect(step.then == Step::Then::join && leg.hello().empty() && leg.leg() == Leg::tls);
  expect(!step.send.contains("STARTTLS") && !step.send.contains("XCLIENT"));
}

// Whether a line says nothing of what a client may only do under TLS. (One of IMAP may begin with a tag of the client,
// which can look like an offer of another protocol.)
bool offers_no_password(Protocol protocol, ByteView line) {
  switch (protocol) {
    case Protocol::smtp: return !(line.starts_with("250-AUTH") || line.starts_with("250 AUTH"));
    case Protocol::imap:
      return !line.starts_with("* CAPABILITY") || (!line.contains("AUTH=") && line.contains("LOGINDISABLED"));
    case Protocol::pop3: return !line.starts_with("SASL ") && line != "USER\r";
    case Protocol::sieve: break;
  }
  return !line.starts_with("\"SASL\"") || line == "\"SASL\" \"\"\r";
}

void check_offers(Protocol protocol, const std::string& said) {
  for (std::size_t at = 0; at < said.size();) {
    const std::size_t end = std::min(said.find('\n', at), said.size());
    expect(offers_no_password(protocol, ByteView(said).substr(at, end - at)));
    at = end + 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto protocol = static_cast<Protocol>(data[0] & 3);
  const ClientSettings settings{.protocol = protocol,
                                .limits = Limits::of(protocol),
                                .tls = static_cast<ClientSettings::Tls>(data[0] >> 2 & 3),
                                .server = static_cast<Leg>(data[0] >> 4 & 1),
                                .in_clear = static_cast<Passwords>(data[0] >> 5 & 1)};
  // Octet by octet: longer ones would take nearly all the time.
  const ByteView octets(reinterpret_cast<const char*>(data) + 1, std::min<std::size_t>(size - 1, 1000));
  const Facts facts = facts_of(protocol);
  const std::string whole = rows::play_client(settings, facts, octets);
  expect(rows::play_client(settings, facts, octets, {1}) == whole);
  expect(rows::play_client(settings, facts, octets, {1 + size % 7, 1 + size % 3, 1 + size % 11}) == whole);
  check_steps(settings, facts, octets);
  const bool in_clear = settings.tls == ClientSettings::Tls::required ||
                        (settings.tls == ClientSettings::Tls::optional && settings.in_clear == Passwords::refuse);
  if (in_clear) check_offers(protocol, whole.substr(0, whole.find("<")));
  return 0;
}
