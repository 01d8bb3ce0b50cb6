// Certificates made on the spot: for the demo of `./dev run`, for first starts, and for tests. ECDSA P-256 unless told.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/certificate_parts.h"

namespace sp::tls {

struct CertificateRequest {
  enum class Use : std::uint8_t { server, client, authority };
  enum class Key : std::uint8_t { ecdsa, rsa };
  std::string common_name;
  std::vector<std::string> names;  // DNS names, with wildcards, and IP addresses
  std::chrono::system_clock::time_point not_before, not_after;
  Use use = Use::server;
  Key key = Key::ecdsa;
};

// Signed by `issuer`, or by itself if that is null. Fails with internal.
Result<PemPair> issue(const CertificateRequest& request, const PemPair* issuer);

// For these names, signed by itself, valid from an hour before `now` (clocks differ).
Result<PemPair> make_self_signed(std::span<const std::string> names, int days,
                                 std::chrono::system_clock::time_point now);

}  // namespace sp::tls
