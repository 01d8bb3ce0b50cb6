// The root that signs certificates for inspection: `sallyport ca create`.
#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "base/result.h"
#include "tls/certificate_parts.h"
#include "tls/name_constraints.h"

namespace sp::tls {

struct AuthorityRequest {
  std::string common_name;  // of 1 to 64 characters
  std::chrono::system_clock::time_point not_before, not_after;
  Permitted only;  // empty: it may sign for every name
};

// Signed by itself; it signs servers' certificates, and no other authority's (path length 0). The key is always of
// P-256: there is a signature for each new name, and one by P-384 takes some twenty times as long here.
// Fails with internal, or with config_invalid where the name cannot be one.
Result<PemPair> make_authority(const AuthorityRequest& request);

// What people are told of an authority.
struct AuthorityFacts {
  std::string common_name;
  std::chrono::system_clock::time_point not_after;
  std::string fingerprint;  // SHA-256, as `openssl x509 -fingerprint` writes it: "AB:CD:..."
  std::string pem;          // the certificate alone
  bool may_sign = false;
  bool bound = false;  // by name constraints
};
AuthorityFacts describe_authority(x509_st* certificate);

struct AuthorityPaths {
  std::string certificate;
  std::string key;
};

// Both files whole or neither, the key (0600) for this user alone. Nothing is ever overwritten: whoever trusts the root
// that is there would trust one whose key is gone. Else a sentence with the path and the system's reason.
std::expected<void, std::string> store_authority(const PemPair& pair, const AuthorityPaths& paths);

}  // namespace sp::tls
