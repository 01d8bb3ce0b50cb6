// What a handshake has settled: for the log, for fields that are passed on, for the PROXY header.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tls/handles.h"

namespace sp::tls {

// Views into the connection: valid as long as its stream.
struct TlsInfo {
  std::string_view version;  // "TLSv1.3"
  std::string_view cipher;   // "TLS_AES_128_GCM_SHA256"
  std::string_view sni;      // as the client sent it; empty: it sent none
  std::string_view alpn;     // "http/1.1"; empty: nothing was agreed on
  bool resumed = false;
};

// The certificate of the other side, which has been verified: handshakes with one that is not valid fail.
struct PeerCertificate {
  // RFC 2253: "CN=alice,O=Example". Whole: handshakes with a client whose names are longer than `most_name` fail.
  std::string subject, issuer;
  std::string common_name;  // of the subject; empty: it has none
  static constexpr std::size_t most_name = 4096;
  std::string serial;       // hexadecimal, upper case
  std::string fingerprint;  // SHA-256 of the certificate, hexadecimal, lower case
  std::string not_after;    // "2026-11-03T12:00:00Z"
  std::string pem;
};

// Of the certificate that this side has shown, in OpenSSL's words: "RSA-SHA256", "RSA2048". Empty where there is none.
struct OwnCertificate {
  std::string signature;  // by which it is signed
  std::string key;        // and how many bits it has
};

TlsInfo describe(const ssl_st* ssl);
OwnCertificate own_certificate(const ssl_st* ssl);
// Whether its names can be passed on.
bool has_short_names(const x509_st* certificate);
// Null where the other side has presented none.
std::optional<PeerCertificate> peer_certificate(const ssl_st* ssl);

}  // namespace sp::tls
