// Pieces of every certificate that is made here: roots, certificates for inspection, those made on the spot.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tls/handles.h"

struct asn1_string_st;
struct evp_md_st;

namespace sp::tls {

struct PemPair {
  std::string certificate;
  std::string key;
};

// An extension in the words of OpenSSL's configuration: "critical,CA:TRUE". Nothing that came from outside goes into
// `value`: its commas would be more than commas.
bool add_extension(x509_st* certificate, x509_st* issuer, int nid, const std::string& value);

// Unpredictable, positive, of sixteen octets.
bool set_random_serial(x509_st* certificate);

bool set_validity(x509_st* certificate, std::chrono::system_clock::time_point not_before,
                  std::chrono::system_clock::time_point not_after);

// In UTF-8, of at most 64 characters (RFC 5280's upper bound).
bool set_common_name(x509_st* certificate, std::string_view name);

std::chrono::system_clock::time_point time_of(const asn1_string_st* time);

// What a signature by this key is made over; null for keys that bring their own (Ed25519).
const evp_md_st* digest_for(const evp_pkey_st* key);

// Whether it is an authority's, and may be used as that.
bool may_sign(x509_st* certificate);

// Fails with internal.
Result<PemPair> to_pem(const x509_st* certificate, const evp_pkey_st* key);

}  // namespace sp::tls
