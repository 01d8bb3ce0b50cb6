#include "codec/mail/facts.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "codec/mail/words.h"

namespace sp::codec::mail {
namespace {

// What is between the first two quotes of `text`; `text` is then what follows.
ByteView take_quoted(ByteView& text) {
  const std::size_t begin = text.find('"');
  const std::size_t end = begin == ByteView::npos ? begin : text.find('"', begin + 1);
  if (end == ByteView::npos) return text = {};
  const ByteView inner = text.substr(begin + 1, end - begin - 1);
  text.remove_prefix(end + 1);
  return inner;
}

// Mechanisms that are about the TLS session of the server, which ends at this gate: EXTERNAL takes the certificate of
// the client, which would be the gate's own; with channel binding (RFC 5802 section 6) both ends must be of one
// session.
bool is_bound_to_tls(ByteView mechanism) {
  return same(mechanism, "EXTERNAL") || (mechanism.size() > 5 && same(mechanism.substr(mechanism.size() - 5), "-PLUS"));
}

std::string shown_mechanisms(ByteView mechanisms) {
  std::string text;
  while (!mechanisms.empty()) {
    const ByteView mechanism = take_word(mechanisms);
    if (mechanism.empty() || is_bound_to_tls(mechanism)) continue;
    if (!text.empty()) text += ' ';
    text += mechanism;
  }
  return text;
}

std::optional<std::string> shown_list(ByteView name, ByteView mechanisms, const View& view) {
  const std::string text = view.passwords_may_pass() ? shown_mechanisms(mechanisms) : std::string();
  if (text.empty()) return std::nullopt;
  return std::string(name) + text;
}

// STARTTLS, also by the name that Exchange has for it between its own servers; and what lets a trusted peer speak for
// others (Postfix; "XPROXY", "XPROXYFROM", "XPROXYTO" of Exchange).
bool is_hidden_in_smtp(ByteView name) {
  static constexpr std::array<ByteView, 4> names{"STARTTLS", "X-ANONYMOUSTLS", "XCLIENT", "XFORWARD"};
  return begins(name, "XPROXY") || std::ranges::any_of(names, [&](ByteView each) { return same(name, each); });
}

std::optional<std::string> shown_smtp(ByteView capability, const View& view) {
  const ByteView name = first_word(capability);
  if (is_hidden_in_smtp(name)) return std::nullopt;
  // RFC 8689 section 2: only under TLS, and both legs are the way.
  if (same(name, "REQUIRETLS") && (view.client == Leg::clear || view.server == Leg::clear)) return std::nullopt;
  if (same(name, "AUTH") || same(name, "X-EXPS"))
    return shown_list(std::string(name) + " ", behind_word(capability), view);
  // "AUTH=LOGIN PLAIN", from before RFC 2554, for clients of that age.
  if (begins(name, "AUTH=")) return shown_list(name.substr(0, 5), capability.substr(5), view);
  return std::string(capability);
}

std::optional<std::string> shown_imap(ByteView capability, const View& view) {
  if (same(capability, "STARTTLS")) return std::nullopt;
  if (begins(capability, "AUTH=")) return shown_list(capability.substr(0, 5), capability.substr(5), view);
  // Added once, below.
  if (same(capability, "LOGINDISABLED") && !view.passwords_may_pass()) return std::nullopt;
  // Where nobody can log in nothing needs a literal.
  if (begins(capability, "LITERAL") && !view.passwords_may_pass()) return std::nullopt;
  return std::string(capability);
}

std::optional<std::string> shown_pop3(ByteView capability, const View& view) {
  const ByteView name = first_word(capability);
  if (same(name, "STLS") || same(name, "XCLIENT")) return std::nullopt;
  if (same(name, "USER") && !view.passwords_may_pass()) return std::nullopt;
  if (same(name, "SASL")) return shown_list(std::string(name) + " ", behind_word(capability), view);
  return std::string(capability);
}

std::optional<std::string> shown_sieve(ByteView capability, const View& view) {
  const ByteView name = sieve_name(capability);
  if (same(name, "STARTTLS") || same(name, "XCLIENT")) return std::nullopt;
  // RFC 5804 section 1.7: SASL has to be there, if with nothing in it.
  if (same(name, "SASL"))
    return "\"SASL\" \"" + (view.passwords_may_pass() ? shown_mechanisms(sieve_value(capability)) : "") + "\"";
  return std::string(capability);
}

ByteView value_of(Protocol protocol, ByteView capability) {
  return protocol == Protocol::sieve ? sieve_value(capability) : behind_word(capability);
}

ByteView name_of(Protocol protocol, ByteView capability) {
  return protocol == Protocol::sieve ? sieve_name(capability) : first_word(capability);
}

}  // namespace

ByteView sieve_name(ByteView capability) { return take_quoted(capability); }

ByteView sieve_value(ByteView capability) {
  take_quoted(capability);
  return take_quoted(capability);
}

std::optional<ByteView> Facts::find(Protocol protocol, ByteView name) const {
  for (const std::string& capability : capabilities) {
    if (same(name_of(protocol, capability), name)) return value_of(protocol, capability);
  }
  return std::nullopt;
}

Facts facts_without_server(Protocol protocol, ByteView host) {
  switch (protocol) {
    case Protocol::smtp: return {.host = std::string(host), .greeting = std::string(host) + " ESMTP"};
    case Protocol::imap: return {.greeting = std::string(host) + " ready", .capabilities = {"IMAP4rev1"}};
    case Protocol::pop3: return {.greeting = std::string(host) + " ready", .capabilities = {"USER"}};
    case Protocol::sieve: break;
  }
  return {.greeting = std::string(host) + " ready",
          .capabilities = {R"("IMPLEMENTATION" "Sallyport")", R"("SIEVE" "")", R"("SASL" "")", R"("VERSION" "1.0")"}};
}

std::optional<std::string> shown(Protocol protocol, ByteView capability, const View& view) {
  switch (protocol) {
    case Protocol::smtp: return shown_smtp(capability, view);
    case Protocol::imap: return shown_imap(capability, view);
    case Protocol::pop3: return shown_pop3(capability, view);
    case Protocol::sieve: break;
  }
  return shown_sieve(capability, view);
}

std::vector<std::string> all_shown(Protocol protocol, const std::vector<std::string>& capabilities, const View& view) {
  std::vector<std::string> all;
  for (const std::string& capability : capabilities) {
    if (auto one = shown(protocol, capability, view)) all.push_back(*std::move(one));
  }
  if (view.starttls == View::StartTls::offered) {
    all.emplace_back(protocol == Protocol::pop3 ? "STLS" : protocol == Protocol::sieve ? "\"STARTTLS\"" : "STARTTLS");
  }
  if (protocol == Protocol::imap && !view.passwords_may_pass()) all.emplace_back("LOGINDISABLED");
  return all;
}

}  // namespace sp::codec::mail
