#include "tls/alert.h"

namespace sp::tls {
namespace {

constexpr Alert alerts[] = {
    {0, "close_notify", "it ended the connection"},
    {10, "unexpected_message", "something was sent that it did not expect"},
    {20, "bad_record_mac", "what it received was damaged on the way"},
    {22, "record_overflow", ""},
    {40, "handshake_failure", "it found no version, cipher or certificate that suits both sides"},
    {42, "bad_certificate", "it refuses the certificate"},
    {43, "unsupported_certificate", "it refuses this kind of certificate"},
    {44, "certificate_revoked", "it says that the certificate was revoked"},
    {45, "certificate_expired", "it says that the certificate is not valid today"},
    {46, "certificate_unknown", "it refuses the certificate"},
    {47, "illegal_parameter", ""},
    {48, "unknown_ca", "it does not trust the authority that signed the certificate"},
    {49, "access_denied", "the certificate is valid, but not for this"},
    {50, "decode_error", ""},
    {51, "decrypt_error", "a signature or a key did not fit"},
    {70, "protocol_version", "it does not speak a TLS version that is offered"},
    {71, "insufficient_security", "it wants stronger ciphers than are offered"},
    {80, "internal_error", "something failed on its side"},
    {86, "inappropriate_fallback", "it speaks a newer TLS version than was asked for"},
    {90, "user_canceled", "it gave up"},
    {100, "no_renegotiation", ""},
    {109, "missing_extension", ""},
    {110, "unsupported_extension", ""},
    {112, "unrecognized_name", "it knows no site of this server name"},
    {113, "bad_certificate_status_response", ""},
    {115, "unknown_psk_identity", ""},
    {116, "certificate_required", "it wants a certificate of its client"},
    {120, "no_application_protocol", "it speaks none of the protocols that are offered by ALPN"},
};
constexpr Alert unknown{-1, "unknown", ""};

}  // namespace

const Alert& alert(int number) {
  for (const Alert& row : alerts) {
    if (row.number == number) return row;
  }
  return unknown;
}

}  // namespace sp::tls
