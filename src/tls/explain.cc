#include "tls/explain.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <optional>

#include "tls/alert.h"

namespace sp::tls {
namespace {

// What the library has to say: the first error of the TLS layer, which is the cause of the others.
struct LibraryError {
  std::optional<int> alert;  // that the peer has sent
  int reason = 0;
  std::string text = "no reason given";
};

LibraryError take_error() {
  LibraryError found;
  bool settled = false;
  while (const unsigned long error = ERR_get_error()) {
    if (settled || ERR_GET_LIB(error) != ERR_LIB_SSL) continue;
    settled = true;
    found.reason = ERR_GET_REASON(error);
    if (found.reason > SSL_AD_REASON_OFFSET) found.alert = found.reason - SSL_AD_REASON_OFFSET;
    if (const char* text = ERR_reason_error_string(error)) found.text = text;
  }
  return found;
}

std::string alert_text(int number) {
  const Alert& row = alert(number);
  if (row.number < 0) return fmt::format("number {}", number);
  return row.meaning.empty() ? std::string(row.name) : fmt::format("{} ({})", row.name, row.meaning);
}

// What speaks in plain text where TLS was expected; empty: it may be TLS.
std::string_view plain_protocol(std::string_view first) {
  struct Greeting {
    std::string_view begins, protocol;
  };
  static constexpr Greeting greetings[] = {{"HTTP/", "HTTP"}, {"220", "SMTP or FTP"}, {"554", "SMTP"},
                                           {"421", "SMTP"},   {"* OK", "IMAP"},       {"+OK", "POP3"},
                                           {"SSH-", "SSH"},   {"<", "HTML or XML"}};
  for (const Greeting& greeting : greetings) {
    if (first.starts_with(greeting.begins)) return greeting.protocol;
  }
  // A record of TLS begins with its type (RFC 8446 section 5.1).
  return first.empty() || (first[0] >= 20 && first[0] <= 24) ? std::string_view() : "something else";
}

bool is_http_request(std::string_view first) {
  static constexpr std::array<std::string_view, 10> methods = {"GET ",   "POST ",  "HEAD ",    "PUT ",    "OPTIONS ",
                                                               "PATCH ", "TRACE ", "CONNECT ", "DELETE ", "PRI "};
  for (std::string_view method : methods) {
    const std::size_t n = std::min(method.size(), first.size());
    if (n >= 4 && first.substr(0, n) == method.substr(0, n)) return true;
  }
  return false;
}

Diagnosis explain_client_side(const Opening& opening, Code below, bool ended) {
  const std::string& server = opening.endpoint;
  const std::string_view plain = plain_protocol(opening.first_octets);
  const LibraryError error = take_error();
  if (opening.verdict) return *opening.verdict;
  if (plain == "HTTP") {
    return {Code::upstream_tls_failed, fmt::format("{} answered in plain text: HTTP", server),
            "write http:// instead of https:// in `to`, or the port on which the server speaks TLS"};
  }
  if (!plain.empty()) {
    return {Code::upstream_tls_failed, fmt::format("{} answered in plain text: {}", server, plain),
            "write the port on which the server speaks TLS in `to`"};
  }
  if (error.alert) {
    return {Code::upstream_tls_alert,
            fmt::format("{} ended the TLS handshake with the alert {}", server, alert_text(*error.alert)), ""};
  }
  if (below == Code::timeout) {
    return {below, fmt::format("{} accepted the connection, but did not complete the TLS handshake in time", server),
            "check that the server speaks TLS on this port, and that it is not overloaded"};
  }
  if (ended || below == Code::upstream_reset || below == Code::io_error) {
    return {Code::upstream_tls_failed,
            fmt::format("{} {} the connection during the TLS handshake", server, ended ? "ended" : "reset"),
            "check that the server speaks TLS on this port, knows the name that is sent (upstream_tls.sni), and agrees "
            "about send_proxy"};
  }
  if (below != Code::ok) return {below, fmt::format("the TLS handshake with {} was not completed", server), ""};
  return {Code::upstream_tls_failed, fmt::format("the TLS handshake with {} failed: {}", server, error.text), ""};
}

Diagnosis explain_server_side(const Opening& opening, Code below, bool ended) {
  const LibraryError error = take_error();
  if (opening.verdict) return *opening.verdict;
  if (is_http_request(opening.first_octets)) {
    return {Code::plain_http_on_tls, "the client spoke plain HTTP on a TLS port", ""};
  }
  if (error.reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    return {Code::client_certificate_required,
            "the client did not present a certificate, and this listener requires one",
            "install a client certificate in the client, or set client_certificates to optional"};
  }
  if (error.alert) {
    const bool refuses_ours = *error.alert >= 42 && *error.alert <= 48;
    return {
        Code::client_tls_failed,
        fmt::format("the client ended the TLS handshake with the alert {}", alert_text(*error.alert)),
        refuses_ours
            ? "check that the certificate is for the name that the client uses, is not expired, and is sent with its "
              "intermediate certificates"
            : "",
        refuses_ours ? Refusal::said : Refusal::none};
  }
  if (below == Code::timeout) return {below, "the client did not complete the TLS handshake in time", ""};
  if (ended || below == Code::upstream_reset || below == Code::io_error) {
    return {Code::client_tls_failed,
            opening.first_octets.empty() ? "the client left without a TLS handshake"
                                         : "the client left during the TLS handshake",
            "", Refusal::left};
  }
  if (below != Code::ok) return {below, "the TLS handshake with the client was not completed", ""};
  const bool no_tls = !opening.first_octets.empty() && opening.first_octets[0] != 22;
  return {Code::client_tls_failed,
          no_tls ? "what the client sent is not TLS"
                 : fmt::format("the TLS handshake with the client failed: {}", error.text),
          ""};
}

}  // namespace

Diagnosis explain_handshake(const Opening& opening, Code below, bool ended) {
  return opening.role == Opening::Role::client ? explain_client_side(opening, below, ended)
                                               : explain_server_side(opening, below, ended);
}

Diagnosis explain_broken_connection(const SSL* ssl) {
  const LibraryError error = take_error();
  const bool server = SSL_is_server(ssl) != 0;
  const std::string_view peer = server ? "the client" : "the server";
  if (error.alert) {
    return {server ? Code::client_tls_failed : Code::upstream_tls_alert,
            fmt::format("{} ended the TLS connection with the alert {}", peer, alert_text(*error.alert)), ""};
  }
  const bool flooded =
      SSL_want_write(ssl);  // the answers to its control messages have filled all the room that there is
  return {server ? Code::client_tls_failed : Code::upstream_tls_failed,
          fmt::format("the TLS connection with {} broke: {}", peer,
                      flooded ? "it sends control messages without end" : error.text),
          ""};
}

}  // namespace sp::tls
