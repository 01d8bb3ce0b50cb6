// From what the library reports to a Diagnosis. Text that comes from the peer is shortened and made printable.
#pragma once

#include <string>
#include <string_view>

#include "tls/diagnosis.h"
#include "tls/handles.h"
#include "tls/opening.h"

struct x509_store_ctx_st;
struct asn1_string_st;

namespace sp::tls {

// A handshake that has failed. `below`: what the stream below failed with, or ok; `ended`: it has ended.
// Takes what the library has left in the error queue of this thread.
Diagnosis explain_handshake(const Opening& opening, Code below, bool ended);

// A connection that broke after its handshake: an alert of the peer, or a record that cannot be read.
Diagnosis explain_broken_connection(const ssl_st* ssl);

// A certificate that verification has refused: of the server, or of the client.
Diagnosis explain_certificate(x509_store_ctx_st* verification, const Opening& opening);
// One of a client that is valid, but has a name that is not passed on (see PeerCertificate).
Diagnosis explain_long_name(const Opening& opening);
// A server whose key is none of those that are pinned. `seen`: in the form of the configuration.
Diagnosis explain_pin(const Opening& opening, std::string_view seen);

// The subject (RFC 2253), the names that the certificate is for, a date: for people, and cut as printable() does. Who
// somebody is, is said by distinguished_name().
std::string subject_text(const x509_st* certificate);
std::string issuer_text(const x509_st* certificate);
std::string names_text(const x509_st* certificate);
std::string date_text(const asn1_string_st* time);
// At most 200 octets; what is not printable becomes '?'.
std::string printable(std::string_view text);

}  // namespace sp::tls
