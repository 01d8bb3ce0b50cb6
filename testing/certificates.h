// An authority for tests, and what it signs. The dates are around FakeLoop::start_of_time.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tls/self_signed.h"

namespace sp::testing {

struct LeafOptions {
  tls::CertificateRequest::Use use = tls::CertificateRequest::Use::server;
  tls::CertificateRequest::Key key = tls::CertificateRequest::Key::ecdsa;
  int from_days = -1;  // relative to the start of time
  int until_days = 90;
  std::string common_name;  // empty: the first name
};

class TestAuthority {
 public:
  explicit TestAuthority(std::string name = "Test Authority");
  // Its certificate: what the other side is to trust.
  const std::string& pem() const { return pair_.certificate; }
  // For these DNS names and IP addresses.
  tls::PemPair leaf(std::vector<std::string> names, const LeafOptions& options = {}) const;
  // An authority under this one.
  TestAuthority intermediate(std::string name) const;

 private:
  explicit TestAuthority(tls::PemPair pair) : pair_(std::move(pair)) {}
  tls::PemPair pair_;
};

// Signed by itself.
tls::PemPair self_signed(std::vector<std::string> names, const LeafOptions& options = {});

}  // namespace sp::testing
